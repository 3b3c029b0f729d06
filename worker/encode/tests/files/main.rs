//! From frames to files: the rules, the bytes, and what other readers make of them.

#![expect(unreachable_pub, reason = "a test binary has no outside; pub means: for other files")]

mod golden;
mod joining;
mod pages;
mod parts;
mod readback;
mod rules;
mod support;
