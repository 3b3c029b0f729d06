//! Groups of arguments that several commands share.

use super::StoreFlags;
use clap::Args;
use std::path::PathBuf;
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    spec::Spec,
    store::{BadEndpoint, BadStore, KnownStores, NamedStore, StoreError, StoreSettings, Stores},
    units::Bytes,
};

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
    /// Fills in what a spec does not say. A store that has a name brings all of it.
    pub fn complete(&self, settings: &mut StoreSettings) {
        if settings.name.is_some() {
            return;
        }
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

    /// How an output that is named on the command line is reached: as these flags say; where they name no place and one store
    /// is named with `--store`, in that.
    pub fn of_output(&self) -> StoreSettings {
        let mut settings = self.settings();
        let nowhere = settings.endpoint.is_none() && settings.profile.is_none();
        if let ([one], true) = (self.named().as_slice(), nowhere) {
            settings.name = Some(one.name.clone());
        }
        settings
    }

    /// Fills in what the stores of a spec do not say.
    pub fn complete_spec(&self, spec: &mut Spec) {
        spec.stores_mut().into_iter().for_each(|store| self.complete(store));
    }

    /// Opens stores for the person who runs this process and has written what it is asked for.
    ///
    /// # Errors
    /// `BAD_ARGUMENT` where two stores have one name.
    pub fn own(&self) -> Result<Stores, Failure> {
        KnownStores::of_person(self.named()).map(Stores::of).map_err(unusable)
    }

    /// Opens stores for what others ask: those that were named, and that of environment and flags.
    ///
    /// # Errors
    /// `BAD_ARGUMENT`, `LINK_LOCAL`.
    pub fn operated(&self) -> Result<Stores, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let known = KnownStores::of_operator(self.named(), self.settings(), &variable);
        known.map(Stores::of).map_err(unusable)
    }

    fn named(&self) -> Vec<NamedStore> {
        self.store.iter().flat_map(|list| list.0.clone()).collect()
    }
}

fn unusable(bad: BadStore) -> Failure {
    match bad {
        BadStore::Endpoint(link @ BadEndpoint::LinkLocal { .. }) => StoreError::from(link).into(),
        other => Failure::new(codes::BAD_ARGUMENT, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(texts: &[&str]) -> StoreFlags {
        let store = texts.iter().map(|text| text.parse().unwrap()).collect();
        StoreFlags { store, ..StoreFlags::default() }
    }

    #[test]
    fn arguments_and_a_variable_name_any_number() {
        let flags = flags(&["  a=aws\n b=http://b:1 ", "c=http://c:1", ""]);
        for stores in [flags.own().unwrap(), flags.operated().unwrap()] {
            for (name, known) in [("a", true), ("b", true), ("c", true), ("d", false)] {
                let settings = StoreSettings { name: Some(name.to_owned()), ..StoreSettings::default() };
                assert_eq!(stores.check(&settings).is_ok(), known, "{name}");
            }
        }
    }

    #[test]
    fn two_stores_of_one_name_are_an_argument_that_cannot_be_used() {
        assert_eq!(flags(&["a=aws", "a=http://b:1"]).own().unwrap_err().code, codes::BAD_ARGUMENT);
    }

    #[test]
    fn others_are_not_taken_at_their_word() {
        let elsewhere =
            StoreSettings { endpoint: Some("http://elsewhere:1".to_owned()), ..StoreSettings::default() };
        assert!(flags(&[]).own().unwrap().check(&elsewhere).is_ok());
        assert!(flags(&[]).operated().unwrap().check(&elsewhere).is_err());
    }
}
