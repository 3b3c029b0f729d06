//! The index stage: one archive, read once.

use crate::{
    attempt::Stop,
    input::Input,
    output::{SideWriter, Sides},
    work::{Done, Site, on_a_thread},
};
use std::io;
use tarquet_common::{
    archive::{members_key, windows_key},
    failure::Failure,
    kinds::convert::{DECOMPRESS, IndexBlock, IndexOutput, IndexShared},
    memory::FetchSettings,
    stage_plan::FETCH,
};
use tarquet_container::{
    Container, HEAD_LEN, MemberKind, check_head,
    index::{ArchiveIndex, IndexBuilder, IndexLimits, IndexObjects, index_zip},
    seek::Spacing,
    zip::RangedReader,
};

/// The role of an index's objects.
const INDEX: &str = "index";

type Objects = IndexObjects<SideWriter, SideWriter>;

/// Runs one index shard.
pub(super) async fn run(site: Site, shared: IndexShared, block: IndexBlock) -> Result<Done, Failure> {
    let input = site.inputs.open(&block.archive.uri, &shared.store, &block.archive.etag).await?;
    let indexes = site.sides.at(&shared.index_uri, &shared.index_store).await?;
    on_a_thread(move || build(&site, &shared, &block, &input, &indexes)).await
}

fn build(
    site: &Site,
    shared: &IndexShared,
    block: &IndexBlock,
    input: &Input,
    indexes: &Sides,
) -> Result<Done, Failure> {
    let members = indexes.begin(members_key(&block.index_key))?;
    let windows = indexes.begin(windows_key(&block.index_key))?;
    let objects = IndexObjects { members, windows };
    let spacing = Spacing::for_partition(shared.window_spacing.0.saturating_mul(16));
    let limits = IndexLimits { members_max: shared.limits.max_members, ..IndexLimits::default() };
    let (index, objects) = match block.archive.container {
        Container::Zip => by_directory(site, block, input, limits, objects)?,
        _ => as_stream(site, block, input, spacing, limits, objects)?,
    };
    // The windows last: where they are, the index is whole.
    objects.members.publish(INDEX)?;
    objects.windows.publish(INDEX)?;
    Ok(done(block, &index))
}

fn as_stream(
    site: &Site,
    block: &IndexBlock,
    input: &Input,
    spacing: Spacing,
    limits: IndexLimits,
    objects: Objects,
) -> Result<(ArchiveIndex, Objects), Failure> {
    let archive = &block.archive;
    let mut builder = IndexBuilder::new(archive.identity(), archive.container, spacing, limits, objects)?;
    let mut chunks = site.inputs.fetch(vec![input.stretch(0..archive.size)], FetchSettings::WHOLE);
    let mut first = true;
    let progress = &site.progress;
    let mut next = || progress.timed(FETCH, || chunks.next_chunk()).map_err(|f| f.at_uri(&archive.uri));
    while let Some(chunk) = next()? {
        if site.stop.is_raised() {
            return Err(Stop::failure());
        }
        if std::mem::take(&mut first) {
            let head = &chunk.bytes[..chunk.bytes.len().min(HEAD_LEN)];
            check_head(archive.container, head).map_err(|f| f.at_uri(&archive.uri))?;
        }
        progress.timed(DECOMPRESS, || builder.feed(&chunk.bytes))?;
        progress.bytes_done(chunk.bytes.len() as u64);
    }
    let (summary, objects) = builder.finish()?;
    Ok((summary.index, objects))
}

fn by_directory(
    site: &Site,
    block: &IndexBlock,
    input: &Input,
    limits: IndexLimits,
    objects: Objects,
) -> Result<(ArchiveIndex, Objects), Failure> {
    let reader = Ranged { input, size: block.archive.size };
    let (summary, objects) = index_zip(block.archive.identity(), &reader, limits, objects)?;
    site.progress.bytes_done(block.archive.size);
    Ok((summary.index, objects))
}

/// Reads ranges of an object from a thread that computes.
struct Ranged<'a> {
    input: &'a Input,
    size: u64,
}

impl RangedReader for Ranged<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let range = offset..offset.saturating_add(len as u64);
        let bytes = self.input.read_waiting(range).map_err(io::Error::other)?;
        Ok(bytes.to_vec())
    }
}

fn done(block: &IndexBlock, index: &ArchiveIndex) -> Done {
    let others = MemberKind::ALL.into_iter().filter(|k| *k != MemberKind::File);
    let ignored = others.map(|k| (k.as_str().to_owned(), index.count(k))).filter(|(_, n)| *n > 0).collect();
    let output = IndexOutput {
        uri: block.archive.uri.clone(),
        index_key: block.index_key.clone(),
        members: index.members,
        ignored,
        duplicates: index.duplicates,
        uncompressed: index.uncompressed_len,
    };
    Done { output: serde_json::to_value(output).expect("an output is plain data"), ..Done::default() }
}
