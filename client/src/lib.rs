//! What a program needs to talk to a coordinator: its **jobs**, and **following** one of them.
//!
//! ```text
//!                        Jobs                       what may be asked, whatever carries it
//!             RemoteJobs      CoordinatorHandle     over gRPC; in this process (the coordinator's own)
//!                        │
//!                      follow                       until a job is where it is waited for
//! ```
//!
//! Nothing here draws, prints or knows how a job is done: what comes back are the coordinator's views, as they are. The
//! connection itself (address, TLS, token) is [`tarquet_proto::client`]'s, which workers use as well.

mod follow;
mod jobs;
mod remote;

pub use follow::{Followed, Goal, News, follow, is_over, is_settled};
pub use jobs::{Adopted, EventLine, Jobs, JobsError, Lines, PAGE_MAX, Statuses, Steer, Submitted};
pub use remote::RemoteJobs;
