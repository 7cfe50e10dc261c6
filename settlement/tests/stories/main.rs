//! Stories of a settlement, with numbers small enough to check on paper.
//!
//! The cast: the node of the Loire (`FR-ARA`) with its library and its café-concert, the node of
//! Wallonia (`BE-WAL`) with its mediatheque, and a coordinator that settles for both. Anna's songs
//! live on the Loire, Bram's in Wallonia.

mod corrections;
mod currencies;
mod dividing;
mod holding;
mod months;
mod paying;
mod properties;
mod reducing;
mod refusals;
mod sharing;
mod words;
mod world;
