//! What is read back, on stores that fail, lie, or hold what is damaged.

mod registry;
mod snapshot;
mod stored;
mod take_over;
