//! The worker: leases, and the work behind them.
//!
//! ```text
//! agent ──lease──▶ runner ──Site, plan──▶ a kind's work ──Done──▶ runner ──receipt──▶ agent
//!                                          │ input: bytes of objects, fetched ahead
//!                                          │ scratch: where items lie between two threads
//!                                          ▼ output: parts, sides, quarantine
//! ```
//!
//! [`agent`] makes a process a worker and knows nothing of what is done; [`transport`] is its way to a coordinator
//! elsewhere. [`runner`] stands between a lease and a kind: it opens what the kind needs, a [`work::Site`], and turns what
//! came out into a receipt. A kind's [`work::Work`] knows nothing of leases, stores and clocks.

pub mod agent;
pub mod attempt;
pub mod input;
pub mod kinds;
pub mod output;
pub mod plan;
pub mod runner;
pub mod scratch;
pub mod transport;
pub mod work;
