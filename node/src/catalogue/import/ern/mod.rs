//! DDEX ERN: messages in which distributors deliver releases, change them and take them down.
//!
//! Read are versions 4.1 to 4.3 ("Electronic Release Notification Message Suite Standard"), in
//! every release profile: what a message says is read by its meaning, not by its profile. Elements
//! that mean nothing to a catalogue are passed over; what must be there and is not, a reference to
//! nothing, a number that is none, refuses the message with its line. A message is read to its end
//! before anything of it is taken.

mod entries;
mod held;
pub mod message;
pub mod read;
pub mod rights;
pub mod taken;
pub mod xml;

pub use message::{Message, Purge, ReleaseMessage};
pub use read::{is_ern, read};
