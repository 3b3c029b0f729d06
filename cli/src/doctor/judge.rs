//! From facts about a machine to findings. Pure.

use super::{Finding, Machine, Space, Verdict};
use crate::render::bytes;
use std::path::Path;

/// What Docker gives a container that asks for nothing.
const DOCKER_SHM: u64 = 64 << 20;
/// Scratch below this holds few items of any size at a time.
const SHM_LOW: u64 = 512 << 20;
/// A slot of the usual settings: fetch, ring, row group and two upload parts.
const SLOT: u64 = 400 << 20;
/// Sockets, segments and files of a worker with a few dozen slots.
const OPEN_FILES_LOW: u64 = 1024;

/// Judges the machine.
pub(crate) fn machine(machine: &Machine) -> Vec<Finding> {
    vec![cores_and_memory(machine), shm(machine), open_files(machine)]
}

fn cores_and_memory(machine: &Machine) -> Finding {
    const CHECK: &str = "memory";
    let limit = machine.cgroup_memory.into_iter().chain(machine.memory).min();
    let Some(limit) = limit else {
        return Finding::new(CHECK, Verdict::Skipped, "this system does not say how much memory there is");
    };
    let cores = machine.cores.unwrap_or(1) as u64;
    let of = match machine.cgroup_memory {
        Some(group) if Some(group) < machine.memory => {
            format!("{} (limit of the control group)", bytes(limit))
        }
        _ => bytes(limit),
    };
    let slots = (limit / SLOT).min(cores);
    let found = format!("{of}, {cores} cores: {slots} slots of about {}", bytes(SLOT));
    if slots == 0 {
        return Finding::new(CHECK, Verdict::Bad, found)
            .hint("Give the process more memory; one slot needs it.");
    }
    if slots < cores {
        let hint = format!("Memory allows {slots} slots; {} would keep all cores busy.", bytes(cores * SLOT));
        return Finding::new(CHECK, Verdict::Warning, found).hint(hint);
    }
    Finding::new(CHECK, Verdict::Ok, found)
}

fn shm(machine: &Machine) -> Finding {
    const CHECK: &str = "/dev/shm";
    let Some(shm) = machine.shm else {
        return Finding::new(CHECK, Verdict::Bad, "there is no /dev/shm")
            .hint("Name another folder with --scratch.");
    };
    let found = space_words(shm);
    if shm.total == DOCKER_SHM {
        let found = format!("{found}: Docker's default of 64 MiB, which holds almost nothing");
        let hint = "Start the container with --shm-size=1g, or set shm_size: 1gb in the compose file.";
        return Finding::new(CHECK, Verdict::Bad, found).hint(hint);
    }
    if shm.free < SHM_LOW {
        let hint = match machine.container {
            true => "Start the container with a larger --shm-size, or name another folder with --scratch.",
            false => "Remove what fills it, or name another folder with --scratch.",
        };
        return Finding::new(CHECK, Verdict::Warning, found).hint(hint);
    }
    Finding::new(CHECK, Verdict::Ok, found)
}

fn open_files(machine: &Machine) -> Finding {
    const CHECK: &str = "open files";
    match machine.open_files {
        None => Finding::new(CHECK, Verdict::Skipped, "this system does not say how many files may be open"),
        Some((now, most)) if now < OPEN_FILES_LOW => {
            Finding::new(CHECK, Verdict::Warning, format!("{now} allowed, at most {most}"))
                .hint(format!("Raise the limit: ulimit -n {OPEN_FILES_LOW}, or LimitNOFILE= in the unit."))
        }
        Some((now, _)) => Finding::new(CHECK, Verdict::Ok, format!("{now} allowed")),
    }
}

/// Judges the folder that lies between fetching and decoding.
pub(crate) fn scratch(dir: &Path, machine: &Machine) -> Finding {
    if dir == Path::new("/dev/shm") { shm(machine) } else { space("scratch", Space::of(dir), 0) }
}

fn space_words(space: Space) -> String {
    format!("{} free of {}", bytes(space.free), bytes(space.total))
}

/// Judges a file system that is to hold `needed` bytes (0 when not known).
pub(crate) fn space(check: &'static str, space: Option<Space>, needed: u64) -> Finding {
    let Some(space) = space else {
        return Finding::new(check, Verdict::Skipped, "this system does not say how much space there is");
    };
    let found = space_words(space);
    if needed > space.free {
        let hint = format!("About {} will be written: free space, or choose another output.", bytes(needed));
        return Finding::new(check, Verdict::Bad, found).hint(hint);
    }
    if space.free < space.total / 20 {
        return Finding::new(check, Verdict::Warning, found).hint("Less than 5 % is free.");
    }
    Finding::new(check, Verdict::Ok, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Machine {
        Machine {
            cores: Some(4),
            memory: Some(16 << 30),
            cgroup_memory: None,
            shm: Some(Space { total: 8 << 30, free: 8 << 30 }),
            open_files: Some((1 << 20, 1 << 20)),
            container: false,
        }
    }

    fn verdicts(m: &Machine) -> Vec<Verdict> {
        machine(m).into_iter().map(|f| f.verdict).collect()
    }

    #[test]
    fn an_ordinary_machine_is_well() {
        assert_eq!(verdicts(&good()), [Verdict::Ok; 3]);
    }

    #[test]
    fn dockers_default_is_said_clearly() {
        let m = Machine { shm: Some(Space { total: 64 << 20, free: 64 << 20 }), ..good() };
        let finding = &machine(&m)[1];
        assert_eq!(finding.verdict, Verdict::Bad);
        assert!(finding.found.contains("Docker's default of 64 MiB"));
        assert!(finding.hint.as_ref().unwrap().contains("--shm-size"));
        assert_eq!(&scratch(Path::new("/dev/shm"), &m), finding);
        assert_eq!(scratch(Path::new("/"), &m).check, "scratch");
    }

    #[test]
    fn a_control_group_limits_memory() {
        let m = Machine { cgroup_memory: Some(1 << 30), ..good() };
        let finding = &machine(&m)[0];
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(finding.found.contains("control group"), "{}", finding.found);
        let m = Machine { cgroup_memory: Some(100 << 20), ..good() };
        assert_eq!(machine(&m)[0].verdict, Verdict::Bad);
    }

    #[test]
    fn what_is_not_known_is_said_so() {
        assert_eq!(verdicts(&Machine::default()), [Verdict::Skipped, Verdict::Bad, Verdict::Skipped]);
        assert_eq!(space("disk", None, 1).verdict, Verdict::Skipped);
    }

    #[test]
    fn disks() {
        let with = |free| Some(Space { total: 1000, free });
        assert_eq!(space("disk", with(500), 501).verdict, Verdict::Bad);
        assert_eq!(space("disk", with(500), 0).verdict, Verdict::Ok);
        assert_eq!(space("disk", with(10), 0).verdict, Verdict::Warning);
    }
}
