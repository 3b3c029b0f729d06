//! The index stage: one archive, read once.

use crate::{
    agent::{Step, Stop},
    attempt::{Site, Work},
    input::{Stretch, fetch, open_root, stretch},
    output::StoreWriter,
};
use std::{io, sync::Arc};
use tarquet_common::{
    archive::{members_key, windows_key},
    failure::Failure,
    kinds::convert::{IndexBlock, IndexOutput, IndexShared},
    memory::{FetchSettings, UploadSettings},
    receipt::Counts,
    store::Store,
};
use tarquet_container::{
    Container, HEAD_LEN, MemberKind, check_head,
    index::{ArchiveIndex, IndexBuilder, IndexLimits, IndexObjects, index_zip},
    seek::Spacing,
    zip::RangedReader,
};

/// The role of an index's objects.
const INDEX: &str = "index";

type Objects = IndexObjects<StoreWriter, StoreWriter>;

/// Runs one index shard.
pub(super) async fn run(site: Site, shared: IndexShared, block: IndexBlock) -> Result<Work, Failure> {
    let archive = &block.archive;
    let input = stretch(&site.stores, &archive.uri, &shared.store, &archive.etag, 0..archive.size).await?;
    let index_store = open_root(&site.stores, &shared.index_uri, &shared.index_store).await?;
    let task = move || build(&site, &shared, &block, input, index_store);
    tokio::task::spawn_blocking(task).await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
}

fn build(
    site: &Site,
    shared: &IndexShared,
    block: &IndexBlock,
    input: Stretch,
    index_store: Arc<dyn Store>,
) -> Result<Work, Failure> {
    let writer = |name: String| {
        StoreWriter::begin(
            site.runtime.clone(),
            Arc::clone(&index_store),
            name,
            UploadSettings::SIDES,
            site.context.clone(),
        )
    };
    let members = writer(members_key(&block.index_key))?;
    let windows = writer(windows_key(&block.index_key))?;
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
    Ok(work(site, block, &index))
}

fn as_stream(
    site: &Site,
    block: &IndexBlock,
    input: Stretch,
    spacing: Spacing,
    limits: IndexLimits,
    objects: Objects,
) -> Result<(ArchiveIndex, Objects), Failure> {
    let archive = &block.archive;
    let mut builder = IndexBuilder::new(archive.identity(), archive.container, spacing, limits, objects)?;
    let mut chunks = fetch(&site.runtime, vec![input], FetchSettings::WHOLE, site.context.clone());
    let mut first = true;
    let progress = &site.context.progress;
    let mut next = || progress.timed(Step::Fetch, || chunks.next_chunk()).map_err(|f| f.at_uri(&archive.uri));
    while let Some(chunk) = next()? {
        if site.context.stop.is_raised() {
            return Err(Stop::failure());
        }
        if std::mem::take(&mut first) {
            let head = &chunk.bytes[..chunk.bytes.len().min(HEAD_LEN)];
            check_head(archive.container, head).map_err(|f| f.at_uri(&archive.uri))?;
        }
        progress.timed(Step::Decompress, || builder.feed(&chunk.bytes))?;
        progress.bytes_done(chunk.bytes.len() as u64);
    }
    let (summary, objects) = builder.finish()?;
    Ok((summary.index, objects))
}

fn by_directory(
    site: &Site,
    block: &IndexBlock,
    input: Stretch,
    limits: IndexLimits,
    objects: Objects,
) -> Result<(ArchiveIndex, Objects), Failure> {
    let reader = Ranged { site, input, size: block.archive.size };
    let (summary, objects) = index_zip(block.archive.identity(), &reader, limits, objects)?;
    site.context.progress.bytes_done(block.archive.size);
    Ok((summary.index, objects))
}

/// Reads ranges of an object from a thread that computes.
struct Ranged<'a> {
    site: &'a Site,
    input: Stretch,
    size: u64,
}

impl RangedReader for Ranged<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let Stretch { store, key, etag, .. } = &self.input;
        let range = offset..offset.saturating_add(len as u64);
        let bytes =
            self.site.runtime.block_on(store.get_range(key, range, Some(etag))).map_err(io::Error::other)?;
        self.site.context.progress.fetched(bytes.len() as u64);
        Ok(bytes.to_vec())
    }
}

fn work(site: &Site, block: &IndexBlock, index: &ArchiveIndex) -> Work {
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
    Work {
        counts: Counts { bytes_in: site.context.progress.snapshot().bytes_fetched, ..Counts::default() },
        output: serde_json::to_value(output).expect("an output is plain data"),
        ..Work::default()
    }
}
