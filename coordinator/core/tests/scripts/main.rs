//! Scripts with transcripts: one story of a job each, told by commands, and what follows word by word.

#![expect(unreachable_pub, reason = "a test binary has no outside; pub means: for other files")]

#[macro_use]
mod script;

mod codes;
mod endings;
mod given;
mod silence;
#[path = "../simulation/store.rs"]
#[expect(dead_code, reason = "the simulation asks the store more than scripts do")]
mod store;
mod stories;
mod strangers;
