//! What `convert` says to people.

use super::{inspect::look, keys, plan::Sample};
use crate::{
    args,
    kinds::{
        face::{Face, InspectFlags, Inspected},
        keys::Format,
        plan::Remarker,
        words::{Noun, Words, parquet_readers},
    },
    object::Object,
    render::Look,
};
use async_trait::async_trait;
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    kinds::convert::{COLUMNS_DROPPED, ConvertSpec, STAGES, WITHOUT_COLUMNS},
    spec::Spec,
    store::Stores,
};
use tarquet_container::Container;
use tarquet_coordinator::kinds::convert::pinned_schema;
use tarquet_encode::{FrozenSchema, SchemaRules};

/// The face of the kind.
pub(crate) struct Convert;

static WORDS: Words = Words {
    item: Noun { one: "member", many: "members" },
    source: Noun { one: "archive", many: "archives" },
    sources_in: Some(STAGES[0].name),
    stages: &STAGES,
    extras: &[
        (WITHOUT_COLUMNS, "members without columns: counted, nothing to write"),
        (COLUMNS_DROPPED, "columns dropped, as the spec says"),
    ],
    readers: parquet_readers,
};

#[async_trait]
impl Face for Convert {
    fn words(&self) -> &'static Words {
        &WORDS
    }

    fn format(&self) -> Format {
        keys::format()
    }

    /// A pinned schema is one.
    async fn preflight(&self, stores: &Stores, spec: &Spec) -> Result<(), Failure> {
        let spec = sections(spec)?;
        if let Some(file) = pinned_schema(stores, spec).await? {
            FrozenSchema::pinned(&file, &SchemaRules::default(), 0)
                .map_err(|f| f.at_uri(spec.schema.file.as_deref().unwrap_or_default()))?;
        }
        Ok(())
    }

    fn remarker(&self, spec: &Spec) -> Result<Box<dyn Remarker>, Failure> {
        Ok(Box::new(Sample::new(sections(spec)?)))
    }

    fn claim(&self, uri: &str) -> Result<(), Failure> {
        Container::of(uri).map(drop)
    }

    async fn inspect(
        &self,
        object: Object,
        flags: &InspectFlags,
        how: (args::Format, Look),
    ) -> Result<Inspected, Failure> {
        look(object, flags, how).await
    }
}

fn sections(spec: &Spec) -> Result<&ConvertSpec, Failure> {
    let other = || Failure::new(ourselves::INVARIANT, format!("convert was given a spec of {}", spec.kind()));
    spec.downcast().ok_or_else(other)
}
