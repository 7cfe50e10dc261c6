//! ActivityPub, signatures and proofs, from the outside.

mod attacks;
mod outgoing;
