//! A directory with a set of certificates, and processes in it.

use serde_json::Value;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tarquet_kit::{environment::repository, until};
use tarquet_proto::{
    client::{Access, Token},
    tls::ClientFiles,
};
use tarquet_s3server::{Config, Server};
use tarquet_tests::binary;
use tempfile::TempDir;

/// The bucket of a world with a store.
pub(crate) const BUCKET: &str = "test";

pub(crate) struct World {
    dir: TempDir,
    store: Option<Server>,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// The answer, which must have ended with `code`.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// The answer, whose talk must hold `text`.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is missing in:\n{}", self.err);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.out, self.err))
    }
}

impl World {
    /// With certificates and tokens made by `tarquet certs init`.
    pub(crate) fn new() -> Self {
        Self::of(None)
    }

    /// The same with an S3 server beside it, whose bucket is [`BUCKET`].
    pub(crate) fn with_store() -> Self {
        Self::of(Some(Server::start(Config::default()).expect("a free port")))
    }

    fn of(store: Option<Server>) -> Self {
        let world = Self { dir: tempfile::tempdir().expect("a directory"), store };
        world.tarquet(&["certs", "init", "certs"]).exits(0);
        world
    }

    /// Puts the files of a folder into the bucket, below a prefix.
    pub(crate) fn load(&self, folder: &str, prefix: &str) {
        let store = self.store.as_ref().expect("a world with a store");
        assert!(store.load(BUCKET, prefix, &self.path(folder)).expect("it reads") > 0, "{folder} is empty");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// A command in the world's directory, in a clean environment; it knows the way to the store, if there is one.
    pub(crate) fn command(&self) -> Command {
        let mut command = binary::command();
        command.current_dir(self.dir.path()).env("HOME", self.path("home"));
        if let Some(store) = &self.store {
            command.env("AWS_EC2_METADATA_DISABLED", "true");
            command.env("AWS_ENDPOINT_URL", &store.url).env("AWS_REGION", "us-east-1");
            command
                .env("AWS_ACCESS_KEY_ID", &store.access_key)
                .env("AWS_SECRET_ACCESS_KEY", &store.secret_key);
        }
        command
    }

    pub(crate) fn tarquet(&self, args: &[&str]) -> Answer {
        answer(self.command().args(args))
    }

    /// The sample archives, and a spec of a job on them whose paths all share.
    pub(crate) fn sample_spec(&self, output: &str) -> String {
        let (input, out) = (repository().join("examples/frames"), self.path("shared").join(output));
        fs::create_dir_all(self.path("shared/in")).expect("a directory");
        for file in ["north.tar.lz4", "south.tar.lz4"] {
            fs::copy(input.join(file), self.path("shared/in").join(file)).expect("the examples");
        }
        let spec = format!(
            "version = 1\nkind = \"convert\"\n[input]\nuris = [\"{}/*.tar.lz4\"]\nmembers = {{ include = [\"**/*.h5\"] }}\n\
             [output]\nuri = \"{}\"\npartitions = 8\n[errors]\nmax_failed = \"1 %\"\n",
            self.path("shared/in").display(),
            out.display(),
        );
        let name = format!("{output}.toml");
        fs::write(self.path(&name), spec).expect("it writes");
        name
    }
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let output = command.output().expect("tarquet starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// A process of ours; killed when dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(crate) fn start(world: &World, name: &str, command: &mut Command) -> Self {
        let log = world.path(&format!("{name}.log"));
        let err = File::options().create(true).append(true).open(&log).expect("a log");
        command.stdout(Stdio::null()).stderr(err).stdin(Stdio::null());
        Self { child: command.spawn().expect("tarquet starts"), log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_none()
    }

    /// What it has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Memory of its own: `RssAnon`, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:")).expect("Linux tells it");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    }

    /// Its arguments, as everybody on the machine can read them.
    pub(crate) fn arguments(&self) -> String {
        let line = fs::read(format!("/proc/{}/cmdline", self.id())).expect("it runs");
        String::from_utf8_lossy(&line).replace('\0', " ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What protects a coordinator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shield {
    /// TLS and tokens; clients need no certificate.
    Tls,
    /// The same, and clients have to show one.
    MutualTls,
}

/// A coordinator with TLS and tokens.
pub(crate) struct Coordinator<'a> {
    pub(crate) world: &'a World,
    pub(crate) process: Process,
    pub(crate) grpc: String,
    pub(crate) http: String,
}

impl<'a> Coordinator<'a> {
    pub(crate) fn start(world: &'a World, shield: Shield) -> Self {
        Self::start_with(world, shield, &[])
    }

    pub(crate) fn start_with(world: &'a World, shield: Shield, more: &[&str]) -> Self {
        let mut command = world.command();
        fs::create_dir_all(world.path("shared")).expect("a directory");
        command.args(["coordinator", "--state", "state", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        command.args(["--tls-cert", "certs/coordinator/tls.crt", "--tls-key", "certs/coordinator/tls.key"]);
        command.args(["--tokens", "certs/coordinator/tokens", "--lease-ttl", "3s", "--shared", "shared"]);
        if shield == Shield::MutualTls {
            command.args(["--client-ca", "certs/coordinator/ca.crt"]);
        }
        command.args(more);
        let mut process = Process::start(world, "coordinator", &mut command);
        let (grpc, http) = until("the coordinator's addresses", || {
            assert!(process.is_running(), "the coordinator ended:\n{}", process.log());
            let log = process.log();
            let (_, rest) = log.split_once("coordinator: gRPC on ")?;
            let (grpc, rest) = rest.split_once(", https://")?;
            Some((grpc.to_owned(), rest.split_once('/')?.0.to_owned()))
        });
        Self { world, process, grpc, http }
    }

    /// A command that comes as a party does, with all that its folder holds.
    pub(crate) fn command_as(&self, party: &str) -> Command {
        let mut command = self.world.command();
        let file = |name: &str| format!("certs/{party}/{name}");
        command.env("TARQUET_COORDINATOR", format!("https://{}", self.grpc));
        command.env("TARQUET_TLS_CA", file("ca.crt")).env("TARQUET_TLS_CERT", file("tls.crt"));
        command.env("TARQUET_TLS_KEY", file("tls.key")).env("TARQUET_TOKEN_FILE", file("token"));
        command
    }

    pub(crate) fn ask_as(&self, party: &str, args: &[&str]) -> Answer {
        answer(self.command_as(party).args(args).args(["-o", "json"]))
    }

    pub(crate) fn worker(&self, name: &str) -> Process {
        self.worker_with(name, &["--slots", "1", "--memory", "1GiB"])
    }

    /// With these slots and this memory.
    pub(crate) fn worker_with(&self, name: &str, size: &[&str]) -> Process {
        let mut command = self.command_as("worker");
        command.args(["worker", "--shared", "shared"]).args(size);
        Process::start(self.world, name, &mut command)
    }

    /// The same way in, for clients in this process.
    pub(crate) fn access(&self, party: &str) -> Access {
        let file = |name: &str| self.world.path(&format!("certs/{party}/{name}"));
        Access {
            url: format!("https://{}", self.grpc),
            tls: ClientFiles {
                ca: Some(file("ca.crt")),
                cert: Some(file("tls.crt")),
                key: Some(file("tls.key")),
            },
            token: Some(Token::File(file("token"))),
            insecure: false,
        }
    }

    /// A GET on the HTTP port: status and the whole answer.
    pub(crate) fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        crate::wire::get(&self.http, &self.world.path("certs/viewer/ca.crt"), path, token)
    }
}

/// The files of a dataset.
pub(crate) fn parts(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .map(|d| d.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.sort();
    names
}
