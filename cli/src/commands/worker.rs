//! `tarquet worker`: does what a coordinator leases out.

use crate::{
    args::ResourceFlags,
    connection::{access, block_on},
    context::Context,
    error::CliError,
    exit::Exit,
    local,
    render::counted,
    resources::{Resources, few_arenas},
};
use std::{path::PathBuf, sync::Arc};
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
    seal::WorkerSecret,
    units::Bytes,
};
use tarquet_coordinator::SHARED_PROBE;
use tarquet_worker::{
    agent::{self, AgentSettings, Drain, drain_on_notices, drain_on_signals},
    transport::GrpcLeasing,
};

/// What of this machine to give.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet worker --slots 2 --memory 4GiB\n  \
                        tarquet worker --coordinator http://127.0.0.1:7481 --shared /mnt/shared\n  \
                        tarquet worker --store lake=https://s3.example.com,profile=lake-writer\n  \
                        tarquet worker --coordinator https://there:7481 --tls-ca ca.crt --tls-cert tls.crt \
                        --tls-key tls.key --token-file token")]
pub(crate) struct Args {
    #[command(flatten)]
    resources: ResourceFlags,
    /// Folder that the coordinator sees at the same path
    #[arg(long, value_name = "DIR", env = "TARQUET_SHARED_DIR")]
    shared: Option<PathBuf>,
}

/// Works until it is drained: SIGTERM, SIGINT, or the coordinator says so.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let resources = Resources::of(&args.resources)?;
    few_arenas(resources.slots);
    resources.warn_of_scratch();
    block_on(async {
        let id = local::worker_id(&cx.clock);
        let mut settings = AgentSettings::new(id.clone(), resources.slots, resources.slot_bytes);
        settings.shared_probe = args.shared.as_deref().map(probe).transpose()?;
        let leasing = Arc::new(GrpcLeasing::new(&access(cx), WorkerSecret::draw()?)?);
        let stores = Arc::new(cx.globals.store.operated()?);
        let runner = local::runner(id.clone(), &resources, stores);
        let drain = Drain::default();
        let signals = drain_on_signals(drain.clone())
            .map_err(|e| Failure::new(ourselves::INVARIANT, "signals cannot be watched").caused_by(&e))?;
        tokio::spawn(signals);
        tokio::spawn(drain_on_notices(drain.clone()));
        let (slots, each) = (counted(resources.slots.into(), "slot"), Bytes(resources.slot_bytes));
        cx.say(&format!("worker {id}: {slots} of {each}, coordinator {}", cx.globals.coordinator));
        agent::run(leasing, Arc::new(runner), settings, drain).await?;
        Ok(Exit::Done)
    })
}

fn probe(dir: &std::path::Path) -> Result<String, CliError> {
    let path = dir.join(SHARED_PROBE);
    std::fs::read_to_string(&path).map_err(|e| {
        let text = "the shared directory has no probe file: the coordinator writes it when it starts";
        let failure =
            Failure::new(cluster::SHARED_DIRECTORY_DIFFERS, text).at_uri(path.display().to_string());
        failure.caused_by(&e).into()
    })
}
