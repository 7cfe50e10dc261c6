//! Curation: the selections a venue puts forward.
