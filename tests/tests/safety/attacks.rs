//! Small inputs that claim much, against processes that may have little: each is set aside or refused by its name, soon and
//! within memory, and whoever met it goes on with good ones.
//!
//! Every slot meets the attack at the same time: an input holds as many copies of it as there are slots.

use crate::world::{Answer, Coordinator, Process, Shield, World};
use serde_json::Value;
use std::{fs, process::Command, time::Duration};
use tarquet_kit::environment::{self, repository};
use tarquet_tests::{
    peak::{Peak, Watch, watched},
    python::Pandas,
};

/// An input of `attacks/make.py`.
struct Attack {
    /// As the script calls it.
    name: &'static str,
    /// What the name of an input ends in.
    suffix: &'static str,
    /// What it is refused with.
    code: &'static str,
}

const ATTACKS: [Attack; 3] = [
    Attack { name: "tar-global-path", suffix: "tar.gz", code: "E0310" },
    Attack { name: "hdf5-shared-heap", suffix: "h5", code: "E0409" },
    Attack { name: "pickle-breadth", suffix: "h5", code: "E0409" },
];

const MEMORY: &str = "512MiB";
/// What `--memory` allows, and a quarter for what the allocator does not give back.
const HELD_MAX: u64 = (512 << 20) / 4 * 5;
/// How soon an attack is over.
const OVER_AFTER: Duration = Duration::from_secs(60);

/// Makes every attack, once for each slot; `None`, said aloud, where the script or its Python is not to be had.
fn make(world: &World, slots: u32) -> Option<()> {
    let script = environment::shared("attacks/make.py")?;
    let python = environment::path(Pandas::V23.variable())?;
    for attack in &ATTACKS {
        let folder = world.path(attack.name);
        fs::create_dir(&folder).expect("a directory");
        let first = folder.join(format!("0.{}", attack.suffix));
        let made = Command::new(&python).arg(&script).arg(attack.name).arg(&first).output();
        let made = made.expect("Python starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for n in 1..slots {
            fs::copy(&first, folder.join(format!("{n}.{}", attack.suffix))).expect("it copies");
        }
    }
    fs::create_dir(world.path("good")).expect("a directory");
    for file in ["north.tar.lz4", "south.tar.lz4"] {
        let from = repository().join("examples/frames").join(file);
        fs::copy(from, world.path("good").join(file)).expect("the examples");
    }
    Some(())
}

/// A spec that converts `name` below `root`, with row groups that fit into half of the memory.
fn spec(world: &World, root: &str, name: &str, partitions: u32) -> String {
    let text = format!(
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"{root}{name}/*\"]\nmembers = {{ include = [\"**/*.h5\"] }}\n\
         [output]\nuri = \"{root}out-{name}\"\npartitions = {partitions}\nrow_group = \"8 MiB\"\n\
         [errors]\nmax_failed = \"{}\"\n",
        if name == "good" { "1 %" } else { "0" }
    );
    let spec = format!("{name}.toml");
    fs::write(world.path(&spec), text).expect("it writes");
    spec
}

/// The job is held, and every copy of the attack is told with its code.
fn assert_refused(attack: &Attack, slots: u32, held: &Value, failures: &Answer) {
    assert_eq!(held["phase"], "held", "{}: {held}", attack.name);
    let failures = failures.json();
    let codes: Vec<_> = failures.as_array().expect("a list").iter().map(|f| &f["code"]).collect();
    assert_eq!(codes, vec![attack.code; slots as usize], "{}: {failures}", attack.name);
}

fn assert_bounded(who: &str, peak: Peak) {
    eprintln!("{who}: {:.0} MiB at most, {peak:?}", peak.together as f64 / f64::from(1 << 20));
    assert!(peak.looks > 20 && peak.anonymous > 1 << 20, "{who} was hardly looked at: {peak:?}");
    assert!(peak.together <= HELD_MAX, "{who}: {peak:?}");
}

/// `tarquet run` on each attack, then on good input.
fn run_survives(slots: u32) {
    let world = World::new();
    if make(&world, slots).is_none() {
        return;
    }
    let run = |name: &str, partitions: u32| {
        let spec = spec(&world, "", name, partitions);
        let mut command = world.command();
        command.args(["run", &spec, "--slots", &slots.to_string(), "--memory", MEMORY]);
        command.args(["--progress", "none", "-o", "json"]);
        let (output, peak) = watched(&mut command, &world.path("")).expect("it starts");
        assert!(peak.took < OVER_AFTER, "{name}: {peak:?}");
        assert_bounded(&format!("run of {name} with {slots} slots"), peak);
        let text = |bytes| String::from_utf8(bytes).expect("it says text");
        Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    };
    for attack in &ATTACKS {
        let held = run(attack.name, slots).exits(5).json();
        let failures = world.tarquet(&["failures", &format!("out-{}", attack.name), "-o", "json"]);
        assert_refused(attack, slots, &held, &failures);
    }
    run("good", 8).exits(3);
}

/// The same on a cluster: one coordinator, one worker, one after the other.
fn cluster_survives(slots: u32) {
    let world = World::with_store();
    if make(&world, slots).is_none() {
        return;
    }
    let coordinator = Coordinator::start(&world, Shield::Tls);
    let mut worker = coordinator.worker_with("worker", &["--slots", &slots.to_string(), "--memory", MEMORY]);
    let watches = [&coordinator.process, &worker].map(|p| Watch::begin(p.id()));
    for attack in &ATTACKS {
        let job = convert(&coordinator, attack.name, slots);
        let held = wait(&coordinator, &worker, &job).exits(5).json();
        let failures = coordinator.ask_as("operator", &["failures", &job]);
        assert_refused(attack, slots, &held, &failures);
        assert!(worker.is_running(), "{}:\n{}", attack.name, worker.log());
    }
    let job = convert(&coordinator, "good", 8);
    wait(&coordinator, &worker, &job).exits(3);
    let [coordinators, workers] = watches.map(Watch::end);
    assert_bounded(&format!("coordinator of {slots} slots"), coordinators);
    assert_bounded(&format!("worker with {slots} slots"), workers);
    assert!(workers.scratch > 0, "the worker's scratch was not seen: {workers:?}");
}

/// Puts an input into the store and submits its job.
fn convert(coordinator: &Coordinator<'_>, name: &str, partitions: u32) -> String {
    let world = coordinator.world;
    world.load(name, &format!("{name}/"));
    let spec = spec(world, "s3://test/", name, partitions);
    let job = coordinator.ask_as("operator", &["submit", &spec]).exits(0).json();
    job["job"].as_str().expect("an id").to_owned()
}

fn wait(coordinator: &Coordinator<'_>, worker: &Process, job: &str) -> Answer {
    let timeout = format!("{}s", OVER_AFTER.as_secs());
    let answer = coordinator.ask_as("operator", &["wait", job, "--timeout", &timeout, "--progress", "none"]);
    eprintln!("{job} ended with {:?}; the worker's log so far has {} bytes", answer.code, worker.log().len());
    answer
}

#[test]
fn a_run_with_one_slot_survives_what_claims_much() {
    run_survives(1);
}

#[test]
fn a_run_with_two_slots_survives_what_claims_much() {
    run_survives(2);
}

#[test]
fn a_worker_with_one_slot_survives_what_claims_much() {
    cluster_survives(1);
}

#[test]
fn a_worker_with_two_slots_survives_what_claims_much() {
    cluster_survives(2);
}
