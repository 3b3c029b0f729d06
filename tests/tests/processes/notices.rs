//! Notices of an instance's end, from a metadata service on loopback.

use crate::{
    cluster::Cluster,
    world::{BUCKET, World},
};
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

const TOKEN: &str = "a-token";

/// A metadata service: version 2, which answers nobody without a token.
struct Instance {
    url: String,
    taken_back: Arc<AtomicBool>,
    untokened: Arc<AtomicUsize>,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Instance {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let instance =
            Self { url, taken_back: Arc::default(), untokened: Arc::default(), paths: Arc::default() };
        let (taken_back, untokened, paths) =
            (instance.taken_back.clone(), instance.untokened.clone(), instance.paths.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (taken_back, untokened, paths) = (taken_back.clone(), untokened.clone(), paths.clone());
                std::thread::spawn(move || serve(stream, &taken_back, &untokened, &paths));
            }
        });
        instance
    }

    fn asked(&self, path: &str) -> usize {
        self.paths.lock().expect("no panic while it is held").iter().filter(|p| *p == path).count()
    }

    /// A command that takes this for the instance it runs on.
    fn command(&self, world: &World) -> Command {
        let mut command = world.command();
        command.env_remove("AWS_EC2_METADATA_DISABLED");
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &self.url);
        command
    }
}

/// Answers the requests of one connection.
fn serve(stream: TcpStream, taken_back: &AtomicBool, untokened: &AtomicUsize, paths: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
    let mut out = stream;
    while let Some(Ok(request)) = lines.next() {
        let headers: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
        let (method, path) = request.split_once(' ').expect("a request line");
        let path = path.split(' ').next().expect("a path");
        paths.lock().expect("no panic while it is held").push(path.to_owned());
        let token = format!("x-aws-ec2-metadata-token: {TOKEN}");
        let (status, body) = match (method, path) {
            ("PUT", "/latest/api/token") => ("200 OK", TOKEN),
            _ if !headers.iter().any(|h| h.to_ascii_lowercase() == token) => {
                untokened.fetch_add(1, Ordering::SeqCst);
                ("401 Unauthorized", "")
            }
            ("GET", "/latest/meta-data/instance-id") => ("200 OK", "i-0123456789abcdef0"),
            ("GET", "/latest/meta-data/spot/instance-action") if taken_back.load(Ordering::SeqCst) => {
                ("200 OK", r#"{"action": "terminate", "time": "2026-09-18T08:22:00Z"}"#)
            }
            ("GET", "/latest/meta-data/autoscaling/target-lifecycle-state") => ("200 OK", "InService"),
            _ => ("404 Not Found", ""),
        };
        let lifetime = "x-aws-ec2-metadata-token-ttl-seconds: 21600";
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{lifetime}\r\n\r\n{body}", body.len());
        if out.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}

const SPOT: &str = "/latest/meta-data/spot/instance-action";

#[test]
fn a_worker_that_is_taken_back_leaves_and_its_work_goes_on_elsewhere() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let slow = world.server.plant(Fault::always("UploadPart", "out/*", Effect::Delay(1_000)));
    let mut cluster = Cluster::start(&world, 0);
    let instance = Instance::start();
    cluster.start_worker_as(instance.command(&world), &["--slots", "1", "--memory", "1GiB"]);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[output]\n\
                uri = \"s3://test/out\"\npartitions = 24\n[errors]\nmax_failed = 1\n";
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    until("the worker to work and to ask", || {
        (!world.receipts("out").is_empty() && instance.asked(SPOT) > 0).then_some(())
    });
    assert!(cluster.workers[0].is_running(), "nothing was announced yet");

    instance.taken_back.store(true, Ordering::SeqCst);
    cluster.workers[0].ends();
    let log = cluster.workers[0].log();
    assert!(log.contains("spot notice: terminate at 2026-09-18T08:22:00Z"), "{log}");
    assert_eq!(instance.untokened.load(Ordering::SeqCst), 0, "asked without a token");
    let half = world.receipts("out");
    assert!(half.len() < 24, "the job was over before the notice");

    cluster.start_worker(&["--slots", "2", "--memory", "1GiB"]);
    let ended = cluster.wait(&job, 3);
    assert_eq!(ended["stages"][3]["retried"], 0, "a drain is not a failure: {ended}");
    let last = world.receipts("out");
    assert!(half.iter().all(|receipt| last.contains(receipt)), "what was done has been kept");
    assert!(slow.fired() >= 24);
}

#[test]
fn a_worker_that_is_told_to_asks_no_metadata_service() {
    let world = World::new();
    world.samples("in");
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let mut cluster = Cluster::start(&world, 0);
    let instance = Instance::start();
    let mut command = instance.command(&world);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    cluster.start_worker_as(command, &["--slots", "1", "--memory", "1GiB"]);
    let spec = "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[output]\n\
                uri = \"s3://test/out\"\n[errors]\nmax_failed = 1\n";
    world.write("s3.toml", spec.as_bytes());
    let job = cluster.submit("s3.toml");
    cluster.wait(&job, 3);
    assert_eq!(instance.paths.lock().unwrap().as_slice(), [""; 0]);
}
