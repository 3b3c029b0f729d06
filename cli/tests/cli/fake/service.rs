//! Serves the answers.

use super::answers::{self, JOB, Scene};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};
use tarquet_common::{codes::cluster, failure::Failure};
use tarquet_proto::{
    status, v2,
    v2::job_service_server::{JobService, JobServiceServer},
};
use tokio::sync::oneshot;
use tokio_stream::{Stream, StreamExt, wrappers::TcpListenerStream};
use tonic::{Request, Response, Status, transport::Server};

type Answer<T> = Result<Response<T>, Status>;

/// A running coordinator of fixed answers; ends when dropped.
pub(crate) struct Fake {
    /// Where it is.
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    served: Option<thread::JoinHandle<()>>,
    wishes: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// Starts it on a free port.
    pub(crate) fn start(scene: Scene) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it can be set");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (stop, stopped) = oneshot::channel::<()>();
        let wishes = Arc::new(Mutex::new(Vec::new()));
        let service = Said { scene, looks: AtomicUsize::new(0), wishes: wishes.clone() };
        let served = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("it listens");
                let serving = Server::builder()
                    .add_service(JobServiceServer::new(service))
                    .serve_with_incoming(TcpListenerStream::new(listener));
                tokio::select! {
                    ended = serving => ended.expect("it serves"),
                    // Whoever dropped the other end wants the same.
                    _ = stopped => {}
                }
            });
        });
        Self { url, stop: Some(stop), served: Some(served), wishes }
    }

    /// What it was asked to do, in order.
    pub(crate) fn wishes(&self) -> Vec<String> {
        self.wishes.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(served) = self.served.take() {
            served.join().expect("the coordinator of fixed answers does not panic");
        }
    }
}

struct Said {
    scene: Scene,
    looks: AtomicUsize,
    wishes: Arc<Mutex<Vec<String>>>,
}

fn message<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the answers have the form of the messages")
}

fn said<T: DeserializeOwned>(value: Value) -> Answer<T> {
    Ok(Response::new(message(value)))
}

impl Said {
    /// Only this job is known: by its id, a beginning of it, or as the last.
    fn known(&self, job: &str) -> Result<(), Status> {
        if job == "@last" || (!job.is_empty() && JOB.starts_with(job)) {
            return Ok(());
        }
        Err(status::refused(&Failure::new(cluster::UNKNOWN_JOB, format!("no job's id begins with {job:?}"))))
    }

    fn wish(&self, verb: &str, job: &str) -> Answer<v2::SteerResponse> {
        self.known(job)?;
        self.wishes.lock().expect("nobody panics with it").push(format!("{verb} {job}"));
        Ok(Response::new(v2::SteerResponse { job: JOB.to_owned() }))
    }
}

/// The spec of every job here.
const SPEC: &[u8] =
    br#"{"version":1,"kind":"convert","input":{"uris":["in/*.tar.lz4"]},"output":{"uri":"s3://data/out"}}"#;

#[tonic::async_trait]
impl JobService for Said {
    type WatchJobStream = std::pin::Pin<Box<dyn Stream<Item = Result<v2::JobStatus, Status>> + Send>>;

    async fn submit(&self, ask: Request<v2::SubmitRequest>) -> Answer<v2::SubmitResponse> {
        let known = ask.into_inner().token == "again";
        Ok(Response::new(v2::SubmitResponse { job: JOB.to_owned(), known }))
    }

    async fn get_job(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::JobStatus> {
        self.known(&ask.into_inner().job)?;
        let looks = if self.scene.moves { self.looks.fetch_add(1, Ordering::SeqCst) } else { 0 };
        said(self.scene.statuses[looks.min(self.scene.statuses.len() - 1)].clone())
    }

    async fn watch_job(&self, ask: Request<v2::GetJobRequest>) -> Answer<Self::WatchJobStream> {
        self.known(&ask.into_inner().job)?;
        let statuses = self.scene.statuses.clone().into_iter().map(|s| Ok(message(s)));
        let statuses = tokio_stream::iter(statuses);
        Ok(Response::new(match self.scene.open {
            true => Box::pin(statuses.chain(tokio_stream::pending())),
            false => Box::pin(statuses),
        }))
    }

    async fn get_spec(&self, _: Request<v2::GetJobRequest>) -> Answer<v2::GetSpecResponse> {
        Ok(Response::new(v2::GetSpecResponse { job: JOB.to_owned(), spec_json: SPEC.to_vec() }))
    }

    async fn list_jobs(&self, _: Request<v2::ListJobsRequest>) -> Answer<v2::ListJobsResponse> {
        #[expect(clippy::disallowed_methods, reason = "the command subtracts from the machine's clock")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after the epoch").as_millis();
        said(answers::jobs(u64::try_from(now).expect("this century")))
    }

    async fn list_shards(&self, _: Request<v2::ListShardsRequest>) -> Answer<v2::ListShardsResponse> {
        said(answers::shards())
    }

    async fn list_workers(&self, _: Request<v2::ListWorkersRequest>) -> Answer<v2::ListWorkersResponse> {
        said(answers::workers())
    }

    async fn list_events(&self, _: Request<v2::ListEventsRequest>) -> Answer<v2::ListEventsResponse> {
        let events = answers::events()["events"].as_array().cloned().unwrap_or_default();
        Ok(Response::new(v2::ListEventsResponse { events: events.into_iter().map(message).collect() }))
    }

    async fn list_failures(&self, _: Request<v2::GetJobRequest>) -> Answer<v2::ListFailuresResponse> {
        Ok(Response::new(v2::ListFailuresResponse { failures: Vec::new() }))
    }

    async fn cancel(&self, ask: Request<v2::CancelRequest>) -> Answer<v2::SteerResponse> {
        let ask = ask.into_inner();
        self.wish(&format!("cancel because {:?}:", ask.reason), &ask.job)
    }

    async fn pause(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.wish("pause", &ask.into_inner().job)
    }

    async fn resume(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.wish("resume", &ask.into_inner().job)
    }

    async fn retry(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.wish("retry", &ask.into_inner().job)
    }

    async fn accept(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.wish("accept", &ask.into_inner().job)
    }

    async fn set_priority(&self, ask: Request<v2::SetPriorityRequest>) -> Answer<v2::SteerResponse> {
        self.wish("priority", &ask.into_inner().job)
    }

    async fn forget(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.wish("forget", &ask.into_inner().job)
    }

    async fn drain_worker(&self, ask: Request<v2::DrainWorkerRequest>) -> Answer<v2::SteerResponse> {
        let worker = ask.into_inner().worker;
        self.wishes.lock().expect("nobody panics with it").push(format!("drain {worker}"));
        Ok(Response::new(v2::SteerResponse { job: String::new() }))
    }

    async fn adopt(&self, ask: Request<v2::AdoptRequest>) -> Answer<v2::AdoptResponse> {
        let rebuilt = ask.into_inner().job_uri.starts_with("s3://");
        Ok(Response::new(v2::AdoptResponse { job: JOB.to_owned(), rebuilt }))
    }
}
