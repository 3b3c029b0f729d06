//! What may be typed. Meaning comes later, in the context and the commands.

mod duration;
mod flags;
mod globals;
mod grammar;
mod security;

pub use duration::Duration;
pub use flags::{JobFlags, ResourceFlags};
pub use globals::{Format, Globals, ProgressMode, StoreFlags, When};
pub use grammar::Cli;
pub(crate) use grammar::Command;
pub use security::SecurityFlags;
