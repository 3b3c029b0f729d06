//! Seeded simulation of coordinators: the real driver, the real effects and the real start, on a store, a network, clocks
//! and a ledger that are made up, and in which everything goes wrong that can.
//!
//! ```text
//! people, clients ─┐                                            ┌─▶ ledger   dies before or after a commit, lost, old
//! workers ── line ─┴▶ CoordinatorHandle ▶ driver ▶ effects ─────┴─▶ store    requests that are lost, late, unclear
//!    one that loses and repeats           of up to two coordinators at once, each with clocks of its own
//! ```
//!
//! One seed is one world, on one thread, in time that only goes on while everybody waits. Nothing in it comes from
//! anywhere but the seed: the same seed has the same trace. `SIM_SEED=17` replays one seed and tells what happens,
//! `SIM_SEEDS=100000` runs that many. (The core's own simulation is the one with thousands of workers and of shards; it
//! knows no driver and no effects.)

mod checks;
mod ends;
mod kind;
mod line;
mod objects;
mod people;
mod runs;
mod seat;
mod store;
mod worker;
mod world;
