//! What the core wants done outside: conditional objects, plans, uploads.
//!
//! An **order** is an effect with all that it needs to know, taken from the state when it is started. The
//! **executor** carries it out and answers with exactly one command. Every order may be carried out twice with the
//! effect of once; whatever is unclear is read back, and the answer reports what the store says.

mod claim;
mod executor;
mod generation;
mod once;
mod order;
mod output;
mod plan;
mod publish;

pub(crate) use executor::Executor;
pub(crate) use generation::highest as highest_generation;
pub(crate) use once::read_json;
pub(crate) use order::Order;
