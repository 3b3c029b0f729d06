//! What is read of this machine. Nothing is judged here, and what cannot be read is `None`.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Its size in bytes.
    pub total: u64,
    /// What this user may still write.
    pub free: u64,
}

impl Space {
    /// The file system that holds `path`, or its nearest parent that exists.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let there = path.ancestors().find(|p| p.exists()).filter(|p| !p.as_os_str().is_empty());
        let stat = rustix::fs::statvfs(there.unwrap_or_else(|| Path::new("."))).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        Some(Self { total: bytes(stat.f_blocks), free: bytes(stat.f_bavail) })
    }
}

/// This machine, as this process may use it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Machine {
    /// Cores this process may use.
    pub cores: Option<usize>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes that a control group allows.
    pub cgroup_memory: Option<u64>,
    /// `/dev/shm`.
    pub shm: Option<Space>,
    /// Open files allowed now and at most.
    pub open_files: Option<(u64, u64)>,
    /// Whether this seems to be a container.
    pub container: bool,
}

impl Machine {
    /// Reads it.
    pub(crate) fn gather() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self {
            cores: std::thread::available_parallelism().ok().map(usize::from),
            memory: read("/proc/meminfo").and_then(|text| total_memory(&text)),
            cgroup_memory: cgroup_memory(),
            shm: Path::new("/dev/shm").is_dir().then(|| Space::of(Path::new("/dev/shm"))).flatten(),
            open_files: read("/proc/self/limits").and_then(|text| open_files(&text)),
            container: Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists(),
        }
    }
}

/// Bytes of memory that this process may use: the machine's, or less where a control group says so.
pub(crate) fn machine_memory() -> u64 {
    let machine = Machine::gather();
    machine.memory.into_iter().chain(machine.cgroup_memory).min().unwrap_or(4 << 30)
}

/// `MemTotal:  24680000 kB`.
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// `Max open files            1024                 1048576              files`.
fn open_files(limits: &str) -> Option<(u64, u64)> {
    let line = limits.lines().find_map(|l| l.strip_prefix("Max open files"))?;
    let mut words = line.split_whitespace();
    let mut number = || match words.next()? {
        "unlimited" => Some(u64::MAX),
        word => word.parse().ok(),
    };
    Some((number()?, number()?))
}

/// What the control groups of this process allow.
fn cgroup_memory() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    smallest_limit(&groups, |path| fs::read_to_string(path).ok())
}

/// The smallest limit from this process's group up to the root, under version 2 (`memory.max`) or 1. A container is
/// often told its group's path on the host, and shown that group as the root: every parent is looked at.
fn smallest_limit(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let files = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            c if c.split(',').any(|c| c == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => return Vec::new(),
        };
        let group = Path::new(group.trim_start_matches('/'));
        group.ancestors().map(|g| PathBuf::from(root).join(g).join(file)).collect()
    });
    let limit = |path: PathBuf| read(&path)?.trim().parse::<u64>().ok();
    // Version 1 says "no limit" with a number near 2^63.
    files.filter_map(limit).filter(|n| *n < 1 << 60).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        assert_eq!(total_memory("MemTotal:       24680000 kB\nMemFree: 1 kB\n"), Some(24_680_000 * 1024));
        assert_eq!(total_memory("nothing"), None);
        let limits = "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 unlimited            files\n";
        assert_eq!(open_files(limits), Some((1024, u64::MAX)));
    }

    /// The limit found where these files exist.
    fn limit(groups: &str, files: &[(&str, &str)]) -> Option<u64> {
        let read = |path: &Path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path);
            found.map(|(_, text)| format!("{text}\n"))
        };
        smallest_limit(groups, read)
    }

    #[test]
    fn limits_of_both_versions_of_control_groups() {
        // Version 2 in a container: its group is the root.
        assert_eq!(limit("0::/\n", &[("/sys/fs/cgroup/memory.max", "2147483648")]), Some(2 << 30));
        // Version 2 outside: a parent may allow less.
        let nested =
            [("/sys/fs/cgroup/a/b/memory.max", "max"), ("/sys/fs/cgroup/a/memory.max", "1073741824")];
        assert_eq!(limit("0::/a/b\n", &nested), Some(1 << 30));
        // Version 1 in a container: the path is the host's, the root is the container's.
        let groups = "12:cpu:/docker/4f\n3:memory:/docker/4f\n0::/docker/4f\n";
        let root = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
        assert_eq!(limit(groups, &[(root, "2147483648")]), Some(2 << 30));
        assert_eq!(
            limit(groups, &[(root, "9223372036854771712")]),
            None,
            "version 1 has no word for no limit"
        );
        assert_eq!(limit("0::/\n", &[]), None);
    }

    #[test]
    fn space_of_a_folder_that_is_not_there_is_its_parents() {
        let dir = tempfile::tempdir().unwrap();
        let space = Space::of(&dir.path().join("a/b/c")).unwrap();
        assert_eq!(space.total, Space::of(dir.path()).unwrap().total);
        assert!(space.free <= space.total);
    }
}
