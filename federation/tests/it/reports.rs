//! Play reports, settlements and their audit, from the outside: real files in real folders.

mod arriving;
mod auditing;
mod bad_input;
mod damage;
mod documents;
mod hostile;
mod tables;
mod world;
