//! The rooms of a node, seen from outside: real nodes, served on real sockets, in a small world
//! (`world`). `ANTIPHON_TEST_DATABASE=postgres` runs the same tests on PostgreSQL (feature
//! `postgres`); otherwise each node has its own SQLite file.

mod browser;
mod catalogue;
mod curation;
mod desk;
mod drafts;
mod ground;
mod home;
mod interop;
mod joining;
mod labels;
mod listening;
mod members;
mod month;
mod pages;
mod passkeys;
mod peers;
mod search;
mod shelf;
mod storm;
mod venues;
mod voyage;
mod world;
