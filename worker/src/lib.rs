//! The worker: leases, and the work behind them.
//!
//! [`agent`] makes a process a worker and knows nothing of what is done; [`transport`] is its way to a
//! coordinator elsewhere.

pub mod agent;
pub mod attempt;
pub mod input;
pub mod kinds;
pub mod output;
pub mod pipeline;
pub mod scratch;
pub mod transport;
