//! One question each.
