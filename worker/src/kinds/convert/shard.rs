//! The convert stage: a shard's members become its partitions.

use super::{
    decoding::{Decoding, decode, placed, refusal},
    partitions::Partitions,
    quarantine::Quarantine,
};
use crate::{
    agent::Step,
    attempt::{Opener, Site, Work},
    pipeline::{Content, Extraction, Members, with_members},
    scratch::Body,
};
use tarquet_common::{
    archive::{ArchiveRef, Member},
    codes::plan as codes,
    failure::{Class, Failure},
    kinds::convert::{
        BYTES_ARROW, BYTES_MEMBERS, COLUMNS_DROPPED, ConvertBlock, ConvertShared, PartitionBlock,
        WITHOUT_COLUMNS,
    },
    memory::FetchSettings,
    receipt::Counts,
    spec::ErrorAction,
};
use tarquet_encode::{FrozenSchema, conform};

/// Runs one convert shard.
pub(super) async fn run(site: Site, shared: ConvertShared, block: ConvertBlock) -> Result<Work, Failure> {
    let schema = frozen(&shared)?;
    let skip = site.lease.skip.clone();
    let tried = |place: u32, m: &Member| refusal(place, m, &skip, &shared.limits).is_none();
    let members = Members::of(block.runs, tried);
    let mut opener = Opener::new(&site.stores, &shared.store, &shared.index_uri, &shared.output_store);
    let runs = members.open(&mut opener).await?;
    let extraction = Extraction { runs, fetch: FetchSettings::SHARD, context: site.context.clone() };
    let task = move || convert(&site, &shared, schema, (block.first, block.partitions), &members, extraction);
    tokio::task::spawn_blocking(task).await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
}

fn frozen(shared: &ConvertShared) -> Result<Option<FrozenSchema>, Failure> {
    let read = |value: &serde_json::Value| {
        serde_json::from_value(value.clone()).map_err(|e| {
            Failure::new(codes::PLAN_UNREADABLE, "the plan's schema cannot be read").caused_by(&e)
        })
    };
    shared.schema.as_ref().map(read).transpose()
}

fn convert(
    site: &Site,
    shared: &ConvertShared,
    schema: Option<FrozenSchema>,
    (first, partitions): (u64, Vec<PartitionBlock>),
    members: &Members,
    extraction: Extraction,
) -> Result<Work, Failure> {
    let memory = (site.context.slot_bytes, site.planned_bytes);
    let decoding = Decoding::new(&shared.hdf5_key, &shared.limits, members.largest(), memory);
    let mut shard = Shard {
        site,
        shared,
        decoding: &decoding,
        partitions: schema.as_ref().map(|s| Partitions::new(site, shared, s, partitions)),
        quarantine: Quarantine::new(site, first),
        counts: Counts::default(),
        skipped: Vec::new(),
    };
    with_members(&site.runtime, &site.scratch, members, extraction, |place, archive, member, content| {
        shard.member(place, archive, member, content)
    })?;
    shard.finish()
}

/// One shard on its way.
struct Shard<'a> {
    site: &'a Site,
    shared: &'a ConvertShared,
    decoding: &'a Decoding,
    partitions: Option<Partitions<'a>>,
    quarantine: Quarantine<'a>,
    counts: Counts,
    skipped: Vec<u32>,
}

impl Shard<'_> {
    fn member(
        &mut self,
        place: u32,
        archive: &ArchiveRef,
        member: &Member,
        content: Content,
    ) -> Result<(), Failure> {
        let progress = &self.site.context.progress;
        let before = self.counts.rows;
        let done = match content {
            Content::Body(body) => self.try_member(place, archive, member, body),
            Content::Unwanted => Err(placed(self.untried(place, member), archive, member)),
            Content::Damaged(failure) => Err(placed(*failure, archive, member)),
        };
        if let Err(failure) = done {
            if failure.class() != Class::Input || self.shared.action == ErrorAction::Fail {
                return Err(failure);
            }
            self.quarantine.add(place, archive, member, &failure);
            self.counts.failed += 1;
            progress.member_quarantined();
        }
        self.counts.items += 1;
        self.counts.count(BYTES_MEMBERS, member.size);
        progress.member_done(member.size, self.counts.rows - before);
        match &mut self.partitions {
            Some(partitions) => partitions.member_done(),
            None => Ok(()),
        }
    }

    /// A failure to write is not the member's, and has a place of its own.
    fn try_member(
        &mut self,
        place: u32,
        archive: &ArchiveRef,
        member: &Member,
        body: Body,
    ) -> Result<(), Failure> {
        let placed = |failure| placed(failure, archive, member);
        let frame = decode(body, place, self.decoding, &self.site.context.progress).map_err(placed)?;
        let Some(partitions) = &mut self.partitions else {
            // The whole sample failed, and it was all members: this one has changed its mind.
            let text = "the member decodes now, and did not when it was sampled";
            return Err(placed(Failure::new(codes::NOTHING_SAMPLED, text)));
        };
        let source = self.shared.provenance.then(|| format!("{}!{}", archive.uri, member.display_name()));
        let conformed = || conform(partitions.schema(), &frame, source.as_deref());
        let (batch, report) = self.site.context.progress.timed(Step::Encode, conformed).map_err(placed)?;
        drop(frame);
        self.counts.count(WITHOUT_COLUMNS, u64::from(report.columnless_rows > 0));
        self.counts.count(COLUMNS_DROPPED, report.dropped_columns.len() as u64);
        self.counts.rows += batch.num_rows() as u64;
        self.counts.count(BYTES_ARROW, batch.get_array_memory_size() as u64);
        partitions.push(&batch)
    }

    /// Why a member was not tried.
    fn untried(&mut self, place: u32, member: &Member) -> Failure {
        let skip = &self.site.lease.skip;
        if skip.contains(&place) {
            self.skipped.push(place);
        }
        refusal(place, member, skip, &self.shared.limits).expect("it was refused before")
    }

    fn finish(mut self) -> Result<Work, Failure> {
        let artifacts = match self.partitions.take() {
            Some(partitions) => partitions.finish()?,
            None => Vec::new(),
        };
        self.counts.bytes_in = self.site.context.progress.snapshot().bytes_fetched;
        self.counts.bytes_out = artifacts.iter().map(|a| a.bytes).sum();
        let sides = self.quarantine.write()?.into_iter().collect();
        Ok(Work { artifacts, counts: self.counts, sides, skipped: self.skipped, ..Work::default() })
    }
}
