//! What belongs to one kind of job: its spec, the words of its stages, and what its planner and its workers tell each other.

pub mod convert;
