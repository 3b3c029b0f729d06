//! The kind's door, and its main stage: a shard's members become its partitions.

use super::{
    decoding::{Decoding, decode, placed, refusal},
    extract::Picked,
    freeze, index,
    members::{Content, Members, Places, with_members},
    sample,
};
use crate::{
    output::{FailedItem, PartNames, PartSeries, PlannedPart},
    scratch::Body,
    work::{Done, ShardPlan, Site, Work, on_a_thread},
};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use tarquet_common::{
    archive::{ArchiveRef, Member},
    codes::{ourselves, plan as codes},
    failure::Failure,
    kinds::convert::{
        BYTES_ARROW, BYTES_MEMBERS, COLUMNS_DROPPED, ConvertBlock, ConvertShared, PartitionBlock, Stage,
        WITHOUT_COLUMNS,
    },
    memory::FetchSettings,
    receipt::Counts,
    spec::ErrorAction,
    stage_plan::ENCODE,
};
use tarquet_container::Container;
use tarquet_encode::{FrozenSchema, OutputSettings, ParquetEncoder, PartWriter, conform};

/// What does the work of `convert`.
#[derive(Debug)]
pub(crate) struct Convert;

#[async_trait]
impl Work for Convert {
    async fn run(&self, site: Site, plan: ShardPlan) -> Result<Done, Failure> {
        match Stage::of_name(&site.stage) {
            Some(Stage::Index) => index::run(site, plan.shared()?, plan.block()?).await,
            Some(Stage::Sample) => sample::run(site, plan.shared()?, plan.block()?).await,
            Some(Stage::Freeze) => freeze::run(&site, &plan.shared()?, &plan.block()?).await,
            Some(Stage::Convert) => run(site, plan.shared()?, plan.block()?).await,
            Some(Stage::Publish) | None => {
                let text = format!("convert has no leased stage {}", site.stage);
                Err(Failure::new(ourselves::INVARIANT, text))
            }
        }
    }
}

/// Runs one convert shard.
async fn run(site: Site, shared: ConvertShared, block: ConvertBlock) -> Result<Done, Failure> {
    let schema = frozen(&shared)?;
    let tried = |place: u32, m: &Member| refusal(place, m, &site.skip, &shared.limits).is_none();
    let members = Members::of(block.runs, tried);
    let places =
        Places { store: &shared.store, index_uri: &shared.index_uri, index_store: &shared.output_store };
    let runs = members.open(&site.inputs, places).await?;
    let (first, partitions) = (block.first, block.partitions);
    on_a_thread(move || convert(&site, &shared, schema, (first, partitions), &members, &runs)).await
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
    runs: &[Picked],
) -> Result<Done, Failure> {
    let decoding = Decoding::new(&shared.hdf5_key, &shared.limits, members.largest(), site.memory);
    let mut shard = Shard {
        site,
        shared,
        decoding: &decoding,
        first,
        partitions: schema.as_ref().map(|schema| (schema, series(site, shared, schema, partitions))),
        counts: Counts::default(),
        skipped: Vec::new(),
    };
    with_members(site, members, runs, FetchSettings::SHARD, |place, archive, member, content| {
        shard.member(place, archive, member, content)
    })?;
    shard.finish()
}

/// The partitions of a shard, on their way.
fn series<'a>(
    site: &'a Site,
    shared: &'a ConvertShared,
    schema: &'a FrozenSchema,
    partitions: Vec<PartitionBlock>,
) -> PartSeries<'a> {
    let names = PartNames { digits: shared.part_digits, suffix: "parquet" };
    let layout = schema.layout();
    let planned = partitions.into_iter().map(|p| PlannedPart { number: p.number, items: p.members });
    let settings = OutputSettings {
        profile: shared.profile,
        compression: shared.compression,
        row_group: shared.row_group,
        created_by: shared.created_by.clone(),
    };
    let part = move || Ok(Box::new(ParquetEncoder::new(&layout, &settings)?) as Box<dyn PartWriter>);
    site.parts.series(names, planned, part)
}

/// One shard on its way.
struct Shard<'a> {
    site: &'a Site,
    shared: &'a ConvertShared,
    decoding: &'a Decoding,
    /// Number of its first member in plan order.
    first: u64,
    partitions: Option<(&'a FrozenSchema, PartSeries<'a>)>,
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
        let before = self.counts.rows;
        let batch = match content {
            Content::Body(body) => self.try_member(place, archive, member, body),
            Content::Unwanted => Err(placed(self.untried(place, member), archive, member)),
            Content::Damaged(failure) => Err(placed(*failure, archive, member)),
        };
        match batch {
            Ok(batch) => self.write(&batch)?,
            Err(failure) if self.shared.action == ErrorAction::Fail => return Err(failure),
            Err(failure) => {
                let number = self.first + u64::from(place);
                self.site.quarantine.set_aside(failed(number, archive, member), failure)?;
            }
        }
        self.counts.items += 1;
        self.counts.count(BYTES_MEMBERS, member.size);
        self.site.progress.item_done(member.size, self.counts.rows - before);
        match &mut self.partitions {
            Some((_, partitions)) => partitions.item_done(),
            None => Ok(()),
        }
    }

    /// Writes a member's rows. Whatever fails here is not the member's fault: rows of it may be in the part already, so
    /// the attempt ends.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.counts.rows += batch.num_rows() as u64;
        self.counts.count(BYTES_ARROW, batch.get_array_memory_size() as u64);
        match &mut self.partitions {
            Some((_, partitions)) => partitions.push(batch),
            None => {
                Err(Failure::new(ourselves::INVARIANT, "a member has rows where no partition is planned"))
            }
        }
    }

    /// Decodes a member and conforms it. A failure of class `Input` is the member's own; nothing of it was written.
    fn try_member(
        &mut self,
        place: u32,
        archive: &ArchiveRef,
        member: &Member,
        body: Body,
    ) -> Result<RecordBatch, Failure> {
        let placed = |failure| placed(failure, archive, member);
        let frame = decode(body, place, self.decoding, &self.site.progress).map_err(placed)?;
        let Some((schema, _)) = &self.partitions else {
            // The whole sample failed, and it was all members: this one has changed its mind.
            let text = "the member decodes now, and did not when it was sampled";
            return Err(placed(Failure::new(codes::NOTHING_SAMPLED, text)));
        };
        let source = self.shared.provenance.then(|| format!("{}!{}", archive.uri, member.display_name()));
        let conformed = || conform(schema, &frame, source.as_deref());
        let (batch, report) = self.site.progress.timed(ENCODE, conformed).map_err(placed)?;
        drop(frame);
        self.counts.count(WITHOUT_COLUMNS, u64::from(report.columnless_rows > 0));
        self.counts.count(COLUMNS_DROPPED, report.dropped_columns.len() as u64);
        Ok(batch)
    }

    /// Why a member was not tried.
    fn untried(&mut self, place: u32, member: &Member) -> Failure {
        let skip = &self.site.skip;
        if skip.contains(&place) {
            self.skipped.push(place);
        }
        refusal(place, member, skip, &self.shared.limits).expect("it was refused before")
    }

    fn finish(self) -> Result<Done, Failure> {
        let artifacts = match self.partitions {
            Some((_, partitions)) => partitions.finish()?,
            None => Vec::new(),
        };
        Ok(Done { artifacts, counts: self.counts, skipped: self.skipped, ..Done::default() })
    }
}

fn failed(number: u64, archive: &ArchiveRef, member: &Member) -> FailedItem {
    FailedItem {
        number,
        uri: archive.uri.clone(),
        etag: Some(archive.etag.clone()),
        name: Some(member.display_name()),
        offset: Some(member.offset),
        size: Some(member.size),
        reproduce: reproduce(archive, member),
    }
}

/// The command that shows the failure again. The offset tells members of one name apart.
fn reproduce(archive: &ArchiveRef, member: &Member) -> String {
    let inspect = format!("tarquet inspect {}", quoted(&archive.uri));
    match archive.container {
        Container::Loose => inspect,
        _ => match member.display_name() {
            // What a terminal would not show, or a command line take for a flag, is found by its offset.
            name if name.starts_with('-') || name.chars().any(char::is_control) => {
                format!("{inspect} --offset {}", member.offset)
            }
            name => format!("{inspect} --member {} --offset {}", quoted(&name), member.offset),
        },
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a b.h5"), "'a b.h5'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
