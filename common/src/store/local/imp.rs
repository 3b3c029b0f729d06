//! [`LocalStore`]: the contract's verbs on a directory.

use super::{area, files, sidecar, uploads, walk};
use crate::{
    chance,
    receipt::Part,
    store::{
        ByteStream, CompleteOutcome, Metadata, Object, ObjectMeta, Page, PutOutcome, Store, StoreError,
        UploadInfo, Uri,
    },
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{
    fs::{self, File, Metadata as Stat},
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::Arc,
};

/// Bytes read at a time by a stream.
const CHUNK_BYTES: u64 = 1 << 20;

/// A store on a directory.
#[derive(Clone, Debug)]
pub struct LocalStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: Uri,
    dir: PathBuf,
    area: PathBuf,
}

impl LocalStore {
    /// The store at a directory, which is made when something is written. Its area is the directory above (or the
    /// root itself) whose name ends in `.tarquet`, or else the root's sibling of that name.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for a URI that is not a path.
    pub fn open(root: &Uri) -> Result<Self, StoreError> {
        let area = match root.path().and_then(area::beside) {
            Some(area) => area,
            // The file system's root has no sibling; nothing is written there.
            None => PathBuf::from("/.tarquet"),
        };
        Self::with_area(root, area)
    }

    /// The store at a directory, with the area given.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for a URI that is not a path.
    pub fn with_area(root: &Uri, area: PathBuf) -> Result<Self, StoreError> {
        let Some(dir) = root.path() else {
            return Err(StoreError::Unsupported {
                operation: "open",
                uri: root.to_string(),
                detail: "it is not a path".to_owned(),
            });
        };
        Ok(Self(Arc::new(Inner { root: root.clone(), dir: dir.to_owned(), area })))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = self.0.clone();
        run_blocking(move || work(&inner)).await
    }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Unreachable {
                operation: "use",
                uri: "the file system".to_owned(),
                detail: "the process is shutting down".to_owned(),
            }),
        },
    }
}

impl Inner {
    /// The file of a key, which may not lead anywhere else.
    fn path(&self, key: &str) -> Result<PathBuf, StoreError> {
        let bad = |why| StoreError::BadKey { key: key.to_owned(), why };
        if key.is_empty() || key.contains('\0') {
            return Err(bad("it is empty or has a NUL character"));
        }
        if key.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(bad("a part of it is empty, `.` or `..`"));
        }
        if key.split('/').any(|part| part.len() > 255) {
            return Err(bad("a part of it has more than 255 bytes"));
        }
        let path = self.dir.join(key);
        if self.hidden().iter().any(|h| path.starts_with(h)) {
            return Err(bad("the directory is Tarquet's own"));
        }
        Ok(path)
    }

    fn hidden(&self) -> [PathBuf; 2] {
        [self.area.join("uploads"), self.area.join("meta")]
    }

    fn meta(&self, key: &str, stat: &Stat) -> Result<ObjectMeta, StoreError> {
        Ok(ObjectMeta {
            key: key.to_owned(),
            size: stat.len(),
            etag: files::etag(stat),
            modified_ms: files::mtime_ms(stat),
            metadata: sidecar::read(&self.area, stat)?,
        })
    }

    fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        let path = self.path(key)?;
        match fs::metadata(&path) {
            Ok(stat) if stat.is_file() => self.meta(key, &stat).map(Some),
            Ok(_) => Ok(None),
            Err(e) if files::is_absent(&e) => Ok(None),
            Err(e) => Err(StoreError::from_io("look at", &path, e)),
        }
    }

    fn get(&self, key: &str, max: u64) -> Result<Option<Object>, StoreError> {
        let path = self.path(key)?;
        let Some((file, stat)) = files::open_regular(&path)? else { return Ok(None) };
        if stat.len() > max {
            return Err(StoreError::TooLarge { uri: path.display().to_string(), max, found: stat.len() });
        }
        let open = Opened { etag: files::etag(&stat), file, path };
        let bytes = open.read(0..stat.len())?;
        Ok(Some(Object { meta: self.meta(key, &stat)?, bytes }))
    }

    fn open(&self, key: &str, range: &Range<u64>, if_match: Option<&str>) -> Result<Opened, StoreError> {
        let path = self.path(key)?;
        let uri = || path.display().to_string();
        let Some((file, stat)) = files::open_regular(&path)? else {
            return Err(StoreError::NotFound { uri: uri() });
        };
        let etag = files::etag(&stat);
        if let Some(expected) = if_match.filter(|e| *e != etag) {
            return Err(StoreError::Changed { uri: uri(), expected: expected.to_owned(), found: etag });
        }
        if range.end > stat.len() {
            let expected = format!("at least {} bytes", range.end);
            return Err(StoreError::Changed { uri: uri(), expected, found: format!("{} bytes", stat.len()) });
        }
        Ok(Opened { file, path, etag })
    }

    fn put(
        &self,
        key: &str,
        bytes: &[u8],
        metadata: &Metadata,
        replace: bool,
    ) -> Result<Option<String>, StoreError> {
        let path = self.path(key)?;
        let old = fs::metadata(&path).ok();
        if old.is_some() && !replace {
            return Ok(None);
        }
        let uploads = self.area.join("uploads");
        files::ensure_dir(&uploads)?;
        let temp = uploads.join(format!("tmp-{}", chance::hex()));
        let stat = files::write_new(&temp, &[bytes])?;
        let published =
            sidecar::keep(&self.area, &stat, metadata).and_then(|()| files::publish(&temp, &path, replace));
        if !matches!(published, Ok(true)) {
            files::remove(&temp);
        }
        if !published? {
            sidecar::forget(&self.area, &stat);
            return Ok(None);
        }
        if let Some(old) = old {
            sidecar::forget(&self.area, &old);
        }
        let stat = fs::metadata(&path).map_err(|e| StoreError::from_io("look at", &path, e))?;
        Ok(Some(files::etag(&stat)))
    }

    fn is_same(&self, key: &str, bytes: &[u8], metadata: &Metadata) -> Result<bool, StoreError> {
        let size = bytes.len() as u64;
        if self.head(key)?.is_none_or(|there| there.size != size) {
            return Ok(false);
        }
        let there = self.get(key, size)?;
        Ok(there.is_some_and(|o| o.bytes == bytes && &o.meta.metadata == metadata))
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        let path = self.path(key)?;
        let Ok(stat) = fs::metadata(&path) else { return Ok(()) };
        if !stat.is_file() {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Ok(()) => sidecar::forget(&self.area, &stat),
            Err(e) if files::is_absent(&e) => {}
            Err(e) => return Err(StoreError::from_io("remove", &path, e)),
        }
        path.parent().map_or(Ok(()), files::sync_dir)
    }

    /// Between the look and the removal another could write: of writers that replace there are none under a conditional name.
    fn delete_if(&self, key: &str, etag: &str) -> Result<bool, StoreError> {
        match self.head(key)? {
            Some(meta) if meta.etag != etag => Ok(false),
            Some(_) => self.delete(key).map(|()| true),
            None => Ok(true),
        }
    }

    fn no_upload(&self, key: &str, upload_id: &str) -> StoreError {
        StoreError::NotFound { uri: format!("upload {upload_id} of {}", self.root.join(key)) }
    }
}

/// A file in the state that its tag names.
struct Opened {
    file: File,
    path: PathBuf,
    etag: String,
}

impl Opened {
    /// Exactly the bytes of the range; an overwrite in the meantime is noticed.
    fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let failed = |e| StoreError::from_io("read", &self.path, e);
        let len = usize::try_from(range.end - range.start).map_err(|e| failed(io::Error::other(e)))?;
        let mut bytes = vec![0; len];
        let read = self.file.read_exact_at(&mut bytes, range.start);
        let now = self.file.metadata().map_err(failed)?;
        let found = files::etag(&now);
        if found != self.etag {
            let uri = self.path.display().to_string();
            return Err(StoreError::Changed { uri, expected: self.etag.clone(), found });
        }
        read.map_err(failed)?;
        Ok(bytes.into())
    }
}

#[async_trait]
impl Store for LocalStore {
    fn root(&self) -> &Uri {
        &self.0.root
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        let key = key.to_owned();
        self.run(move |s| s.head(&key)).await
    }

    async fn get(&self, key: &str, max_bytes: u64) -> Result<Option<Object>, StoreError> {
        let key = key.to_owned();
        self.run(move |s| s.get(&key, max_bytes)).await
    }

    async fn get_range(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<Bytes, StoreError> {
        let (key, if_match) = (key.to_owned(), if_match.map(str::to_owned));
        self.run(move |s| s.open(&key, &range, if_match.as_deref())?.read(range)).await
    }

    async fn get_stream(
        &self,
        key: &str,
        range: Range<u64>,
        if_match: Option<&str>,
    ) -> Result<ByteStream, StoreError> {
        let (key, if_match, asked) = (key.to_owned(), if_match.map(str::to_owned), range.clone());
        let open = self.run(move |s| s.open(&key, &asked, if_match.as_deref())).await?;
        let state = (Arc::new(open), range);
        let chunks = stream::try_unfold(state, |(open, left)| async move {
            if left.is_empty() {
                return Ok(None);
            }
            let cut = left.end.min(left.start + CHUNK_BYTES);
            let (file, now) = (open.clone(), left.start..cut);
            let bytes = run_blocking(move || file.read(now)).await?;
            Ok(Some((bytes, (open, cut..left.end))))
        });
        Ok(chunks.boxed())
    }

    async fn list(&self, prefix: &str, start_after: Option<&str>, limit: usize) -> Result<Page, StoreError> {
        let (prefix, after) = (prefix.to_owned(), start_after.map(str::to_owned));
        self.run(move |s| {
            let hidden = s.hidden();
            let start_after = after.as_deref();
            walk::list(&walk::Ask { root: &s.dir, hidden: &hidden, prefix: &prefix, start_after, limit })
        })
        .await
    }

    async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        metadata: &Metadata,
    ) -> Result<PutOutcome, StoreError> {
        let (key, metadata) = (key.to_owned(), metadata.clone());
        self.run(move |s| {
            let created =
                s.put(&key, &bytes, &metadata, false)?.is_some() || s.is_same(&key, &bytes, &metadata)?;
            Ok(if created { PutOutcome::Created } else { PutOutcome::Exists })
        })
        .await
    }

    async fn put(&self, key: &str, bytes: Bytes, metadata: &Metadata) -> Result<String, StoreError> {
        let (key, metadata) = (key.to_owned(), metadata.clone());
        self.run(move |s| Ok(s.put(&key, &bytes, &metadata, true)?.expect("a replacing put has written")))
            .await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.run(move |s| s.delete(&key)).await
    }

    async fn delete_if(&self, key: &str, etag: &str) -> Result<bool, StoreError> {
        let (key, etag) = (key.to_owned(), etag.to_owned());
        self.run(move |s| s.delete_if(&key, &etag)).await
    }

    async fn writable(&self) -> Result<(), StoreError> {
        self.run(|s| {
            // Beside the root goes what is not visible yet.
            files::may_write(&s.dir)?;
            files::may_write(&s.area)
        })
        .await
    }

    async fn begin_upload(&self, key: &str, metadata: &Metadata) -> Result<String, StoreError> {
        let (key, metadata) = (key.to_owned(), metadata.clone());
        self.run(move |s| {
            s.path(&key)?;
            uploads::begin(&s.area, s.root.as_str(), &key, &metadata)
        })
        .await
    }

    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Bytes,
    ) -> Result<Part, StoreError> {
        let (key, id) = (key.to_owned(), upload_id.to_owned());
        self.run(move |s| {
            if !(1..=uploads::PARTS_MAX).contains(&number) {
                return Err(StoreError::BadKey { key, why: "its part has a number outside 1 to 10,000" });
            }
            let Some(dir) = uploads::Dir::of(&s.area, &id) else { return Err(s.no_upload(&key, &id)) };
            uploads::part(&dir, number, &bytes)?.ok_or_else(|| s.no_upload(&key, &id))
        })
        .await
    }

    async fn list_parts(&self, _key: &str, upload_id: &str) -> Result<Option<Vec<Part>>, StoreError> {
        let id = upload_id.to_owned();
        self.run(move |s| uploads::Dir::of(&s.area, &id).map_or(Ok(None), |dir| uploads::parts(&dir))).await
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
        if_absent: bool,
    ) -> Result<CompleteOutcome, StoreError> {
        let (key, id, parts) = (key.to_owned(), upload_id.to_owned(), parts.to_vec());
        self.run(move |s| {
            let to = s.path(&key)?;
            match uploads::Dir::of(&s.area, &id) {
                Some(dir) => uploads::complete(&s.area, &dir, &parts, &to, if_absent),
                None => Ok(CompleteOutcome::NoSuchUpload),
            }
        })
        .await
    }

    async fn abort_upload(&self, _key: &str, upload_id: &str) -> Result<(), StoreError> {
        let id = upload_id.to_owned();
        self.run(move |s| uploads::Dir::of(&s.area, &id).map_or(Ok(()), |dir| uploads::remove(&dir))).await
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UploadInfo>, StoreError> {
        let prefix = prefix.to_owned();
        self.run(move |s| uploads::list(&s.area, s.root.as_str(), &prefix)).await
    }

    async fn remove_temporaries(&self, before_ms: u64) -> Result<u64, StoreError> {
        self.run(move |s| area::remove_temporaries(&s.area, before_ms)).await
    }
}
