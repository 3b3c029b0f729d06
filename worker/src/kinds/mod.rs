//! What is done to inputs, one folder a kind. A kind knows nothing of leases, networks, stores and clocks.

pub mod convert;
mod registry;

pub(crate) use registry::named;
