//! The commands as people meet them: real processes, real folders, real sockets.

mod commands;
mod demo;
#[cfg(feature = "player")]
mod listen;
mod simulate;
mod verify;
