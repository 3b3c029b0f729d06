//! The most that processes hold: of what the kernel cannot take back.
//!
//! Counted are anonymous pages (`RssAnon`), and the reserved blocks of scratch, which are mappings of nameless files in
//! `/dev/shm`.

use std::{
    fs, io,
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{JoinHandle, sleep, spawn},
    time::{Duration, Instant},
};
use tarquet_kit::until;

/// How often a process is looked at.
const EVERY: Duration = Duration::from_millis(4);

/// The most that a process held at a time, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peak {
    /// Anonymous pages.
    pub anonymous: u64,
    /// Scratch.
    pub scratch: u64,
    /// Both, at one time.
    pub together: u64,
    /// How often it was looked at.
    pub looks: u32,
    /// For how long.
    pub took: Duration,
}

impl Peak {
    /// Looks at what a process holds now. One that has ended holds nothing.
    fn look(&mut self, pid: u32) {
        let proc = Path::new("/proc").join(pid.to_string());
        let (Ok(status), Ok(maps)) =
            (fs::read_to_string(proc.join("status")), fs::read_to_string(proc.join("maps")))
        else {
            return;
        };
        let anonymous = status.lines().find_map(|l| l.strip_prefix("RssAnon:")).map_or(0, kib);
        let scratch = maps.lines().filter(|l| l.contains(" /dev/shm/")).map(span).sum();
        self.anonymous = self.anonymous.max(anonymous);
        self.scratch = self.scratch.max(scratch);
        self.together = self.together.max(anonymous + scratch);
        self.looks += 1;
    }
}

/// `  1234 kB` in bytes.
fn kib(text: &str) -> u64 {
    let number = text.trim().trim_end_matches("kB").trim();
    number.parse::<u64>().expect("the kernel writes numbers") * 1024
}

/// Bytes of a mapping: `7f0000000000-7f0000100000 rw-s …`.
fn span(line: &str) -> u64 {
    let (from, to) = line.split(' ').next().and_then(|r| r.split_once('-')).expect("a range");
    let number = |text| u64::from_str_radix(text, 16).expect("the kernel writes numbers");
    number(to) - number(from)
}

/// Runs a command to its end and watches what it holds; what it says goes through files in `folder`. Where a shell stands
/// before it, `exec` keeps the number.
///
/// # Errors
/// When it cannot be started, or the folder not be written to.
pub fn watched(command: &mut Command, folder: &Path) -> io::Result<(Output, Peak)> {
    let (out, err) = (folder.join("watched.out"), folder.join("watched.err"));
    command.stdout(fs::File::create(&out)?).stderr(fs::File::create(&err)?);
    let mut child = command.stdin(Stdio::null()).spawn()?;
    let watch = Watch::begin(child.id());
    let status = until("the command to end", || child.try_wait().expect("it is ours"));
    let peak = watch.end();
    Ok((Output { status, stdout: fs::read(&out)?, stderr: fs::read(&err)? }, peak))
}

/// Looks at a process until it is told to end.
#[derive(Debug)]
pub struct Watch {
    done: Arc<AtomicBool>,
    thread: JoinHandle<Peak>,
}

impl Watch {
    /// Begins to look at the process of this number.
    pub fn begin(pid: u32) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        #[expect(clippy::disallowed_methods, reason = "other processes live in real time")]
        let began = Instant::now();
        let thread = spawn(move || {
            let mut peak = Peak::default();
            while !told.load(Relaxed) {
                peak.look(pid);
                sleep(EVERY);
            }
            peak.took = began.elapsed();
            peak
        });
        Self { done, thread }
    }

    /// What it held at most.
    ///
    /// # Panics
    /// When the kernel told something else than it does.
    pub fn end(self) -> Peak {
        self.done.store(true, Relaxed);
        self.thread.join().expect("the kernel tells numbers")
    }
}
