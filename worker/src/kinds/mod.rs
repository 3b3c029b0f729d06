//! What is done to inputs, one folder a kind. A kind knows nothing of leases, networks and clocks.

pub mod convert;
