//! A kind that no build has: what it says stands in the same places as what real kinds say.

use super::{
    face::{Answer, Face, InspectFlags, Inspected},
    keys::Format,
    plan::Remarker,
    words::{Noun, Words},
};
use crate::{args, object::Object, render::Look};
use async_trait::async_trait;
use serde_json::Value;
use tarquet_common::{
    codes::{archive, ourselves},
    failure::Failure,
    spec::Spec,
    stage_plan::StageWords,
    store::Stores,
};

/// Files of lines, of which some are wanted.
pub(crate) struct Lines;

pub(crate) static WORDS: Words = Words {
    item: Noun { one: "line", many: "lines" },
    source: Noun { one: "file", many: "files" },
    sources_in: Some("list"),
    stages: &[
        StageWords { name: "list", doing: "listing", steps: &[] },
        StageWords { name: "sift", doing: "sifting", steps: &[] },
    ],
    extras: &[("empty", "empty lines, passed over")],
    readers: |root| vec![format!("less {root}/part-0.csv")],
};

#[async_trait]
impl Face for Lines {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn format(&self) -> Format {
        Format { keys: &[], stores: &[], required: &[], defaults: Value::Null }
    }

    async fn preflight(&self, _: &Stores, _: &Spec) -> Result<(), Failure> {
        Ok(())
    }

    fn remarker(&self, _: &Spec) -> Result<Box<dyn Remarker>, Failure> {
        Err(Failure::new(ourselves::INVARIANT, "no spec is one of lines"))
    }

    fn claim(&self, uri: &str) -> Result<(), Failure> {
        let refusal = || Failure::new(archive::UNKNOWN_CONTAINER, "no lines").expected(".gz", uri);
        uri.ends_with(".gz").then_some(()).ok_or_else(refusal)
    }

    fn knows(&self, head: &[u8]) -> bool {
        head.starts_with(b"{")
    }

    async fn inspect(
        &self,
        object: Object,
        _: &InspectFlags,
        _: (args::Format, Look),
    ) -> Result<Inspected, Failure> {
        Ok(Inspected::Seen { answer: Answer::Text(object.uri), broken: false })
    }
}
