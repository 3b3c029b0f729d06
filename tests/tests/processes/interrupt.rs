//! A `run` that is asked to stop: it drains, says how to go on, and goes on.

use crate::world::{BUCKET, World};
use std::process::{Child, Command, Stdio};
use tarquet_kit::until;
use tarquet_s3server::{Effect, Fault};

/// Ctrl-C and what supervisors send.
const SIGNALS: [&str; 2] = ["INT", "TERM"];

fn signal(child: &Child, name: &str) {
    let told = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(told.expect("kill is there").success());
}

#[test]
fn a_run_that_is_asked_to_stop_says_how_to_go_on_and_goes_on() {
    let world = World::new();
    world.samples("in");
    for name in SIGNALS {
        let output = format!("s3://{BUCKET}/out-{name}");
        // No part arrives, so the job cannot end before the signal.
        let held = world.server.plant(Fault::always("UploadPart", &format!("out-{name}/*"), Effect::Hang));
        let args =
            ["run", "--input", "in/*.tar.lz4", "--output", &output, "--partitions", "4", "--slots", "1"];
        let mut command = world.command();
        command.args(args).args(["--progress", "none"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("tarquet starts");
        until("an upload that hangs", || (held.fired() > 0).then_some(()));
        signal(&child, name);
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(130), "{name}: {said}");
        assert!(said.contains(&format!("Go on with: tarquet run --resume {output}")), "{name}: {said}");

        world.server.heal();
        // One member of the samples is bad and nothing was said about a budget: held, then accepted.
        world.tarquet(&["run", "--resume", &output, "--progress", "none"]).exits(5);
        world.tarquet(&["run", "--resume", &output, "--accept", "--progress", "none"]).exits(3);
        assert_eq!(world.stored_parts(&format!("out-{name}/")).len(), 4, "{name}");
    }
}
