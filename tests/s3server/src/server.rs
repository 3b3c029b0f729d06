//! Starting, steering and stopping a server.

use crate::{
    blob::{Blob, Blobs, Content},
    bodies::Cut,
    faults::{Fault, FaultHandle, Faults},
    http_layer::Layer,
    service::{Access, Backend, Service, now},
    state::{Bucket, Object, State},
    stats::{Log, Stats},
};
use bytes::Bytes;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::{
    auth::SimpleAuth,
    dto::{AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleRule, LifecycleRuleFilter},
    service::S3ServiceBuilder,
};
use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::oneshot;

/// How the server treats `If-None-Match` and `If-Match`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conditions {
    /// As S3 does.
    #[default]
    Honoured,
    /// Not on CompleteMultipartUpload, as some gateways.
    IgnoredOnComplete,
    /// Not at all, as some stores; reads do not look at `If-Match` either.
    Ignored,
}

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where large bodies are kept; the system's temporary directory if not given.
    pub dir: Option<PathBuf>,
    /// Buckets to begin with.
    pub buckets: Vec<String>,
    /// The one user's access key.
    pub access_key: String,
    /// The one user's secret key.
    pub secret_key: String,
    /// Whether unsigned requests may read.
    pub public_read: bool,
    /// How conditions are treated.
    pub conditions: Conditions,
    /// Smallest size of a part that is not the last; S3's is 5 MiB.
    pub part_bytes_min: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            dir: None,
            buckets: vec!["test".to_owned()],
            access_key: "tarquet".to_owned(),
            secret_key: "tarquet-secret".to_owned(),
            public_read: false,
            conditions: Conditions::Honoured,
            part_bytes_min: 5 << 20,
        }
    }
}

/// A running server, on a thread of its own. It ends when dropped, and all its objects with it.
pub struct Server {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// The one user's access key.
    pub access_key: String,
    /// The one user's secret key.
    pub secret_key: String,
    backend: Arc<Backend>,
    log: Arc<Log>,
    faults: Arc<Faults>,
    dir: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one; it answers when this returns.
    ///
    /// # Errors
    /// If the address is taken or the directory cannot be written.
    pub fn start(config: Config) -> io::Result<Self> {
        let dir = own_dir(config.dir.as_deref())?;
        let listener = TcpListener::bind(config.listen)?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let buckets = config.buckets.iter().map(|name| (name.clone(), Bucket::default())).collect();
        let backend = Arc::new(Backend {
            state: Mutex::new(State { buckets }),
            blobs: Blobs::new(dir.clone()),
            conditions: Mutex::new(config.conditions),
            part_bytes_min: config.part_bytes_min,
        });
        let (log, faults) = (Arc::new(Log::default()), Arc::new(Faults::default()));
        let mut builder = S3ServiceBuilder::new(Service(backend.clone()));
        builder.set_auth(SimpleAuth::from_single(config.access_key.clone(), config.secret_key.clone()));
        builder.set_access(Access { public_read: config.public_read });
        let layer = Layer { service: builder.build(), log: log.clone(), faults: faults.clone() };
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .thread_name("s3server")
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new().name("s3server".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, Arc::new(layer)) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        })?;
        let (access_key, secret_key) = (config.access_key, config.secret_key);
        let (stop, thread) = (Some(stop), Some(thread));
        Ok(Self { url, access_key, secret_key, backend, log, faults, dir, stop, thread })
    }

    /// Plants a fault.
    pub fn plant(&self, fault: Fault) -> FaultHandle {
        self.faults.plant(fault)
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.faults.clear();
    }

    /// What was asked since the start or the last reset.
    pub fn stats(&self) -> Stats {
        self.log.stats()
    }

    /// Forgets what was asked.
    pub fn reset_stats(&self) {
        self.log.reset();
    }

    /// Changes how conditions are treated.
    pub fn set_conditions(&self, conditions: Conditions) {
        *self.backend.conditions.lock().expect("no panic under the setting's mutex") = conditions;
    }

    /// The bytes of an object, read behind the protocol's back.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Bytes> {
        let object = self.backend.lock().object(bucket, key).ok()?;
        let pieces = object.content.pieces(&(0..object.content.len()), u64::MAX >> 1);
        let read: io::Result<Vec<Bytes>> = pieces.into_iter().map(|(blob, range)| blob.read(range)).collect();
        Some(read.ok()?.concat().into())
    }

    /// All keys of a bucket.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let mut state = self.backend.lock();
        state.bucket(bucket).map_or_else(|_| Vec::new(), |b| b.objects.keys().cloned().collect())
    }

    /// Keys and ids of the uploads of a bucket that were neither completed nor aborted.
    pub fn uploads(&self, bucket: &str) -> Vec<(String, String)> {
        let mut state = self.backend.lock();
        state.bucket(bucket).map_or_else(|_| Vec::new(), |b| b.uploads.keys().cloned().collect())
    }

    /// Loses an upload, as a lifecycle rule does.
    pub fn lose_upload(&self, bucket: &str, key: &str, upload_id: &str) -> bool {
        let mut state = self.backend.lock();
        let uploads = state.bucket(bucket).map(|b| &mut b.uploads);
        uploads.is_ok_and(|u| u.remove(&(key.to_owned(), upload_id.to_owned())).is_some())
    }

    /// Gives a bucket the lifecycle rule `abort`: uploads under a prefix are gone after so many days. Nothing carries it
    /// out; it is there to be read.
    ///
    /// # Panics
    /// If the bucket is not there.
    pub fn abort_uploads_after(&self, bucket: &str, prefix: &str, days: i32) {
        let abort = AbortIncompleteMultipartUpload { days_after_initiation: Some(days) };
        let rule = LifecycleRule {
            abort_incomplete_multipart_upload: Some(abort),
            expiration: None,
            filter: Some(LifecycleRuleFilter { prefix: Some(prefix.to_owned()), ..Default::default() }),
            id: Some("abort".to_owned()),
            noncurrent_version_expiration: None,
            noncurrent_version_transitions: None,
            prefix: None,
            status: ExpirationStatus::from_static(ExpirationStatus::ENABLED),
            transitions: None,
        };
        self.backend.lock().bucket(bucket).expect("the bucket is there").lifecycle = Some(vec![rule]);
    }

    /// Serves the files below a directory as objects, without copying them. They must not change meanwhile.
    ///
    /// # Errors
    /// If the directory cannot be read or the bucket is not there.
    pub fn load(&self, bucket: &str, prefix: &str, dir: &Path) -> io::Result<usize> {
        let mut count = 0;
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name =
                entry.file_name().into_string().map_err(|_| io::Error::other("a name is not UTF-8"))?;
            let stat = fs::metadata(entry.path())?;
            if stat.is_dir() {
                count += self.load(bucket, &format!("{prefix}{name}/"), &entry.path())?;
            } else if stat.is_file() {
                let modified = stat.modified()?;
                let nanos =
                    modified.duration_since(std::time::UNIX_EPOCH).map_err(io::Error::other)?.as_nanos();
                let object = Object {
                    content: Content(vec![Blob::of_file(entry.path(), stat.len())]),
                    etag: format!("{nanos:016x}{:016x}-1", stat.len()),
                    metadata: None,
                    content_type: None,
                    modified: now(),
                    sums: Default::default(),
                    parts: Vec::new(),
                };
                let mut state = self.backend.lock();
                let into = state.bucket(bucket).map_err(|e| io::Error::other(e.to_string()))?;
                into.objects.insert(format!("{prefix}{name}"), Arc::new(object));
                count += 1;
            }
        }
        Ok(count)
    }

    /// Ends it: connections are cut, objects forgotten.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone if the thread has ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the server's thread panicked");
        }
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(dir = %self.dir.display(), %error, "blobs stay behind");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.end();
        }
    }
}

/// Name of every directory of blobs, before the process id.
const DIR_NAME: &str = "tarquet-s3server-";

/// A new directory for this server's blobs.
fn own_dir(parent: Option<&Path>) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if let Some(parent) = parent {
        fs::create_dir_all(parent)?;
        sweep(parent)?;
    }
    let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let dir = parent.join(format!("{DIR_NAME}{}-{n}", std::process::id()));
    fs::create_dir(&dir)?;
    Ok(dir)
}

/// Removes what servers that were killed have left in a directory given for blobs.
fn sweep(parent: &Path) -> io::Result<()> {
    if !Path::new("/proc/self").exists() {
        return Ok(());
    }
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix(DIR_NAME).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists())
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(dir = %entry.path().display(), %error, "blobs of a server that was killed stay behind");
        }
    }
    Ok(())
}

async fn accept(listener: TcpListener, layer: Arc<Layer>) {
    let listener =
        tokio::net::TcpListener::from_std(listener).expect("a non-blocking listener inside a runtime");
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, or the peer is gone again.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let layer = layer.clone();
        tokio::spawn(async move {
            let serve = hyper::service::service_fn(move |request| {
                let layer = layer.clone();
                async move { layer.handle(request).await.map_err(|Cut| Cut) }
            });
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), serve);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}
