//! The store as one process reaches it: every request travels by itself, and may be lost, late, or answered by nobody.

use super::{
    objects::Objects,
    world::{Process, World},
};
use crate::stores::OpenStores;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use std::{fmt, ops::Range, sync::Arc, time::Duration};
use tarquet_common::{
    receipt::Part,
    store::{
        ByteStream, CompleteOutcome, Metadata, Object, ObjectMeta, Page, PutOutcome, Store, StoreError,
        StoreSettings, UploadInfo, Uri,
    },
};
use tarquet_core::RoundEnd;
use tokio::sync::oneshot;

/// How long anybody waits for an answer of the store.
const PATIENCE_MS: u64 = 400;
/// How late a request may land after nobody waits for it any more.
const LATE_MS: (u64, u64) = (500, 8_000);
/// Times that a conditional write is sent.
const TRIES: u32 = 3;

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    /// It never lands.
    Lost,
    /// It lands and nobody hears so.
    Unheard,
    /// It lands when nobody waits any more.
    Late,
}

/// A root in the store, as a process sees it.
pub(super) struct SimStore {
    root: Uri,
    world: Arc<World>,
    process: Arc<Process>,
}

/// Opens roots for a process.
pub(super) struct SimStores(pub(super) Arc<World>, pub(super) Arc<Process>);

impl fmt::Debug for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimStore({}, process {})", self.root, self.process.id)
    }
}

impl SimStores {
    pub(super) fn at(&self, root: &Uri) -> SimStore {
        SimStore { root: root.clone(), world: self.0.clone(), process: self.1.clone() }
    }
}

#[async_trait]
impl OpenStores for SimStores {
    fn check(&self, _: &StoreSettings) -> Result<(), StoreError> {
        Ok(())
    }

    async fn open(&self, root: &Uri, _: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(self.at(root)))
    }
}

impl SimStore {
    fn name(&self, key: &str) -> String {
        format!("{}/{key}", self.root)
    }

    fn unreachable(&self, operation: &'static str, key: &str) -> StoreError {
        let detail = "no answer in time".to_owned();
        StoreError::Unreachable { operation, uri: self.name(key), detail }
    }

    /// A write whose answer is `None` if nobody knows what became of it.
    async fn write<T: Send + 'static>(
        &self,
        what: &'static str,
        key: &str,
        act: impl FnOnce(&mut Objects, u64) -> T + Send + 'static,
    ) -> Option<T> {
        let fate = self.fate(key, self.world.faults.request);
        match fate {
            Fate::Answered => {}
            Fate::Lost => self.world.fire("request lost"),
            Fate::Unheard => self.world.fire("answer of the store lost"),
            Fate::Late => self.world.fire("request late"),
        }
        self.send(what, key, fate, act).await
    }

    /// A read; what is lost of it is all the same.
    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        key: &str,
        act: impl FnOnce(&mut Objects, u64) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let fate = match self.fate(key, self.world.faults.request) {
            Fate::Answered => Fate::Answered,
            _ => Fate::Lost,
        };
        self.send(what, key, fate, act).await.ok_or_else(|| self.unreachable(what, key))
    }

    fn fate(&self, key: &str, permille: u64) -> Fate {
        // What a probe finds out is the store's habits, not its mishaps.
        if key.starts_with("probe-") || !self.world.faulty() || !self.world.permille(permille) {
            return Fate::Answered;
        }
        match self.world.range(0, 2) {
            0 => Fate::Lost,
            1 => Fate::Unheard,
            _ => Fate::Late,
        }
    }

    /// Sends a request off. It lands whatever becomes of whoever sent it.
    async fn send<T: Send + 'static>(
        &self,
        what: &'static str,
        key: &str,
        fate: Fate,
        act: impl FnOnce(&mut Objects, u64) -> T + Send + 'static,
    ) -> Option<T> {
        self.process.alive().await;
        let (answer, answered) = oneshot::channel();
        let slow = self.world.faulty() && self.world.permille(self.world.faults.request);
        let there = match fate {
            Fate::Late => self.world.range(LATE_MS.0, LATE_MS.1),
            _ => self.world.range(0, 5),
        };
        let back = self.world.range(0, if slow { PATIENCE_MS } else { 5 });
        if slow {
            self.world.fire("answer of the store delayed");
        }
        if fate != Fate::Lost {
            let (world, process, name) = (self.world.clone(), self.process.clone(), self.name(key));
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(there)).await;
                if process.is_dead() && !matches!(what, "head" | "get" | "list" | "list_parts") {
                    world.fire("request landed after its process died");
                }
                if !name.contains("/probe-") {
                    world.note(what, &name);
                }
                let said = act(&mut world.objects(), world.now());
                tokio::time::sleep(Duration::from_millis(back)).await;
                answer.send(said).ok();
            });
        }
        let said = match fate {
            Fate::Answered => answered.await.ok(),
            _ => {
                tokio::time::sleep(Duration::from_millis(PATIENCE_MS)).await;
                None
            }
        };
        self.process.alive().await;
        said
    }

    fn complete_fate(&self) -> Option<Fate> {
        if !self.world.faulty() || !self.world.permille(self.world.faults.complete) {
            return Some(Fate::Answered);
        }
        let (what, fate) = match self.world.range(0, 3) {
            0 => ("Complete not done, answer unclear", Some(Fate::Lost)),
            1 => ("Complete done, answer unclear", Some(Fate::Unheard)),
            2 => ("Complete done later, answer unclear", Some(Fate::Late)),
            _ => ("Complete conflicts", None),
        };
        self.world.fire(what);
        fate
    }
}

/// A round that has ended, and that somebody ends otherwise.
fn two_ends(objects: &Objects, name: &str, ours: &[u8]) -> Option<&'static str> {
    let theirs = &objects.objects[name].bytes;
    let end = |bytes: &[u8]| serde_json::from_slice::<RoundEnd>(bytes).ok();
    Some(match (end(theirs)?, end(ours)?) {
        (RoundEnd::Void(_), RoundEnd::Receipt(_)) => "receipt of a round that is over",
        (RoundEnd::Receipt(_), RoundEnd::Void(_)) => "round that was to be over has a receipt",
        (RoundEnd::Receipt(_), RoundEnd::Excluded { .. }) => {
            "shard that was to be gone without has a receipt"
        }
        (RoundEnd::Excluded { .. }, RoundEnd::Void(_)) => "shard that was to be opened is gone without",
        _ => return None,
    })
}

#[async_trait]
impl Store for SimStore {
    fn root(&self) -> &Uri {
        &self.root
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        let (name, key_too) = (self.name(key), key.to_owned());
        self.read("head", key, move |o, _| o.objects.get(&name).map(|s| s.meta(&key_too))).await
    }

    async fn get(&self, key: &str, _: u64) -> Result<Option<Object>, StoreError> {
        let name = self.name(key);
        self.read("get", key, move |o, _| o.get(&name)).await
    }

    async fn get_range(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        let uri = self.name(key);
        let object =
            self.get(key, u64::MAX).await?.ok_or_else(|| StoreError::NotFound { uri: uri.clone() })?;
        let (found, size) = (object.meta.etag, object.meta.size);
        if range.end > size || if_match.is_some_and(|etag| etag != found) {
            return Err(StoreError::Changed {
                uri,
                expected: if_match.unwrap_or_default().to_owned(),
                found,
            });
        }
        let at = |n: u64| usize::try_from(n).expect("objects are small");
        Ok(object.bytes.slice(at(range.start)..at(range.end)))
    }

    async fn get_stream(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<ByteStream, StoreError> {
        let bytes = self.get_range(key, range, if_match).await?;
        Ok(futures::stream::iter([Ok(bytes)]).boxed())
    }

    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        let (root, prefix_too, after) =
            (self.root.clone(), prefix.to_owned(), start_after.map(str::to_owned));
        self.read("list", prefix, move |o, _| o.list(&root, &prefix_too, after.as_deref(), limit)).await
    }

    async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<PutOutcome, StoreError> {
        for _ in 0..TRIES {
            let (world, name, bytes, metadata) =
                (self.world.clone(), self.name(key), bytes.clone(), metadata.clone());
            let put = self.write("put_if_absent", key, move |o, now| {
                let was = o.objects.contains_key(&name);
                let said = o.put_if_absent(&name, &bytes, &metadata, now);
                if !was {
                    world.checks().written(&world, o, &name);
                } else if let Some(met) = two_ends(o, &name, &bytes) {
                    world.fire(met);
                }
                said
            });
            if let Some(said) = put.await {
                return Ok(said);
            }
        }
        Err(self.unreachable("put_if_absent", key))
    }

    async fn put(&self, key: &str, bytes: Bytes, metadata: &Metadata) -> Result<String, StoreError> {
        let (name, metadata) = (self.name(key), metadata.clone());
        self.world.must(key.starts_with("probe-"), || format!("{name} is written without a condition"));
        let put = self.write("put", key, move |o, now| o.put(&name, bytes, metadata, now));
        put.await.ok_or_else(|| self.unreachable("put", key))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let name = self.name(key);
        let ours = name.contains(".tarquet/") || name.contains("/registry/");
        self.world.must(ours, || format!("{name} is deleted"));
        let delete = self.write("delete", key, move |o, _| drop(o.objects.remove(&name)));
        delete.await.ok_or_else(|| self.unreachable("delete", key))
    }

    async fn delete_if(&self, key: &str, etag: &str) -> Result<bool, StoreError> {
        let (name, etag) = (self.name(key), etag.to_owned());
        let delete = self.write("delete_if", key, move |o, _| {
            let other = o.objects.get(&name).is_some_and(|there| there.etag != etag);
            if !other {
                o.objects.remove(&name);
            }
            !other
        });
        delete.await.ok_or_else(|| self.unreachable("delete_if", key))
    }

    async fn begin_upload(&self, key: &str, metadata: &Metadata) -> Result<String, StoreError> {
        let (name, metadata) = (self.name(key), metadata.clone());
        let begin = self.write("begin_upload", key, move |o, now| o.begin_upload(&name, metadata, now));
        begin.await.ok_or_else(|| self.unreachable("begin_upload", key))
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Part, StoreError> {
        let (name, id) = (self.name(key), upload_id.to_owned());
        let sent = self.write("upload_part", key, move |o, _| o.upload_part(&name, &id, number, bytes));
        let part = sent.await.ok_or_else(|| self.unreachable("upload_part", key))?;
        part.ok_or_else(|| StoreError::NotFound { uri: self.name(key) })
    }

    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        let (name, id) = (self.name(key), upload_id.to_owned());
        self.read("list_parts", key, move |o, _| o.list_parts(&name, &id)).await
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
        if_absent: bool,
    ) -> Result<CompleteOutcome, StoreError> {
        let (name, id, parts) = (self.name(key), upload_id.to_owned(), parts.to_vec());
        self.world.must(if_absent, || format!("{name} is completed without a condition"));
        let probing = key.starts_with("probe-");
        let Some(fate) = (if probing { Some(Fate::Answered) } else { self.complete_fate() }) else {
            self.process.alive().await;
            return Ok(CompleteOutcome::Conflict);
        };
        let world = self.world.clone();
        let complete = self.send("complete_upload", key, fate, move |o, now| {
            let said = o.complete(&name, &id, &parts, now);
            if matches!(said, CompleteOutcome::Published { .. }) {
                world.checks().visible(&world, o, &name);
            }
            said
        });
        let unclear = || CompleteOutcome::Unclear { detail: "no answer in time".to_owned() };
        Ok(complete.await.unwrap_or_else(unclear))
    }

    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        let (name, id) = (self.name(key), upload_id.to_owned());
        let abort = self.write("abort_upload", key, move |o, _| {
            if o.uploads.get(&id).is_some_and(|u| u.uri == name) {
                o.uploads.remove(&id);
            }
        });
        abort.await.ok_or_else(|| self.unreachable("abort_upload", key))
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UploadInfo>, StoreError> {
        let (root, prefix_too, process) = (self.root.clone(), prefix.to_owned(), self.process.id);
        self.read("list_uploads", prefix, move |o, _| o.list_uploads(&root, &prefix_too, process)).await
    }
}
