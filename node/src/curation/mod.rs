//! Curation: the selections a venue puts forward.

pub mod pages;
pub mod shown;
