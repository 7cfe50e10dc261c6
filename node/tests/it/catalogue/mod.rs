//! The catalogue, with real files: written here, tagged, broken, and taken in.

pub mod sounds;

mod crossing;
mod formats;
mod importing;
mod listening;
mod network;
mod relay;
