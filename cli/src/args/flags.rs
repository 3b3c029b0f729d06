//! Groups of arguments that several commands share.

use super::StoreFlags;
use clap::Args;
use std::path::PathBuf;
use tarquet_common::{spec::Spec, store::StoreSettings, units::Bytes};

/// What of this machine the work may use.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Resources")]
pub struct ResourceFlags {
    /// Shards at a time [default: as many as there are cores]
    #[arg(long, value_name = "N", env = "TARQUET_SLOTS", hide_env_values = true, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub slots: Option<u32>,
    /// Memory for all slots together, as 4GiB [default: what the control group or the machine has]
    #[arg(long, value_name = "SIZE", env = "TARQUET_MEMORY", hide_env_values = true)]
    pub memory: Option<Bytes>,
    /// Folder for what lies between fetching and decoding; best in memory
    #[arg(
        long,
        value_name = "DIR",
        env = "TARQUET_SCRATCH",
        hide_env_values = true,
        default_value = "/dev/shm"
    )]
    pub scratch: PathBuf,
}

impl StoreFlags {
    /// Fills in what a spec does not say.
    pub fn complete(&self, settings: &mut StoreSettings) {
        let fill = |to: &mut Option<String>, from: &Option<String>| {
            if to.is_none() {
                to.clone_from(from);
            }
        };
        fill(&mut settings.endpoint, &self.endpoint_url);
        fill(&mut settings.region, &self.region);
        fill(&mut settings.profile, &self.profile);
        settings.anonymous |= self.no_sign_request;
    }

    /// The settings these flags alone make.
    pub fn settings(&self) -> StoreSettings {
        let mut settings = StoreSettings::default();
        self.complete(&mut settings);
        settings
    }

    /// Fills in what the stores of a spec do not say.
    pub fn complete_spec(&self, spec: &mut Spec) {
        spec.stores_mut().into_iter().for_each(|store| self.complete(store));
    }
}
