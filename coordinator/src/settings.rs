//! What the operator of a coordinator tunes.

use std::{net::SocketAddr, path::PathBuf};
use tarquet_common::store::{StoreSettings, Uri};
use tarquet_core::Settings;

/// Which file paths jobs may name as inputs and outputs. A path means something only where the same files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FilePaths {
    /// All: coordinator and workers are one process.
    Anywhere,
    /// Those in this directory, which every worker has to prove that it sees.
    Shared(PathBuf),
    /// None: workers are on other machines.
    #[default]
    Refused,
}

/// Settings of a coordinator.
#[derive(Clone, Debug)]
pub struct CoordinatorSettings {
    /// Where the ledger lives. Created if it is not there.
    pub state_dir: PathBuf,
    /// Where pointers to jobs are kept; `<state_dir>.registry.tarquet` by default, outside of the state directory so
    /// that jobs are found again when that is lost.
    pub registry: Option<Uri>,
    /// How to reach the registry's store.
    pub registry_store: StoreSettings,
    /// Which file paths jobs may name.
    pub paths: FilePaths,
    /// Leases, retries and the like.
    pub core: Settings,
}

impl CoordinatorSettings {
    /// The defaults for a state directory.
    pub fn new(state_dir: PathBuf) -> Self {
        let core = Settings { build: env!("CARGO_PKG_VERSION").to_owned(), ..Settings::default() };
        Self {
            state_dir,
            registry: None,
            registry_store: StoreSettings::default(),
            paths: FilePaths::Refused,
            core,
        }
    }
}

/// Where a coordinator listens.
#[derive(Clone, Debug)]
pub struct ListenSettings {
    /// For workers and the command line: gRPC.
    pub listen: SocketAddr,
    /// For browsers, probes and scripts: HTTP.
    pub http: SocketAddr,
    /// Listen on addresses that others can reach, although nothing protects them.
    pub insecure: bool,
}
