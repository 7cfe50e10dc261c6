//! What others really send, and what nobody may get past.

mod language;
mod reports;
