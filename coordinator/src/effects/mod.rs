//! What the core wants done outside: conditional objects, plans, uploads.
//!
//! An **order** is an effect with all that it needs to know, taken from the state when it is started. The
//! **executor** carries it out and answers with exactly one outcome. Every order may be carried out twice with the
//! effect of once; whatever is unclear is read back, and the outcome reports what the store says.

mod claim;
mod conditional;
mod executor;
mod order;
mod output;
mod plan;
mod publish;
#[cfg(test)]
mod tests;
mod tools;

pub(crate) use executor::Executor;
pub(crate) use order::Order;
pub(crate) use tools::Tools;
