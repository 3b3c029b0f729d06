//! What a kind adds to a plan.

use serde_json::{Map, Value};
use tarquet_coordinator::Outlook;

/// Makes the remarks of a kind about a plan, after it was shown a few items.
pub(crate) trait Remarker: Send {
    /// Takes the body of an item that was read anyway. One that cannot be used is left for the job to tell.
    fn show(&mut self, body: Vec<u8>);

    /// What there is to say.
    fn remarks(&self, outlook: &Outlook) -> Remarks;
}

/// What only the kind can say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Remarks {
    /// Bytes that it will write, about.
    pub written_bytes: u64,
    /// How they are encoded: `portable: snappy, delta ints`.
    pub encoding: String,
    /// Its items and what becomes of them.
    pub lines: Vec<PlanLine>,
    /// What people should know.
    pub warnings: Vec<String>,
    /// All of that for programs, under the kind's own names.
    pub data: Map<String, Value>,
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
