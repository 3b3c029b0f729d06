//! What plans of any kind say.

use serde_json::Value;

/// What a plan says to people, whatever made it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PlanView {
    /// The job's name.
    pub name: String,
    /// The input globs.
    pub inputs: Vec<String>,
    /// Sources that they match.
    pub sources: u64,
    /// Their bytes.
    pub input_bytes: u64,
    /// What the kind says of its items and of what becomes of them.
    pub lines: Vec<PlanLine>,
    /// Whether figures come from parts of what there is.
    pub estimated: bool,
    /// Output partitions.
    pub partitions: u64,
    /// Bytes of one, about.
    pub partition_bytes: u64,
    /// Where they go.
    pub output: String,
    /// How they are encoded.
    pub encoding: String,
    /// Shards of the stage that makes them.
    pub shards: u64,
    /// Memory of a slot.
    pub slot_bytes: u64,
    /// Requests, about: GET, PUT.
    pub requests: (u64, u64),
    /// What people should know.
    pub warnings: Vec<String>,
    /// All of it for programs, under the kind's own names.
    pub data: Value,
}

/// A line that only this kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PlanLine {
    /// A figure, and what is said about it.
    Figure {
        /// Left of it; empty where it goes on with the line above.
        key: &'static str,
        /// The figure comes from parts of what there is.
        estimated: bool,
        /// The figure.
        figure: String,
        /// About it.
        about: String,
    },
    /// A list of things.
    List {
        /// Left of it; empty where it goes on with the line above.
        key: &'static str,
        /// The things.
        parts: Vec<String>,
    },
}
