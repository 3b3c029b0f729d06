//! The real binaries, as people and machines meet them: processes, sockets, signals, exit codes.
//!
//! `world` is a directory with an S3 server beside it; `cluster` starts coordinator and workers; `archives` makes input
//! that is broken in a known way.

mod archives;
mod arguments;
mod cluster;
mod damage;
mod deaths;
mod denied;
mod first_release;
mod full;
mod interrupt;
mod members;
mod memory;
mod notices;
mod plans;
mod schema;
mod stores;
mod sweep;
mod take_over;
mod together;
mod traffic;
mod unread;
mod world;
