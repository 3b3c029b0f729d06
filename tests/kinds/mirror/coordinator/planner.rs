//! The planner of `mirror`.

use crate::{
    inputs::{Judge, Verdict, freeze, list},
    planner::{Intent, Outlook, Planned, Planner, SampleSink, StageAsk, StageOutlook},
    stores::OpenStores,
};
use async_trait::async_trait;
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    kinds::mirror::{ITEM, MirrorBlock, MirrorShared, MirrorSpec, STAGES, Source},
    memory::{FetchSettings, SlotParts, UploadSettings},
    spec::{ErrorAction, Spec},
    stage_plan::{ShardDraft, StageWords, encode, encode_block},
    store::ObjectMeta,
};

/// Objects become parts.
pub struct Mirror;

/// Takes every object.
struct Any;

impl Judge for Any {
    type Input = Source;
    const PASSED_OVER: &'static str = "are nothing";

    fn judge(&self, uri: &str, meta: &ObjectMeta, _: bool) -> Verdict<Source> {
        Verdict::Take(Source { uri: uri.to_owned(), etag: meta.etag.clone(), size: meta.size })
    }
}

#[async_trait]
impl Planner for Mirror {
    fn stages(&self) -> &'static [StageWords] {
        &STAGES
    }

    fn intake(&self, spec: &Spec) -> Result<Intent, Failure> {
        Intent::of(spec, self.stages(), ITEM)
    }

    async fn preflight(&self, stores: &dyn OpenStores, spec: &Spec) -> Result<(), Failure> {
        list(stores, spec.objects(), &Any).await.map(drop)
    }

    async fn plan_stage(&self, ask: StageAsk<'_>) -> Result<Planned, Failure> {
        let spec = sections(ask.spec)?;
        let listing = freeze(ask.stores, ask.spec.objects(), &Any, ask.job_store).await?;
        let shards = shards(spec, &listing.inputs);
        let partitions = u32::try_from(shards.len()).unwrap_or(u32::MAX);
        let shared = MirrorShared {
            store: spec.input.store.clone(),
            max_bytes: spec.input.max_bytes.0,
            fail: spec.errors.action == ErrorAction::Fail,
            part_digits: 5,
        };
        let shared = serde_json::to_vec(&shared).expect("a plan's shared part is plain data");
        Ok(Planned {
            plan: encode(&shared, shards),
            planned_items: listing.inputs.len() as u64,
            steps: STAGES[0].steps.iter().map(|step| (*step).to_owned()).collect(),
            partitions,
            warnings: Vec::new(),
        })
    }

    async fn outlook(
        &self,
        stores: &dyn OpenStores,
        spec: &Spec,
        _: SampleSink<'_>,
    ) -> Result<Outlook, Failure> {
        let listing = list(stores, spec.objects(), &Any).await?;
        let spec = sections(spec)?;
        let mut sizes: Vec<u64> = listing.inputs.iter().map(|source| source.size).collect();
        sizes.sort_unstable();
        let shards = shards(spec, &listing.inputs);
        let bytes = sizes.iter().sum();
        Ok(Outlook {
            inputs: sizes.len() as u64,
            input_bytes: bytes,
            exact: sizes.len() as u64,
            items: sizes.len() as u64,
            item_bytes: bytes,
            item_median: sizes.get(sizes.len() / 2).copied().unwrap_or(0),
            item_largest: sizes.last().copied().unwrap_or(0),
            partitions: u32::try_from(shards.len()).unwrap_or(u32::MAX),
            stages: vec![StageOutlook::of(&STAGES[0], &shards)],
            ..Outlook::default()
        })
    }
}

/// One shard a part.
fn shards(spec: &MirrorSpec, sources: &[Source]) -> Vec<ShardDraft> {
    let parts = UploadSettings::PARTS;
    let slot = SlotParts {
        fetch: FetchSettings::SHARD.ahead_bytes,
        ring: 0,
        decoded: 0,
        row_group: 0,
        parts: (parts.in_flight as u64 + 1) * parts.part_bytes as u64,
    };
    let draft = |(part, sources): (u32, &[Source])| ShardDraft {
        slot_bytes: slot.total(),
        cost_bytes: sources.iter().map(|source| source.size).sum::<u64>().max(1),
        items: sources.len() as u64,
        partition_first: part,
        partition_count: 1,
        block: encode_block(&MirrorBlock {
            part,
            first: u64::from(part) * u64::from(spec.output.objects),
            sources: sources.to_vec(),
        }),
    };
    (0..).zip(sources.chunks(spec.output.objects.max(1) as usize)).map(draft).collect()
}

fn sections(spec: &Spec) -> Result<&MirrorSpec, Failure> {
    let other = || Failure::new(ourselves::INVARIANT, format!("mirror was given a spec of {}", spec.kind()));
    spec.downcast().ok_or_else(other)
}
