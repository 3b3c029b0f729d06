//! From indexes to what the pure planner wants to know.

use super::{
    filter::{Filter, Ignored},
    indexes,
    listing::Listing,
    pure::ArchiveTable,
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use tarquet_common::{archive::ArchiveRef, codes::plan as codes, failure::Failure, store::Store};
use tarquet_container::{Container, Member, seek::SeekTable};

/// Indexes read at a time.
const PARALLEL: usize = 16;

/// All archives of a job, as far as they can be read.
#[derive(Debug, Default)]
pub struct Tables {
    /// Archives with members that count, in order.
    pub tables: Vec<ArchiveTable>,
    /// What does not count.
    pub ignored: Ignored,
    /// Members whose name another member of their archive has.
    pub duplicates: u64,
    /// Archives gone on without.
    pub excluded: Vec<String>,
}

/// Loads the tables of all archives. One without an index is left out if `excluded` says so.
///
/// # Errors
/// `INDEX_MISSING` for an archive without an index that is not excluded; `NO_MEMBERS` if nothing counts.
pub async fn load_tables(
    index_store: &dyn Store,
    listing: &Listing,
    filter: &Filter,
    excluded: &(dyn Fn(&ArchiveRef) -> bool + Sync),
) -> Result<Tables, Failure> {
    let loads: Vec<_> = listing.archives.iter().map(|archive| load(index_store, archive).boxed()).collect();
    let mut loads = stream::iter(loads).buffered(PARALLEL);
    let mut all = Tables::default();
    while let Some((archive, index)) = loads.try_next().await? {
        match (archive.container, index) {
            (Container::Loose, _) => all.tables.push(loose(archive)),
            (_, Some(index)) => {
                let table = table(archive, &index, filter, &mut all)?;
                if !table.members.is_empty() {
                    all.tables.push(table);
                }
            }
            (_, None) if excluded(archive) => all.excluded.push(archive.uri.clone()),
            (_, None) => {
                let text = format!("{} has no index", archive.uri);
                return Err(Failure::new(codes::INDEX_MISSING, text).at_uri(&archive.uri));
            }
        }
    }
    if all.tables.is_empty() {
        let text = format!("none of the members of {} archives counts", listing.archives.len());
        return Err(Failure::new(codes::NO_MEMBERS, text));
    }
    Ok(all)
}

async fn load<'a>(
    store: &dyn Store,
    archive: &'a ArchiveRef,
) -> Result<(&'a ArchiveRef, Option<indexes::Index>), Failure> {
    match archive.container {
        Container::Loose => Ok((archive, None)),
        _ => Ok((archive, indexes::load(store, archive).await?)),
    }
}

fn table(
    archive: &ArchiveRef,
    index: &indexes::Index,
    filter: &Filter,
    all: &mut Tables,
) -> Result<ArchiveTable, Failure> {
    let mut members = Vec::new();
    for member in index.members.members() {
        let member = member?;
        if filter.counts(&member, &mut all.ignored) {
            members.push(member.into());
        }
    }
    all.duplicates += index.members.index().duplicates;
    Ok(ArchiveTable {
        archive: archive.clone(),
        index_key: Some(archive.index_key()),
        seek: index.seek.clone(),
        stream: !index.members.index().seekable,
        members,
    })
}

fn loose(archive: &ArchiveRef) -> ArchiveTable {
    let name = archive.uri.rsplit('/').next().unwrap_or(&archive.uri);
    ArchiveTable {
        archive: archive.clone(),
        index_key: None,
        seek: SeekTable::Anywhere,
        stream: false,
        members: vec![Member::loose(name, archive.size).into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{
        kinds::convert::Members,
        store::{LocalStore, Uri},
    };

    fn listing() -> Listing {
        let uri = "file:///in/a.tar".to_owned();
        let archive = ArchiveRef { uri, etag: "e".to_owned(), size: 1024, container: Container::Tar };
        Listing { archives: vec![archive], ignored: 0 }
    }

    #[tokio::test]
    async fn an_archive_has_an_index_or_is_excluded() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalStore::open(&dir.path().to_str().unwrap().parse::<Uri>().unwrap()).unwrap();
        let filter = Filter::new(&Members::default()).unwrap();
        let missing = load_tables(&store, &listing(), &filter, &|_| false).await.unwrap_err();
        assert_eq!(missing.code, codes::INDEX_MISSING);
        assert_eq!(missing.place.uri.as_deref(), Some("file:///in/a.tar"));
        let nothing_left = load_tables(&store, &listing(), &filter, &|_| true).await.unwrap_err();
        assert_eq!(nothing_left.code, codes::NO_MEMBERS);
    }
}
