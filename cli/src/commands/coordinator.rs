//! `tarquet coordinator`: serves jobs to workers.

use crate::{connection::block_on, context::Context, error::CliError, exit::Exit, local};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tarquet_common::{
    clock::SystemClock,
    codes::{cluster, ourselves},
    failure::Failure,
    store::{StoreError, Uri},
};
use tarquet_coordinator::{
    Coordinator, CoordinatorSettings, FilePaths, ListenSettings, Serving, kinds::AllKinds,
};
use tarquet_proto::tls::ServerFiles;
use tarquet_worker::agent::{Drain, drain_on_signals};

/// Where to keep state, where to listen.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet coordinator --state /var/lib/tarquet\n  \
                        tarquet coordinator --state state --shared /mnt/shared --listen 127.0.0.1:7481\n  \
                        tarquet coordinator --store lake=https://s3.example.com,profile=lake-writer\n  \
                        tarquet coordinator --listen 0.0.0.0:7481 --tls-cert tls.crt --tls-key tls.key \
                        --client-ca ca.crt --tokens tokens")]
pub(crate) struct Args {
    /// Folder of the ledger
    #[arg(long, value_name = "DIR", env = "TARQUET_STATE", default_value = "tarquet-state")]
    state: PathBuf,
    /// Address for workers and the command line (gRPC)
    #[arg(long, value_name = "ADDR", env = "TARQUET_LISTEN", default_value = "127.0.0.1:7481")]
    listen: SocketAddr,
    /// Address for probes and scripts (HTTP)
    #[arg(long, value_name = "ADDR", env = "TARQUET_HTTP", default_value = "127.0.0.1:7480")]
    http: SocketAddr,
    /// Folder that all workers see at the same path: jobs may name files in it
    #[arg(long, value_name = "DIR", env = "TARQUET_SHARED_DIR")]
    shared: Option<PathBuf>,
    /// Where pointers to jobs are kept, so that jobs outlive this machine [default: beside the state]
    #[arg(long, value_name = "URI", env = "TARQUET_REGISTRY")]
    registry: Option<String>,
    /// No other coordinator is left: take over jobs that are not in the ledger, whatever their store can do
    #[arg(long)]
    take_over: bool,
    /// How long a lease lives without being renewed
    #[arg(long, value_name = "TIME", env = "TARQUET_LEASE_TTL", default_value = "60s")]
    lease_ttl: crate::args::Duration,
    /// Token file: a role (viewer, operator, worker) and a token or its sha256 on each line
    #[arg(long, value_name = "FILE", env = "TARQUET_TOKENS")]
    tokens: Option<PathBuf>,
    /// Workers and the command line must show a certificate of this authority
    #[arg(long, value_name = "FILE", env = "TARQUET_CLIENT_CA")]
    client_ca: Option<PathBuf>,
    /// Clients of the HTTP port must show a certificate of this authority
    #[arg(long, value_name = "FILE", env = "TARQUET_HTTP_CLIENT_CA")]
    http_client_ca: Option<PathBuf>,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let settings = settings(args, cx)?;
        let listen = listening(args, cx)?;
        let stores = Arc::new(cx.globals.store.operated()?);
        // The ports first: a second coordinator on them must not touch the ledger.
        let serving = Serving::bind(&listen).await?;
        let kinds = Arc::new(AllKinds::new(stores.clone(), local::build()));
        let clock = Arc::new(SystemClock::default());
        let coordinator = Coordinator::start(settings, kinds, stores, clock).await?;
        let scheme = serving.scheme();
        cx.say(&format!("coordinator: gRPC on {}, {scheme}://{}/", serving.listen(), serving.http()));
        let drain = Drain::default();
        let signals = drain_on_signals(drain)
            .map_err(|e| Failure::new(ourselves::INVARIANT, "signals cannot be watched").caused_by(&e))?;
        serving.run(coordinator, signals).await?;
        Ok(Exit::Done)
    })
}

fn listening(args: &Args, cx: &Context) -> Result<ListenSettings, CliError> {
    let security = &cx.globals.security;
    let tls = match (&security.tls_cert, &security.tls_key) {
        (Some(cert), Some(key)) => {
            Some(ServerFiles { cert: cert.clone(), key: key.clone(), client_ca: args.client_ca.clone() })
        }
        (None, None) => None,
        (Some(alone), None) | (None, Some(alone)) => {
            let told = "--tls-cert and --tls-key belong together, and only one is given";
            let failure = Failure::new(cluster::TLS_FILE_UNUSABLE, told);
            return Err(failure.at_uri(alone.display().to_string()).into());
        }
    };
    if let (None, Some(ca)) = (&tls, args.client_ca.as_ref().or(args.http_client_ca.as_ref())) {
        let told =
            "clients can show certificates only where TLS is served: --tls-cert and --tls-key are missing";
        let failure = Failure::new(cluster::TLS_FILE_UNUSABLE, told);
        return Err(failure.at_uri(ca.display().to_string()).into());
    }
    Ok(ListenSettings {
        listen: args.listen,
        http: args.http,
        tls,
        http_client_ca: args.http_client_ca.clone(),
        tokens: args.tokens.clone(),
        insecure: security.insecure,
    })
}

fn settings(args: &Args, cx: &Context) -> Result<CoordinatorSettings, CliError> {
    let mut settings = CoordinatorSettings::new(args.state.clone());
    settings.core.lease_ttl_ms = u64::try_from(args.lease_ttl.0.as_millis()).unwrap_or(u64::MAX);
    settings.core.renew_every_ms = (settings.core.lease_ttl_ms / 6).max(50);
    if let Some(uri) = &args.registry {
        settings.registry = Some(Uri::parse_here(uri).map_err(|e| Failure::from(StoreError::from(e)))?);
    }
    settings.take_over = args.take_over;
    settings.registry_store = cx.globals.store.settings();
    if let Some(dir) = &args.shared {
        settings.paths = FilePaths::Shared(dir.clone());
    }
    Ok(settings)
}
