//! The language that nodes speak with one another and with the rest of the fediverse.
//!
//! Everything here turns bytes from strangers into words that cannot be wrong, or words into
//! bytes. Nothing here opens a socket or a database, and nothing asks the time: who needs "now"
//! brings it.
//!
//! A tour, in the order in which a message is read:
//!
//! - [`signature`]: who sent this request? Draft-cavage and RFC 9421, behind one strict policy.
//! - [`json`]: the bytes as JSON, without duplicate keys, without endless depth.
//! - [`vocabulary`]: the JSON as actors, activities, works and collections.
//! - [`proof`]: what was signed inside the document itself (FEP-8b32), as [`proof::Signed`].
//! - [`keys`] and [`digest`]: what signing and naming bytes is made of; [`key_history`]: how a node's
//!   keys changed, in their own words.
//! - [`identifiers`] and [`availability`]: the codes of the trade, and what may be played where.
//!
//! And the way of a month, from plays to money:
//!
//! - [`policy`] and [`splits`]: the rules, and who shares in a work.
//! - [`report`]: what a node reports, how it is checked when it arrives, how it becomes an input of a
//!   settlement; [`receipt`]: what the coordinator answers.
//! - [`settling`]: from folders and files to a settlement; [`settlement_document`]: the settlement as
//!   it is published; [`countersignature`]: what a node says to it.
//! - [`audit`]: all of it derived again, to the last byte.

pub mod audit;
pub mod availability;
pub mod countersignature;
pub mod digest;
pub mod files;
pub mod identifiers;
pub mod json;
pub mod key_history;
pub mod keys;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod report;
pub mod settlement_document;
pub mod settling;
pub mod signature;
pub mod splits;
pub mod vocabulary;
pub mod wire;
