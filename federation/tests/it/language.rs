//! ActivityPub, signatures and proofs, from the outside.

mod attacks;
mod federation_md;
mod fixtures;
mod hostile;
mod outgoing;
mod words;
