//! What `mirror` says to people.

use crate::{
    args,
    kinds::{
        face::{Face, InspectFlags, Inspected},
        keys::{self, Format, Key, Takes, key},
        plan::{Remarker, Remarks},
        words::{Noun, Words},
    },
    object::Object,
    render::Look,
};
use async_trait::async_trait;
use serde_json::Value;
use tarquet_common::{
    codes::{archive, ourselves},
    failure::Failure,
    kinds::mirror::{EMPTY, MirrorSpec, STAGES},
    spec::Spec,
    store::Stores,
};
use tarquet_coordinator::Outlook;

/// The face of the kind.
pub(crate) struct Mirror;

static WORDS: Words = Words {
    item: Noun { one: "object", many: "objects" },
    source: Noun { one: "object", many: "objects" },
    sources_in: None,
    stages: &STAGES,
    extras: &[(EMPTY, "objects without a byte")],
    readers: |root| vec![format!("cat {root}/*.bin")],
};

const KEYS: &[Key] = &[
    keys::VERSION,
    keys::KIND,
    keys::NAME,
    keys::URIS,
    keys::EXCLUDE,
    key("input.max_bytes", Takes::Size, "Objects above this fail."),
    keys::OUTPUT,
    key("output.objects", Takes::Whole(1, u32::MAX as u64), "How many objects a part holds."),
    keys::PUBLISH,
    keys::JOB_URI,
    keys::ACTION,
    keys::MAX_FAILED,
    keys::HOLD,
    keys::RETRIES,
];

#[async_trait]
impl Face for Mirror {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn format(&self) -> Format {
        let spec = Spec::Mirror(MirrorSpec::new(Vec::new(), String::new()));
        Format {
            keys: KEYS,
            stores: &["input.store", "output.store"],
            required: &[
                ("", &["version", "kind", "input", "output"]),
                ("input", &["uris"]),
                ("output", &["uri"]),
            ],
            // Data of ours: it has no key that is no text, which is all that could go wrong.
            defaults: serde_json::to_value(spec).unwrap_or(Value::Null),
        }
    }

    async fn preflight(&self, _: &Stores, _: &Spec) -> Result<(), Failure> {
        Ok(())
    }

    fn remarker(&self, _: &Spec) -> Result<Box<dyn Remarker>, Failure> {
        Ok(Box::new(AsTheyAre))
    }

    fn claim(&self, uri: &str) -> Result<(), Failure> {
        Err(Failure::new(archive::UNKNOWN_CONTAINER, "there is nothing to see in an object").at_uri(uri))
    }

    async fn inspect(
        &self,
        _: Object,
        _: &InspectFlags,
        _: (args::Format, Look),
    ) -> Result<Inspected, Failure> {
        Err(Failure::new(ourselves::INVARIANT, "mirror claims no object"))
    }
}

/// A plan of copies needs no look at what is copied.
struct AsTheyAre;

impl Remarker for AsTheyAre {
    fn show(&mut self, _: Vec<u8>) {}

    fn remarks(&self, outlook: &Outlook) -> Remarks {
        Remarks {
            written_bytes: outlook.item_bytes,
            encoding: "as they are".to_owned(),
            ..Remarks::default()
        }
    }
}
