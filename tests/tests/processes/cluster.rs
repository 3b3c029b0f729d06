//! Coordinator and workers as processes.

use crate::world::{Answer, World, answer};
use serde_json::Value;
use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use tarquet_kit::until;

/// A process of ours; killed when dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    fn start(world: &World, name: &str, mut command: Command, args: &[&str]) -> Self {
        let log = world.path(&format!("{name}.log"));
        let err = File::options().create(true).append(true).open(&log).expect("a log");
        command.args(args).stdout(Stdio::null()).stderr(err).stdin(Stdio::null());
        Self { child: command.spawn().expect("tarquet starts"), log }
    }

    /// SIGKILL: nothing can be tidied up.
    pub(crate) fn kill(mut self) {
        assert!(self.is_running(), "it died before it was killed:\n{}", self.log());
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_none()
    }

    /// SIGTERM: it is asked to leave.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", r#"kill -TERM "$0""#, &pid]).status().expect("a shell");
        assert!(sent.success(), "no process {pid}");
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn ends(&mut self) {
        let code = until("the process to end", || self.child.try_wait().expect("it is ours"));
        assert!(code.success(), "{code}:\n{}", self.log());
    }

    /// What it has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A coordinator, and where it is.
pub(crate) struct Cluster<'a> {
    pub(crate) world: &'a World,
    pub(crate) url: String,
    addresses: [String; 2],
    state: String,
    pub(crate) coordinator: Option<Process>,
    pub(crate) workers: Vec<Process>,
    started: usize,
}

impl<'a> Cluster<'a> {
    /// A coordinator and so many workers of one slot.
    pub(crate) fn start(world: &'a World, workers: usize) -> Self {
        Self::start_as(world, "state", workers)
    }

    /// The same with a ledger, and a registry beside it, of this name.
    pub(crate) fn start_as(world: &'a World, state: &str, workers: usize) -> Self {
        let addresses = free_addresses();
        let url = format!("http://{}", addresses[0]);
        let (state, workers_of) = (state.to_owned(), Vec::new());
        let mut cluster =
            Self { world, url, addresses, state, coordinator: None, workers: workers_of, started: 0 };
        cluster.start_coordinator();
        for _ in 0..workers {
            cluster.start_worker(&["--slots", "1", "--memory", "1GiB"]);
        }
        cluster
    }

    /// Starts the coordinator, again where it was before.
    pub(crate) fn start_coordinator(&mut self) {
        self.start_coordinator_with(&[]);
    }

    /// The same with more arguments.
    pub(crate) fn start_coordinator_with(&mut self, more: &[&str]) {
        let [listen, http] = &self.addresses;
        let args =
            ["coordinator", "--state", &self.state, "--listen", listen, "--http", http, "--lease-ttl", "3s"];
        let args = [&args[..], more].concat();
        let mut process = Process::start(self.world, "coordinator", self.world.command(), &args);
        until("the coordinator", || {
            assert!(process.is_running(), "the coordinator ended:\n{}", process.log());
            self.ask(&["jobs"]).code.filter(|c| *c == 0)
        });
        self.coordinator = Some(process);
    }

    pub(crate) fn start_worker(&mut self, more: &[&str]) {
        let command = self.world.command();
        self.start_worker_as(command, more);
    }

    /// Starts a worker with a command of the caller's, to which its arguments are added.
    pub(crate) fn start_worker_as(&mut self, command: Command, more: &[&str]) {
        let args = [&["worker", "--coordinator", &self.url][..], more].concat();
        self.started += 1;
        self.workers.push(Process::start(self.world, &format!("worker-{}", self.started), command, &args));
    }

    /// Runs a command that talks to the coordinator.
    pub(crate) fn ask(&self, args: &[&str]) -> Answer {
        answer(self.world.command().env("TARQUET_COORDINATOR", &self.url).args(args).args(["-o", "json"]))
    }

    /// Submits a spec and says the job's id.
    pub(crate) fn submit(&self, spec: &str) -> String {
        let submitted = self.ask(&["submit", spec]).exits(0).json();
        submitted["job"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn status(&self, job: &str) -> Value {
        self.ask(&["status", job]).exits(0).json()
    }

    /// Waits for the end of a job, which must be `code`.
    pub(crate) fn wait(&self, job: &str, code: i32) -> Value {
        let waited = self.ask(&["wait", job, "--timeout", "240s", "--progress", "none"]);
        if waited.code != Some(code) {
            let logs = self.workers.iter().map(Process::log).collect::<String>();
            panic!("{waited:?}\n{}\n{logs}", self.coordinator.as_ref().map(Process::log).unwrap_or_default());
        }
        waited.json()
    }
}

fn free_addresses() -> [String; 2] {
    let bound = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    bound.map(|l| l.local_addr().expect("it is bound").to_string())
}
