//! Opens the runs of a block: stores, keys and windows.

use crate::{
    input::{Stretch, locate, open_root},
    pipeline::Picked,
};
use std::{collections::HashMap, sync::Arc};
use tarquet_common::{
    archive::Run,
    codes::spec as codes,
    failure::Failure,
    store::{Store, StoreSettings, Stores, Uri},
};
use tarquet_container::{Container, Wanted, zip};

/// Opens runs, each store once.
#[derive(Debug)]
pub(crate) struct Opener<'a> {
    stores: &'a Stores,
    input: &'a StoreSettings,
    index_uri: &'a str,
    index_settings: &'a StoreSettings,
    roots: HashMap<Uri, Arc<dyn Store>>,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(
        stores: &'a Stores,
        input: &'a StoreSettings,
        index_uri: &'a str,
        index_settings: &'a StoreSettings,
    ) -> Self {
        Self { stores, input, index_uri, index_settings, roots: HashMap::new() }
    }

    /// Opens a run. `wanted` says which of its members to pick, by place in the run, and what to call each.
    pub(crate) async fn open(&mut self, run: &Run, wanted: Vec<(u32, usize)>) -> Result<Picked, Failure> {
        let (store, key) = self.locate(&run.archive.uri).await?;
        let range = fetch_range(run, &wanted);
        let stretch = Stretch { store, key, etag: run.archive.etag.clone(), range };
        Ok(Picked {
            archive: run.archive.clone(),
            stretch,
            start: run.start,
            window: self.window(run).await?,
            wanted: wanted.into_iter().map(|(name, at)| (name, wanted_member(run, at))).collect(),
        })
    }

    async fn locate(&mut self, uri: &str) -> Result<(Arc<dyn Store>, String), Failure> {
        let parsed =
            Uri::parse_here(uri).map_err(|e| Failure::new(codes::BAD_URI, e.to_string()).at_uri(uri))?;
        let Some((root, key)) = parsed.split() else { return locate(self.stores, uri, self.input).await };
        if let Some(store) = self.roots.get(&root) {
            return Ok((Arc::clone(store), key.to_owned()));
        }
        let (store, key) = locate(self.stores, uri, self.input).await?;
        self.roots.insert(root, Arc::clone(&store));
        Ok((store, key))
    }

    async fn window(&self, run: &Run) -> Result<Option<bytes::Bytes>, Failure> {
        let (Some(window), Some(key)) = (run.start.window(), &run.index_key) else { return Ok(None) };
        let store = open_root(self.stores, self.index_uri, self.index_settings).await?;
        let bytes = store.get_range(&tarquet_common::archive::windows_key(key), window.range(), None).await;
        bytes.map(Some).map_err(Failure::from)
    }
}

fn wanted_member(run: &Run, at: usize) -> Wanted {
    let m = &run.members[at];
    Wanted { offset: m.offset, size: m.size, check: m.check, zip: m.zip }
}

/// The bytes of the object to fetch. A zip member's local header has a length that only it tells.
fn fetch_range(run: &Run, wanted: &[(u32, usize)]) -> std::ops::Range<u64> {
    if wanted.is_empty() {
        return 0..0;
    }
    match (run.archive.container, run.members.first()) {
        (Container::Zip, Some(first)) => zip::member_range(first.offset, first.stored(), run.archive.size),
        _ => run.start.compressed..run.fetch_to,
    }
}
