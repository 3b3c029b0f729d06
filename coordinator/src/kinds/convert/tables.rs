//! From indexes to what the pure planner wants to know.

use super::{
    filter::{Filter, Ignored},
    indexes,
    shape::ArchiveTable,
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;
use tarquet_common::{
    archive::{ArchiveRef, Container, Member},
    codes::plan as codes,
    failure::Failure,
    store::Store,
};
use tarquet_container::seek::SeekTable;

/// Indexes read at a time.
const PARALLEL: usize = 16;

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
/// What the store said; an index that is not what it should be.
pub(super) async fn load_tables(
    index_store: &dyn Store,
    archives: &[ArchiveRef],
    filter: &Filter,
) -> Result<Tables, Failure> {
    let loads: Vec<_> = archives.iter().map(|archive| load(index_store, archive).boxed()).collect();
    let mut loads = stream::iter(loads).buffered(PARALLEL);
    let mut all = Tables { archives: archives.len(), ..Tables::default() };
    while let Some((archive, index)) = loads.try_next().await? {
        match (archive.container, index) {
            (Container::Loose, _) => all.tables.push(loose(archive)),
            (_, Some(index)) => {
                let table = all.table(archive, &index, filter)?;
                if !table.members.is_empty() {
                    all.tables.push(table);
                }
            }
            (_, None) => all.unindexed.push(archive.clone()),
        }
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

impl Tables {
    fn table(
        &mut self,
        archive: &ArchiveRef,
        index: &indexes::Index,
        filter: &Filter,
    ) -> Result<ArchiveTable, Failure> {
        let mut members = Vec::new();
        for member in index.members.members() {
            let member = member?;
            if filter.counts(&member, &mut self.ignored) {
                members.push(member);
            }
        }
        self.duplicates += index.members.index().duplicates;
        Ok(ArchiveTable {
            archive: archive.clone(),
            index_key: Some(archive.index_key()),
            seek: index.seek.clone(),
            stream: !index.members.index().seekable,
            members,
        })
    }

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
        kinds::convert::Members,
        store::{LocalStore, Uri},
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
}
