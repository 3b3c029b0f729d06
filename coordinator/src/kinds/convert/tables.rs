//! From indexes to what the pure planner wants to know.

use super::{
    filter::{Filter, Ignored},
    indexes,
    shape::ArchiveTable,
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};
use tarquet_common::{
    archive::{ArchiveRef, Container, Member},
    codes::plan as codes,
    failure::Failure,
    store::Store,
    units::Bytes,
};
use tarquet_container::seek::SeekTable;
use tokio::sync::Semaphore;

/// Indexes read at a time.
const PARALLEL: usize = 16;
/// Bytes of lists of members that are held at a time, as they are stored.
const STORED_BYTES: u64 = 1 << 30;
/// Bytes of members that a job may have: names, and what is known of each. Planning holds all of them, and most a second
/// time in the blocks of the plan. Some thirteen million members have names of ordinary lengths.
const MEMBERS_BYTES: u64 = 2 << 30;

/// The archives of a job, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// How many archives were looked at.
    pub(super) archives: usize,
    /// Archives with members that count, in order.
    pub(super) tables: Vec<ArchiveTable>,
    /// What does not count.
    pub(super) ignored: Ignored,
    /// Members whose name another member of their archive has.
    pub(super) duplicates: u64,
    /// Archives that have no index and need one, in order.
    pub(super) unindexed: Vec<ArchiveRef>,
}

/// Loads the tables of all `archives` that can be known: loose objects, and what has an index.
///
/// # Errors
/// What the store said; an index that is not what it should be; `TOO_MANY_MEMBERS`.
pub(super) async fn load_tables(
    index_store: &dyn Store,
    archives: &[ArchiveRef],
    filter: &Filter,
) -> Result<Tables, Failure> {
    let room = Room::new(STORED_BYTES, MEMBERS_BYTES);
    load_within(index_store, archives, filter, &room).await
}

async fn load_within(
    index_store: &dyn Store,
    archives: &[ArchiveRef],
    filter: &Filter,
    room: &Room,
) -> Result<Tables, Failure> {
    let loads: Vec<_> = archives.iter().map(|a| load(index_store, a, filter, room).boxed()).collect();
    let mut loads = stream::iter(loads).buffered(PARALLEL);
    let mut all = Tables { archives: archives.len(), ..Tables::default() };
    while let Some(loaded) = loads.try_next().await? {
        match loaded {
            Loaded::Table { table, ignored, duplicates } => {
                all.ignored.add(ignored);
                all.duplicates += duplicates;
                if !table.members.is_empty() {
                    all.tables.push(table);
                }
            }
            Loaded::Unindexed(archive) => all.unindexed.push(archive.clone()),
        }
    }
    Ok(all)
}

/// Memory that loading may take.
struct Room {
    /// Mebibytes of lists as they are stored.
    stored: Semaphore,
    /// Bytes of members that are left.
    members: AtomicI64,
}

impl Room {
    fn new(stored: u64, members: u64) -> Self {
        let mebibytes = usize::try_from(stored >> 20).expect("a thousand or so");
        let members = AtomicI64::new(i64::try_from(members).expect("some gibibytes"));
        Self { stored: Semaphore::new(mebibytes), members }
    }

    /// Takes what one member needs.
    fn member(&self, member: &Member) -> bool {
        let bytes = (size_of::<Member>() + member.name.len()).cast_signed() as i64;
        self.members.fetch_sub(bytes, Relaxed) >= bytes
    }
}

/// What there is to know of an archive.
enum Loaded<'a> {
    Table { table: ArchiveTable, ignored: Ignored, duplicates: u64 },
    Unindexed(&'a ArchiveRef),
}

async fn load<'a>(
    store: &dyn Store,
    archive: &'a ArchiveRef,
    filter: &Filter,
    room: &Room,
) -> Result<Loaded<'a>, Failure> {
    if archive.container == Container::Loose {
        return Ok(Loaded::Table { table: loose(archive), ignored: Ignored::default(), duplicates: 0 });
    }
    let stored = indexes::members_bytes(store, archive).await?.min(STORED_BYTES);
    let mebibytes = u32::try_from(stored.div_ceil(1 << 20)).expect("a thousand or so");
    let _held = room.stored.acquire_many(mebibytes).await.expect("it is never closed");
    match indexes::load(store, archive, STORED_BYTES).await? {
        Some(index) => indexed(archive, &index, filter, room),
        None => Ok(Loaded::Unindexed(archive)),
    }
}

fn loose(archive: &ArchiveRef) -> ArchiveTable {
    let name = archive.uri.rsplit('/').next().unwrap_or(&archive.uri);
    ArchiveTable {
        archive: archive.clone(),
        index_key: None,
        seek: SeekTable::Anywhere,
        stream: false,
        members: vec![Member::loose(name, archive.size)],
    }
}

fn indexed<'a>(
    archive: &ArchiveRef,
    index: &indexes::Index,
    filter: &Filter,
    room: &Room,
) -> Result<Loaded<'a>, Failure> {
    let (mut members, mut ignored) = (Vec::new(), Ignored::default());
    for member in index.members.members() {
        let member = member?;
        if !filter.counts(&member, &mut ignored) {
            continue;
        }
        if !room.member(&member) {
            let told = format!("the members of the job need more than {} to plan", Bytes(MEMBERS_BYTES));
            return Err(Failure::new(codes::TOO_MANY_MEMBERS, told).at_uri(&archive.uri));
        }
        members.push(member);
    }
    let table = ArchiveTable {
        archive: archive.clone(),
        index_key: Some(archive.index_key()),
        seek: index.seek.clone(),
        stream: !index.members.index().seekable,
        members,
    };
    Ok(Loaded::Table { table, ignored, duplicates: index.members.index().duplicates })
}

impl Tables {
    /// All that can be planned: nothing lacks its index but what is to be gone `without`.
    ///
    /// # Errors
    /// `INDEX_MISSING`; `NO_MEMBERS` if nothing counts.
    pub(super) fn to_plan(&self, without: &BTreeSet<String>) -> Result<&[ArchiveTable], Failure> {
        if let Some(archive) = self.unindexed.iter().find(|archive| !without.contains(&archive.uri)) {
            let text = format!("{} has no index", archive.uri);
            return Err(Failure::new(codes::INDEX_MISSING, text).at_uri(&archive.uri));
        }
        if self.tables.is_empty() {
            let text = format!("none of the members of {} archives counts", self.archives);
            return Err(Failure::new(codes::NO_MEMBERS, text));
        }
        Ok(&self.tables)
    }

    /// What people should know of them.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (kind, n) in &self.ignored.not_files {
            warnings.push(format!("{n} members that match are of kind {kind}: reported, not followed"));
        }
        if self.ignored.unmatched > 0 {
            let n = self.ignored.unmatched;
            warnings.push(format!("{n} members do not match the member filter and are ignored"));
        }
        if self.duplicates > 0 {
            let n = self.duplicates;
            warnings.push(format!("{n} members have a name that another member has; each counts"));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{
        archive::{members_key, windows_key},
        kinds::convert::Members,
        store::{LocalStore, Metadata, Uri},
    };
    use tarquet_container::{
        index::{IndexBuilder, IndexLimits, IndexObjects},
        seek::Spacing,
    };

    #[tokio::test]
    async fn an_archive_has_an_index_or_is_gone_without() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalStore::open(&dir.path().to_str().unwrap().parse::<Uri>().unwrap()).unwrap();
        let filter = Filter::new(&Members::default()).unwrap();
        let uri = "file:///in/a.tar".to_owned();
        let archive =
            ArchiveRef { uri: uri.clone(), etag: "e".to_owned(), size: 1024, container: Container::Tar };
        let tables = load_tables(&store, &[archive], &filter).await.unwrap();
        let missing = tables.to_plan(&BTreeSet::new()).unwrap_err();
        assert_eq!(missing.code, codes::INDEX_MISSING);
        assert_eq!(missing.place.uri.as_deref(), Some("file:///in/a.tar"));
        let nothing_left = tables.to_plan(&BTreeSet::from([uri])).unwrap_err();
        assert_eq!(nothing_left.code, codes::NO_MEMBERS);
    }

    /// A tar of empty files of one name.
    fn tar(name: &str, files: usize) -> Vec<u8> {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(b"00000000000\0");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        [header.repeat(files), vec![0; 1024]].concat()
    }

    #[tokio::test]
    async fn members_are_counted_before_they_are_held() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalStore::open(&dir.path().to_str().unwrap().parse::<Uri>().unwrap()).unwrap();
        let filter = Filter::new(&Members::default()).unwrap();
        let bytes = tar("some.h5", 10);
        let size = bytes.len() as u64;
        let archive = ArchiveRef {
            uri: "file:///in/a.tar".to_owned(),
            etag: "e".to_owned(),
            size,
            container: Container::Tar,
        };
        let objects = IndexObjects { members: Vec::new(), windows: Vec::new() };
        let spacing = Spacing::for_partition(1 << 30);
        let mut builder =
            IndexBuilder::new(archive.identity(), Container::Tar, spacing, IndexLimits::default(), objects)
                .unwrap();
        builder.feed(&bytes).unwrap();
        let (_, made) = builder.finish().unwrap();
        let key = archive.index_key();
        for (key, bytes) in [(members_key(&key), made.members), (windows_key(&key), made.windows)] {
            store.put(&key, bytes.into(), &Metadata::new()).await.unwrap();
        }
        let archives = [archive.clone(), archive];
        let each = (size_of::<Member>() + "some.h5".len()) as u64;
        let within = async |members| {
            let tables = load_within(&store, &archives, &filter, &Room::new(STORED_BYTES, members)).await?;
            Ok::<_, Failure>(tables.tables.iter().map(|t| t.members.len()).sum::<usize>())
        };
        assert_eq!(within(20 * each).await.unwrap(), 20, "of both archives");
        assert_eq!(within(20 * each - 1).await.unwrap_err().code, codes::TOO_MANY_MEMBERS);
        // One list at a time, as if each were as large as may be held.
        let narrow = Room::new(1 << 20, MEMBERS_BYTES);
        let tables = load_within(&store, &vec![archives[0].clone(); 50], &filter, &narrow).await.unwrap();
        assert_eq!(tables.tables.len(), 50);
    }
}
