//! Play reports, settlements and their audit, from the outside: real files in real folders.

mod arriving;
mod auditing;
mod documents;
mod tables;
mod world;
