//! What the two binaries share: knocking at a node's doors ([`door`]), being a listening post there
//! ([`post`]), and writing down what was played ([`journal`]). The commands of `antiphon` are in
//! `main.rs` and beside it, the listening post with sound in `listen/`.

pub mod door;
pub mod journal;
pub mod post;
