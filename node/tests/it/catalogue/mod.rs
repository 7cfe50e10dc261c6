//! The catalogue, with real files: written here, tagged, broken, and taken in.

pub mod sounds;

mod archives;
mod crossing;
mod elsewhere;
mod ern;
mod formats;
mod importing;
mod kinds;
mod listening;
mod messages;
mod nasty;
mod network;
mod profiles;
mod relay;
mod rights;
mod tables;
