//! A process that is killed at any moment has lost nothing that it acknowledged.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    thread,
    time::Duration,
};
use tarquet_coordinator::ledger::{Change, Ledger, open};

const CHILD_DIR: &str = "TARQUET_TEST_LEDGER_DIR";
const ROUNDS: u64 = 12;

/// Not a test by itself: what the parent starts and kills. Commits n = 1, 2, … under three keys each and tells every n
/// that was acknowledged.
#[test]
fn child() {
    let Ok(dir) = env::var(CHILD_DIR) else { return };
    let (mut ledger, _) = open(dir.as_ref(), 0).expect("the ledger opens");
    let mut out = std::io::stdout().lock();
    let last = ledger.load().expect("it reads").len() as u64 / 3;
    for n in last + 1.. {
        let change =
            |k: u64| Change { key: format!("{n:08}.{k}").into_bytes(), value: Some(vec![k as u8; 400]) };
        ledger.commit(&[change(0), change(1), change(2)]).expect("it commits");
        writeln!(out, "\nack {n}").expect("the parent listens");
    }
}

#[test]
fn acknowledged_writes_survive_sigkill() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let out = child.stdout.take().expect("it is piped");
        let reader = thread::spawn(move || {
            let acks = BufReader::new(out).lines().map_while(Result::ok);
            acks.filter_map(|l| l.strip_prefix("ack ").and_then(|n| n.parse().ok())).last().unwrap_or(0_u64)
        });
        thread::sleep(Duration::from_millis(250 + round * 37));
        child.kill().expect("SIGKILL");
        child.wait().expect("it is dead");
        acknowledged = acknowledged.max(reader.join().expect("the reader"));

        let (mut ledger, _) = open(dir.path(), 0).expect("it opens again");
        let rows = ledger.load().expect("it reads");
        assert_eq!(rows.len() % 3, 0, "a batch was torn");
        assert!(rows.len() as u64 >= 3 * acknowledged, "{} rows, {acknowledged} acknowledged", rows.len());
    }
    assert!(acknowledged > ROUNDS, "only {acknowledged} commits were seen: the test proves nothing");
}
