//! Commands in a place of their own: a small file system, a control group with little memory.
//!
//! Both need the system's leave. Where it is not given, tests say so.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};
use tarquet_kit::environment;

/// Mounts `$1` bytes of tmpfs at `$2` where only this process and its children see it, then becomes `$3…`.
const MOUNT: &str = r#"mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@""#;
/// Enters the control group whose list of processes is `$1`, then becomes `$2…`.
const ENTER: &str = r#"echo $$ >"$1" && shift && exec "$@""#;

/// The command, to be run with a file system of `bytes` at `place`; `None` (said aloud; a panic in CI) where namespaces
/// are not to be had.
pub fn with_small_disk(command: &Command, bytes: u64, place: &Path) -> Option<Command> {
    let probe = ["-rm", "sh", "-c", "mount -t tmpfs none /mnt"];
    let can = Command::new("unshare").args(probe).output().is_ok_and(|o| o.status.success());
    if !can {
        environment::skip("a mount namespace cannot be made");
        return None;
    }
    let mut wrapped = Command::new("unshare");
    wrapped.args(["-rm", "sh", "-c", MOUNT, "sh", &bytes.to_string()]).arg(place);
    Some(continued(wrapped, command))
}

/// A control group that is removed when dropped.
#[derive(Debug)]
pub struct MemoryGroup(PathBuf);

impl MemoryGroup {
    /// A group that may have `bytes` of memory, page cache and tmpfs included; `None` where none can be made.
    pub fn new(bytes: u64) -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("tarquet-test-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        parents().into_iter().find_map(|(parent, limit)| {
            let group = parent.join(&name);
            fs::create_dir(&group).ok()?;
            let group = Self(group);
            fs::write(group.0.join(limit), bytes.to_string()).ok()?;
            Some(group)
        })
    }

    /// The command, to be run in the group.
    pub fn around(&self, command: &Command) -> Command {
        let mut wrapped = Command::new("sh");
        wrapped.args(["-c", ENTER, "sh"]).arg(self.0.join("cgroup.procs"));
        continued(wrapped, command)
    }

    /// How many processes the kernel has killed in it for want of memory.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn killed(&self) -> io::Result<u64> {
        let read = |file| fs::read_to_string(self.0.join(file));
        let text = read("memory.events").or_else(|_| read("memory.oom_control"))?;
        let count = text.lines().find_map(|l| l.strip_prefix("oom_kill ")?.trim().parse().ok());
        count.ok_or_else(|| io::Error::other(format!("no count of kills in {text:?}")))
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // Its processes have ended; what cannot be removed is empty and harmless.
        fs::remove_dir(&self.0).ok();
    }
}

/// Groups in which one might be made, with the name of the limit's file: of version 2, then of version 1.
fn parents() -> Vec<(PathBuf, &'static str)> {
    let root = Path::new("/sys/fs/cgroup");
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of = |controller: &str| {
        let line = own.lines().find_map(|l| l.split_once(':')?.1.strip_prefix(controller)?.strip_prefix(':'));
        line.unwrap_or("/").trim_start_matches('/').to_owned()
    };
    if root.join("cgroup.controllers").exists() {
        return vec![(root.join(of("")), "memory.max"), (root.to_owned(), "memory.max")];
    }
    let memory = root.join("memory");
    vec![(memory.join(of("memory")), "memory.limit_in_bytes"), (memory, "memory.limit_in_bytes")]
}

/// `outer` with the program, arguments, environment and folder of `command` behind its own.
fn continued(mut outer: Command, command: &Command) -> Command {
    outer.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    outer
}
