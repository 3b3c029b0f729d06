//! The spec, the words of the stages, and what planner and workers tell each other.

use crate::{
    codes::spec as codes,
    sections::{
        Errors, KindSpec, Objects, Place, Publish, SpecError, check_globs, check_inputs, check_outside,
        check_store, parse_uri,
    },
    stage_plan::{FETCH, ItemWords, StageWords, UPLOAD},
    store::StoreSettings,
    units::Bytes,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;

/// The kind's word for an item.
pub const ITEM: ItemWords = ItemWords::of("object", "objects");

/// The stages in words, in order; the last is the coordinator's.
pub const STAGES: [StageWords; 2] = [
    StageWords { name: "mirror", doing: "mirroring", steps: &[FETCH, UPLOAD] },
    StageWords { name: "publish", doing: "publishing", steps: &[] },
];

/// An extra count: objects without a byte.
pub const EMPTY: &str = "empty";

/// Objects become parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorSpec {
    /// Version of this format: 1.
    pub version: u32,
    /// Read before everything else; it has chosen this type.
    #[serde(default, skip_serializing)]
    kind: IgnoredAny,
    /// A name for people; the default is the output's last segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What to read.
    pub input: Input,
    /// What to write.
    pub output: Output,
    /// What to do about objects that fail.
    #[serde(default)]
    pub errors: Errors,
}

impl MirrorSpec {
    /// A spec of inputs and an output alone.
    pub fn new(uris: Vec<String>, output_uri: String) -> Self {
        Self {
            version: 1,
            kind: IgnoredAny,
            name: None,
            input: Input { uris, ..Input::default() },
            output: Output { uri: output_uri, ..Output::default() },
            errors: Errors::default(),
        }
    }
}

impl KindSpec for MirrorSpec {
    fn version(&self) -> u32 {
        self.version
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn objects(&self) -> Objects<'_> {
        Objects { uris: &self.input.uris, exclude: &self.input.exclude, store: &self.input.store }
    }

    fn place(&self) -> Place<'_> {
        let Output { uri, job_uri, publish, store, .. } = &self.output;
        Place { uri, job_uri: job_uri.as_deref(), publish: *publish, store }
    }

    fn errors(&self) -> &Errors {
        &self.errors
    }

    fn stores_mut(&mut self) -> Vec<&mut StoreSettings> {
        vec![&mut self.input.store, &mut self.output.store]
    }

    fn uris_mut(&mut self) -> Vec<&mut String> {
        let Self { input, output, .. } = self;
        input.uris.iter_mut().chain([&mut output.uri]).chain(&mut output.job_uri).collect()
    }

    fn check(&self) -> Result<(), SpecError> {
        let Self { input, output, .. } = self;
        if input.uris.is_empty() {
            return Err(SpecError::about(codes::MISSING_KEY, "input.uris", "no input is named"));
        }
        if output.objects == 0 {
            let text = "a part holds one object at least";
            return Err(SpecError::about(codes::BAD_VALUE, "output.objects", text));
        }
        check_globs("input.uris", &input.uris)?;
        check_globs("input.exclude", &input.exclude)?;
        for uri in &input.uris {
            parse_uri("input.uris", uri)?;
        }
        check_store("input.store", &self.input.store)?;
        check_store("output.store", &self.output.store)?;
        check_outside(self.place(), &[])?;
        check_inputs(self.place(), &input.uris)
    }

    fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

/// `[input]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Input {
    /// `s3://` URIs or file paths; globs with `*`, `?`, `[…]`, `{…}` and `**`.
    pub uris: Vec<String>,
    /// Globs of objects to leave out, matched against the whole URI.
    pub exclude: Vec<String>,
    /// Objects above this fail.
    pub max_bytes: Bytes,
    /// How to reach the inputs' store.
    pub store: StoreSettings,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            uris: Vec::new(),
            exclude: Vec::new(),
            max_bytes: Bytes::mib(64),
            store: StoreSettings::default(),
        }
    }
}

/// `[output]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// The dataset's root: an `s3://` prefix or a folder. Only part files will be in it.
    pub uri: String,
    /// How many objects a part holds.
    pub objects: u32,
    /// When parts become visible.
    pub publish: Publish,
    /// Where the job keeps its objects, when not in `<output>.tarquet/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_uri: Option<String>,
    /// How to reach the output's store.
    pub store: StoreSettings,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            uri: String::new(),
            objects: 1,
            publish: Publish::default(),
            job_uri: None,
            store: StoreSettings::default(),
        }
    }
}

/// An object that is copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Where it is.
    pub uri: String,
    /// Which version of it was planned.
    pub etag: String,
    /// Bytes of it.
    pub size: u64,
}

/// What all shards share.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MirrorShared {
    /// How to reach the inputs' store.
    pub store: StoreSettings,
    /// Objects above this fail.
    pub max_bytes: u64,
    /// A failing object fails its shard.
    pub fail: bool,
    /// Digits of a part's number.
    pub part_digits: u32,
}

/// What a shard makes: one part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MirrorBlock {
    /// Number of the part.
    pub part: u32,
    /// Number of the first object in plan order.
    pub first: u64,
    /// Its objects, in order.
    pub sources: Vec<Source>,
}
