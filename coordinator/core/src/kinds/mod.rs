//! Planners, one folder a kind: pure functions from what is known to the shards of a stage.

pub mod convert;
