//! The C library's allocator, held to what the work needs.

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
