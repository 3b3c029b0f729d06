//! What the coordinator counts, in the exposition format of OpenMetrics.
//!
//! **Counters** are told as things happen: events by the driver, calls and connections by the services. **Gauges** are
//! read from the state when somebody asks. Labels take their values from closed sets (names of states, stages, methods,
//! codes), never from what a user or a client wrote. Times are in seconds and sizes in bytes, and names say so.

mod registry;
mod snapshot;

pub(crate) use registry::{CONTENT_TYPE, Metrics};
pub(crate) use snapshot::Snapshot;
