//! From a state and a cause to a decision.
//!
//! Deciders of asks return an answer or a refusal; those of outcomes and steps return nothing, for nobody waits.

mod adopt;
mod advance;
mod complete;
mod dispatch;
mod draft;
mod effects;
mod fail;
mod lease;
mod pick;
mod plan;
mod publish;
mod rounds;
mod steer;
mod submit;
mod tick;
mod unfit;
mod workers;

pub use dispatch::{decide, handle};
