//! ActivityPub, signatures and proofs, from the outside.

mod attacks;
mod federation_md;
mod fixtures;
mod outgoing;
mod words;
