//! Arguments that several commands take. Meaning comes later, in the context and the commands.

mod duration;
mod flags;
mod globals;
mod security;
mod stores;

pub use duration::Duration;
pub use flags::ResourceFlags;
pub use globals::{Format, Globals, LogFormat, ProgressMode, StoreFlags, When};
pub use security::SecurityFlags;
pub use stores::StoreList;
