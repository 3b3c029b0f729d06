//! What of this machine the work may use.

use crate::{
    args::ResourceFlags,
    doctor::{self, Machine, Verdict, machine_memory},
    error::CliError,
};
use std::path::PathBuf;
use tarquet_common::{codes::spec as codes, failure::Failure, units::Bytes};

/// Kept for the process itself: runtime, connections, plan heads, allocator slack.
const PROCESS_BYTES: u64 = 128 << 20;
/// Share of the machine's memory taken when nobody says how much: page cache and neighbours need some.
const DEFAULT_PERCENT: u64 = 80;
/// Least memory of a slot that can do anything.
const SLOT_BYTES_MIN: u64 = 64 << 20;

/// Slots and their memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resources {
    /// Shards at a time.
    pub slots: u32,
    /// Memory of one slot, in bytes.
    pub slot_bytes: u64,
    /// What lies between fetching and decoding lies here.
    pub scratch: PathBuf,
}

impl Resources {
    /// What the flags ask for, or what the machine has.
    ///
    /// # Errors
    /// `BAD_ARGUMENT` when the memory is too little for the slots.
    pub(crate) fn of(flags: &ResourceFlags) -> Result<Self, CliError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let slots = flags.slots.unwrap_or_else(|| u32::try_from(cores).unwrap_or(u32::MAX));
        let memory = flags.memory.map_or_else(default_memory, |m| m.0);
        let slot_bytes = memory.saturating_sub(PROCESS_BYTES) / u64::from(slots.max(1));
        if slot_bytes < SLOT_BYTES_MIN {
            let least = Bytes(PROCESS_BYTES + u64::from(slots) * SLOT_BYTES_MIN);
            let text = format!("{} of memory is too little for {slots} slots", Bytes(memory));
            let failure =
                Failure::new(codes::BAD_ARGUMENT, text).expected(format!("at least {least}"), Bytes(memory));
            return Err(failure.with_hint("Give more --memory, or use fewer --slots.").into());
        }
        Ok(Self { slots, slot_bytes, scratch: flags.scratch.clone() })
    }

    /// Says in the log what is wrong with the scratch folder, before a shard fails for it: above all the 64 MiB of
    /// `/dev/shm` that Docker gives a container which asks for nothing.
    pub(crate) fn warn_of_scratch(&self) {
        let finding = doctor::scratch(&self.scratch, &Machine::gather());
        if finding.verdict >= Verdict::Warning {
            let hint = finding.hint.unwrap_or_default();
            tracing::warn!("{}: {}. {hint}", finding.check, finding.found);
        }
    }
}

/// Holds the allocator to few arenas. It gives each thread one of its own, up to eight a core, and what is freed in one is
/// not used by another: a long run, whose buffers are filled by one thread and freed by the next, came to hold twice what
/// it needed. To be called before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn few_arenas(slots: u32) {
    let arenas = libc::c_int::try_from(slots.saturating_add(2)).unwrap_or(libc::c_int::MAX);
    // SAFETY: sets a number; no memory is involved, and no other thread exists yet.
    let set = unsafe { libc::mallopt(libc::M_ARENA_MAX, arenas) };
    if set == 0 {
        tracing::warn!(arenas, "the allocator does not take a number of arenas");
    }
}

/// Other C libraries have no arenas to speak of.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn few_arenas(_slots: u32) {}

fn default_memory() -> u64 {
    machine_memory() / 100 * DEFAULT_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(slots: u32, memory: u64) -> ResourceFlags {
        ResourceFlags { slots: Some(slots), memory: Some(Bytes::mib(memory)), scratch: "/dev/shm".into() }
    }

    #[test]
    fn memory_is_shared_by_the_slots() {
        let two = Resources::of(&flags(2, 1024)).unwrap();
        assert_eq!((two.slots, two.slot_bytes), (2, 448 << 20));
        assert!(Resources::of(&flags(16, 1024)).is_err());
    }
}
