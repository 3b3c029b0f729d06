//! What the operator of a coordinator tunes.

use std::{net::SocketAddr, path::PathBuf};
use tarquet_common::store::{StoreSettings, Uri};
use tarquet_core::Settings;
use tarquet_proto::tls::ServerFiles;

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
    /// No other coordinator is left: jobs that the ledger does not know are taken over even where the store could not
    /// keep two coordinators apart.
    pub take_over: bool,
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
            take_over: false,
            core,
        }
    }
}

/// Where a coordinator listens, and whom it lets in.
#[derive(Clone, Debug)]
pub struct ListenSettings {
    /// For workers and the command line: gRPC.
    pub listen: SocketAddr,
    /// For browsers, probes and scripts: HTTP.
    pub http: SocketAddr,
    /// The certificate and key of both ports; without, nothing is encrypted. Its `client_ca` is for gRPC alone.
    pub tls: Option<ServerFiles>,
    /// Clients of the HTTP port must show a certificate of one of these authorities.
    pub http_client_ca: Option<PathBuf>,
    /// The token file; without, everybody may do everything.
    pub tokens: Option<PathBuf>,
    /// Listen on addresses that others can reach, although not both of TLS and tokens protect them.
    pub insecure: bool,
}

impl ListenSettings {
    /// Two addresses that nothing protects, which is fine on loopback.
    pub fn new(listen: SocketAddr, http: SocketAddr) -> Self {
        Self { listen, http, tls: None, http_client_ca: None, tokens: None, insecure: false }
    }
}
