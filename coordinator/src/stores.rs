//! Where stores come from, and objects in them that are written once and read back.

use crate::objects;
use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;
use tarquet_common::{
    codes::{cluster, plan, spec as codes},
    failure::Failure,
    store::{Metadata, PutOutcome, Store, StoreError, StoreSettings, Stores, Uri},
};

/// Opens stores by their roots. Opening the same twice is cheap.
#[async_trait]
pub trait OpenStores: Send + Sync + 'static {
    /// Whether stores are opened with these settings. Nothing is reached.
    fn check(&self, settings: &StoreSettings) -> Result<(), StoreError>;

    /// The store at this root.
    async fn open(&self, root: &Uri, settings: &StoreSettings) -> Result<Arc<dyn Store>, StoreError>;
}

#[async_trait]
impl OpenStores for Stores {
    fn check(&self, settings: &StoreSettings) -> Result<(), StoreError> {
        Stores::check(self, settings)
    }

    async fn open(&self, root: &Uri, settings: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
        Stores::open(self, root, settings).await
    }
}

/// Looks whether a job may write its dataset here: nothing lies there but perhaps a claim, and it can be written to.
///
/// # Errors
/// `OUTPUT_NOT_EMPTY`, with the name of the first thing that lies there; `OUTPUT_NOT_A_FOLDER`; what the store said.
pub(crate) async fn output_is_free(output: &dyn Store) -> Result<(), Failure> {
    let at = || output.root().to_string();
    if output.root().path().is_some_and(|path| path.exists() && !path.is_dir()) {
        let failure = Failure::new(plan::OUTPUT_NOT_A_FOLDER, "the output is a file, not a folder");
        return Err(failure.at_uri(at()));
    }
    output.writable().await?;
    // Two, for one of them may be the claim.
    let page = output.list("", None, 2).await?;
    let first = page.objects.iter().map(|o| o.key.as_str()).find(|key| *key != objects::CLAIM_INSIDE);
    let Some(name) = first.or(page.skipped.first().map(|s| s.name.as_str())) else { return Ok(()) };
    Err(Failure::new(plan::OUTPUT_NOT_EMPTY, "the output is not empty")
        .at_uri(at())
        .expected("nothing", name))
}

/// A place that a spec names.
///
/// # Errors
/// `BAD_URI` of specs.
pub(crate) fn parse_uri(text: &str) -> Result<Uri, Failure> {
    Uri::parse_here(text).map_err(|e| Failure::new(codes::BAD_URI, e.to_string()).at_uri(text))
}

/// What became of an object that is written once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Once<T> {
    /// It says what we wanted it to say.
    Ours,
    /// It was there and says this.
    Theirs(T),
}

impl<T> Once<T> {
    /// What the object says, whoever wrote it.
    pub(crate) fn says(self, ours: T) -> T {
        match self {
            Self::Ours => ours,
            Self::Theirs(theirs) => theirs,
        }
    }
}

/// Writes `value` under `key` unless something is there, and says what is there then.
pub(crate) async fn put_once<T>(store: &dyn Store, key: &str, value: &T) -> Result<Once<T>, Failure>
where
    T: Serialize + DeserializeOwned,
{
    let bytes = serde_json::to_vec_pretty(value).expect("our objects have string keys");
    match store.put_if_absent(key, bytes.into(), &Metadata::new()).await? {
        PutOutcome::Created => Ok(Once::Ours),
        PutOutcome::Exists => {
            let theirs = read_json(store, key).await?;
            theirs.map(Once::Theirs).ok_or_else(|| vanished(store, key))
        }
    }
}

/// Nothing deletes our objects; a store that says that one exists, and then that it does not, is still catching up.
pub(crate) fn vanished(store: &dyn Store, key: &str) -> Failure {
    let told = format!("{key} is there and is not");
    Failure::new(cluster::JOB_OBJECT_DAMAGED, told).at_uri(store.root().join(key).to_string())
}

/// Reads an object of ours; `None` if there is none.
pub(crate) async fn read_json<T: DeserializeOwned>(
    store: &dyn Store,
    key: &str,
) -> Result<Option<T>, Failure> {
    let Some(object) = store.get(key, objects::OBJECT_BYTES_MAX).await? else { return Ok(None) };
    serde_json::from_slice(&object.bytes).map(Some).map_err(|e| objects::damaged(store.root(), key, &e))
}
