//! Whose credentials go where: a spec, a job's object, a pointer and a lease are wishes; what coordinator and worker were
//! configured for decides.

use crate::{
    archives::{frames, lz4, tar},
    cluster::Cluster,
    world::{Answer, BUCKET, World, answer},
};
use std::{
    fs,
    io::Read,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};
use tarquet_kit::until;
use tarquet_s3server::{Config, Server};

/// A server that nobody asked for: it writes down what it is sent, and hangs up.
struct Stranger {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Stranger {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let written = heads.clone();
        std::thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                let mut head = vec![0; 8192];
                socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
                let read = socket.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..read]).to_ascii_lowercase();
                written.lock().expect("no panic").push(head);
            }
        });
        Self { url, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no panic").clone()
    }

    /// Nobody has even connected.
    fn heard_nothing(&self) {
        assert_eq!(self.heads(), [""; 0]);
    }

    /// A signed request has come.
    fn hears_a_signature(&self) {
        let signed = || self.heads().iter().any(|head| head.contains("authorization: aws4-hmac-sha256"));
        until("a signed request", || signed().then_some(()));
    }
}

/// A job from the bucket `in` to `out`, with more lines.
fn spec(world: &World, output: &str, input: &str, more: &str) -> String {
    let text = format!(
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"s3://test/in/*.lz4\"]\n[input.store]\n{input}\n[output]\n\
         uri = \"s3://test/{output}\"\npartitions = 1\n{more}\n"
    );
    let name = format!("{output}.toml");
    world.write(&name, text.as_bytes());
    name
}

fn with_input() -> World {
    let world = World::new();
    world.write("in/a.tar.lz4", &lz4(&tar(&frames(4))));
    world.server.load(BUCKET, "in/", &world.path("in")).unwrap();
    world
}

/// Another store with the same input, and other keys, which are those of the profile `far`.
fn far(world: &World) -> Server {
    let keys =
        Config { access_key: "far".to_owned(), secret_key: "far-secret".to_owned(), ..Config::default() };
    let server = Server::start(keys).expect("a free port");
    server.load(BUCKET, "in/", &world.path("in")).unwrap();
    let profile = "[far]\naws_access_key_id = far\naws_secret_access_key = far-secret\n";
    world.write("home/.aws/credentials", profile.as_bytes());
    server
}

/// `--store` for it.
fn named(far: &Server) -> String {
    format!("far={},profile=far", far.url)
}

fn refused(answer: Answer, exit: i32, code: &str) {
    answer.exits(exit).says(code);
}

#[test]
fn a_spec_sends_nobody_s_credentials_where_they_were_not_configured_for() {
    let (world, stranger) = (with_input(), Stranger::listen());
    let mut cluster = Cluster::start(&world, 1);
    let endpoint = format!("endpoint = \"{}\"", stranger.url);
    for (name, input, more) in [
        ("input", endpoint.clone(), String::new()),
        ("output", String::new(), format!("[output.store]\n{endpoint}")),
        ("unsigned", format!("{endpoint}\nanonymous = true"), String::new()),
        ("profile", "profile = \"admin\"".to_owned(), String::new()),
        ("both", format!("{endpoint}\nprofile = \"admin\""), String::new()),
        ("name", "name = \"lake\"".to_owned(), String::new()),
        // The indexes and the job's own objects are in the output's store.
        (
            "aside",
            String::new(),
            format!("job_uri = \"s3://test/j\"\nindex_uri = \"s3://test/i\"\n[output.store]\n{endpoint}"),
        ),
    ] {
        let file = spec(&world, name, &input, &more);
        refused(cluster.ask(&["submit", &file]), 2, "E0110");
    }
    let flags = ["submit", &spec(&world, "flag", "", ""), "--endpoint-url", &stranger.url];
    refused(cluster.ask(&flags), 2, "E0110");
    assert_eq!(cluster.ask(&["jobs"]).exits(0).json().as_array().map(Vec::len), Some(0));
    stranger.heard_nothing();

    // The endpoint of its own environment, written in another way, is no stranger's.
    let own = format!("endpoint = \"{}/\"", world.server.url.replace("http", "HTTP"));
    let job = cluster.submit(&spec(&world, "own", &own, ""));
    cluster.wait(&job, 0);

    // The same spec, once the operator says so.
    cluster.coordinator.take().expect("it runs").terminate();
    cluster.start_coordinator_with(&["--store", &format!("stranger={}", stranger.url)]);
    cluster.submit(&spec(&world, "listed", &endpoint, ""));
    stranger.hears_a_signature();
}

#[test]
fn a_job_object_and_a_pointer_send_nobody_s_credentials_elsewhere() {
    let (world, stranger) = (with_input(), Stranger::listen());
    let first = Cluster::start(&world, 0);
    let job = first.submit(&spec(&world, "out", "", ""));
    let key = format!("out.tarquet/jobs/{job}/job.json");
    let honest = until("the job object", || world.server.object(BUCKET, &key));
    drop(first);
    let prefix = format!("s3://test/out.tarquet/jobs/{job}");
    let mut object: serde_json::Value = serde_json::from_slice(&honest).unwrap();
    object["spec"]["input"]["store"] = serde_json::json!({ "endpoint": stranger.url });
    world.write("bad/job.json", &serde_json::to_vec(&object).unwrap());
    world.server.load(BUCKET, &format!("out.tarquet/jobs/{job}/"), &world.path("bad")).unwrap();

    let mut other = Cluster::start_as(&world, "other", 1);
    refused(other.ask(&["adopt", &prefix]), 2, "E0110");
    refused(other.ask(&["adopt", &prefix, "--endpoint-url", &stranger.url]), 7, "E0617");
    refused(other.ask(&["adopt", &prefix, "--job-store", "lake"]), 7, "E0617");
    refused(other.ask(&["adopt", &prefix, "--profile", "admin"]), 7, "E0617");

    // Two pointers: one to the job, whose spec leads away, and one that leads away itself.
    other.coordinator.take().expect("it runs").terminate();
    let away = "01K5QZZZZZZZZZZZZZZZZZZZZZ";
    for (job, uri, store) in [
        (job.as_str(), prefix.as_str(), serde_json::json!({})),
        (
            away,
            &format!("s3://test/away.tarquet/jobs/{away}"),
            serde_json::json!({ "endpoint": stranger.url }),
        ),
    ] {
        let pointer = serde_json::json!({ "job": job, "job_uri": uri, "store": store });
        world.write(&format!("other.registry.tarquet/{job}.json"), &serde_json::to_vec(&pointer).unwrap());
    }
    other.start_coordinator();
    let log = other.coordinator.as_ref().expect("it runs").log();
    assert!(log.contains("E0110") && log.contains("E0617"), "{log}");
    assert_eq!(other.ask(&["jobs"]).exits(0).json().as_array().map(Vec::len), Some(0));
    stranger.heard_nothing();

    other.coordinator.take().expect("it runs").terminate();
    other.start_coordinator_with(&["--store", &format!("stranger={}", stranger.url)]);
    stranger.hears_a_signature();
}

#[test]
fn a_store_is_used_by_its_name_with_the_keys_set_up_for_it() {
    let world = with_input();
    let far = far(&world);
    let mut cluster = Cluster::start(&world, 0);
    cluster.coordinator.take().expect("it runs").terminate();
    cluster.start_coordinator_with(&["--store", &named(&far)]);
    // The variable and the argument mean the same.
    let mut command = world.command();
    command.env("TARQUET_STORES", format!("other=aws\n {} ", named(&far)));
    cluster.start_worker_as(command, &["--slots", "1", "--memory", "1GiB"]);

    // From the one to the other and back: each is asked with its own keys, or it would not answer.
    let there = spec(&world, "there", "", "[output.store]\nname = \"far\"");
    let job = cluster.submit(&there);
    cluster.wait(&job, 0);
    assert!(far.keys(BUCKET).iter().any(|key| key.starts_with("there/part-")), "{:?}", far.keys(BUCKET));
    assert_eq!(world.keys("there"), [""; 0]);
    let job = cluster.submit(&spec(&world, "here", "name = \"far\"", ""));
    cluster.wait(&job, 0);
    assert_eq!(world.keys("here/").len(), 1);
    // Its endpoint and its profile mean the same store.
    let written = format!("endpoint = \"{}\"\nprofile = \"far\"", far.url);
    let job = cluster.submit(&spec(&world, "written", &written, ""));
    cluster.wait(&job, 0);
    // Not its endpoint with the keys of the environment.
    let file = spec(&world, "mixed", "name = \"far\"\nprofile = \"admin\"", "");
    refused(cluster.ask(&["submit", &file]), 2, "E0104");

    // Run by oneself, it is found in the same way.
    let run = ["run", "there.toml", "--store", &named(&far), "--progress", "none", "-o", "json"];
    world.tarquet(&run).says("E0203");
}

#[test]
fn a_worker_sends_its_credentials_to_no_store_that_it_was_not_configured_for() {
    let world = with_input();
    let far = far(&world);
    let mut cluster = Cluster::start(&world, 1);
    cluster.coordinator.take().expect("it runs").terminate();
    cluster.start_coordinator_with(&["--store", &named(&far)]);
    let input = format!("endpoint = \"{}\"", far.url);
    let reads = || far.stats().log.iter().filter(|entry| entry.operation == "GetObject").count();

    // Nobody else is there: it is held, and says why.
    let job = cluster.submit(&spec(&world, "alone", &input, "[errors]\nretries = 1"));
    let held = cluster.wait(&job, 5);
    let why = held["reason"]["causes"][0].as_str().expect("a cause");
    assert!(why.starts_with("E0717") && why.contains(&far.url), "{held}");
    assert_eq!(reads(), 0, "the worker has asked");

    // The shard goes to one that knows the store.
    let job = cluster.submit(&spec(&world, "shared", &input, "[errors]\nretries = 40"));
    until("the first worker to hand it back", || {
        (cluster.status(&job)["stages"][0]["retried"].as_u64() > Some(0)).then_some(())
    });
    cluster.start_worker(&["--slots", "1", "--memory", "1GiB", "--store", &named(&far)]);
    cluster.wait(&job, 0);
    assert!(reads() > 0);
}

#[test]
fn looking_at_the_job_of_another_sends_no_credentials_to_its_store() {
    let world = with_input();
    let far = far(&world);
    let mut cluster = Cluster::start(&world, 0);
    cluster.coordinator.take().expect("it runs").terminate();
    cluster.start_coordinator_with(&["--store", &named(&far)]);
    let output = format!("[output.store]\nendpoint = \"{}\"", far.url);
    let job = cluster.submit(&spec(&world, "there", "", &output));
    until("the job", || far.keys(BUCKET).iter().any(|key| key.ends_with("job.json")).then_some(()));
    cluster.ask(&["pause", &job]).exits(0);
    refused(cluster.ask(&["failures", &job]), 7, "E0617");
    cluster.ask(&["failures", &job, "--store", &named(&far)]).exits(0);
}

#[test]
fn a_resumed_run_takes_its_stores_from_who_resumes_it() {
    let (world, stranger) = (with_input(), Stranger::listen());
    let fault = world.server.plant(tarquet_s3server::Fault::always(
        "UploadPart",
        "out/*",
        tarquet_s3server::Effect::Status(403, "AccessDenied".into()),
    ));
    let spec = spec(&world, "out", "", "");
    let held = world.run(&[&spec]).exits(5).json();
    assert!(fault.fired() > 0);
    world.server.heal();
    let job = held["job"].as_str().expect("an id");
    let key = format!("out.tarquet/jobs/{job}/job.json");
    let mut object: serde_json::Value =
        serde_json::from_slice(&world.server.object(BUCKET, &key).expect("it is there")).unwrap();
    object["spec"]["input"]["store"] = serde_json::json!({ "endpoint": stranger.url });
    world.write("bad/job.json", &serde_json::to_vec(&object).unwrap());
    world.server.load(BUCKET, &format!("out.tarquet/jobs/{job}/"), &world.path("bad")).unwrap();
    // On another machine, which has no ledger of it.
    fs::remove_dir_all(world.path("home")).unwrap();
    let resume = ["run", "--resume", "s3://test/out", "--retry", "--progress", "none", "-o", "json"];
    refused(world.tarquet(&resume), 2, "E0110");
    stranger.heard_nothing();
}

#[test]
fn link_local_addresses_are_asked_by_nobody() {
    let world = with_input();
    for host in ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"] {
        let file = spec(&world, "out", &format!("endpoint = \"http://{host}\""), "");
        refused(world.run(&[&file]), 7, "E0618");
    }
    // A number is a name to us, and that address to the resolver.
    let file = spec(&world, "out", "endpoint = \"http://2852039166\"", "");
    refused(world.run(&[&file]), 7, "E0618");
    let environment =
        |args: &[&str]| answer(world.command().env("AWS_ENDPOINT_URL", "http://169.254.169.254").args(args));
    refused(environment(&["inspect", "s3://test/in/a.tar.lz4"]), 7, "E0618");
    refused(environment(&["worker"]), 7, "E0618");
    world.tarquet(&["coordinator", "--store", "x=http://169.254.169.254"]).exits(2).says("link-local");
}
