//! A decoded frame becomes a batch of the frozen schema, or a typed failure: never a guess, never a silent drop.

mod categories;
mod column;
mod member;
mod numbers;
mod times;

pub use member::{Conformed, conform};
