//! From a state and a command to a decision.

mod adopt;
mod advance;
mod complete;
mod dispatch;
mod draft;
mod fail;
mod lease;
mod plan;
mod publish;
mod rounds;
mod start;
mod steer;
mod submit;
mod tick;
mod workers;

pub use dispatch::{decide, handle};
