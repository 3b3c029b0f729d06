//! What a kind says to people.

use super::{keys::Format, plan::Remarker, words::Words};
use crate::{args, object::Object, render::Look};
use async_trait::async_trait;
use serde_json::Value;
use tarquet_common::{failure::Failure, spec::Spec, store::Stores};
use tarquet_encode::FailureRecord;

/// A kind, as people meet it.
#[async_trait]
pub(crate) trait Face: Sync {
    /// What screens are drawn with.
    fn words(&self) -> &'static Words;

    /// The format of its specs.
    fn format(&self) -> Format;

    /// Looks whether what a spec of the kind asks for can be, as far as its planner does not look itself. Writes nothing.
    ///
    /// # Errors
    /// Why it cannot.
    async fn preflight(&self, stores: &Stores, spec: &Spec) -> Result<(), Failure>;

    /// What makes remarks about plans for a spec of the kind.
    ///
    /// # Errors
    /// It is another kind's.
    fn remarker(&self, spec: &Spec) -> Result<Box<dyn Remarker>, Failure>;

    /// Whether an object of this name would be an input of its jobs; if not, why.
    ///
    /// # Errors
    /// What its name would have to be.
    fn claim(&self, uri: &str) -> Result<(), Failure>;

    /// Whether an object that begins so would be one, whatever it is called. Most kinds go by names alone.
    fn knows(&self, _head: &[u8]) -> bool {
        false
    }

    /// Looks into an object that it has claimed, or knows.
    ///
    /// # Errors
    /// What has nothing to do with the object's bytes; or a flag that does not fit it.
    async fn inspect(
        &self,
        object: Object,
        flags: &InspectFlags,
        how: (args::Format, Look),
    ) -> Result<Inspected, Failure>;
}

/// What to look at in an object.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InspectFlags {
    /// Look into this member: its name as it is listed
    #[arg(long, value_name = "NAME")]
    pub member: Option<String>,
    /// The member at this offset: of several of one name, or one whose name cannot be typed
    #[arg(long, value_name = "BYTES")]
    pub offset: Option<u64>,
    /// List at most so many members
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// What is found in an object.
pub(crate) enum Inspected {
    /// This.
    Seen {
        /// In the shape that was asked for.
        answer: Answer,
        /// Something of it could not be read.
        broken: bool,
    },
    /// It is an item that cannot be used: what the quarantine would keep of it.
    Failed(Box<FailureRecord>),
}

/// In one of the shapes that answers have.
pub(crate) enum Answer {
    /// For programs.
    Data(Value),
    /// For people, or names.
    Text(String),
}
