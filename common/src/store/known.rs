//! Which stores a process may send its credentials to, and which of them settings mean.
//!
//! A **named store** is an endpoint with the profile that was set up for it, under a name: `--store NAME=URL,profile=…`. The
//! **default store** is what the process' own environment and flags say. What a client is made of, an [`Access`], comes from
//! settings by one of two rules:
//!
//! | rule | who wrote the settings | endpoint and profile |
//! |---|---|---|
//! | a person's | whoever runs the process | are taken as they are written |
//! | an operator's | somebody who asks the process to work for them | must be those of one store, together: what is signed with the credentials of one never goes to another |

use super::{
    StoreError, StoreSettings,
    endpoint::{BadEndpoint, Endpoint},
};
use std::str::FromStr;

/// Stands for an endpoint: AWS's own, whatever the environment says.
const AWS: &str = "aws";
/// Longest name of a store.
const NAME_BYTES: usize = 64;

/// A store as its operator set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedStore {
    /// What specs call it.
    pub name: String,
    place: Place,
}

/// Where a store is, and with which credentials it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    /// `None` is AWS's own.
    endpoint: Option<Endpoint>,
    region: Option<String>,
    profile: Option<String>,
    anonymous: bool,
}

/// The text does not name a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStore {
    /// It is not `NAME=URL[,region=…][,profile=…][,anonymous]`.
    #[error(
        "{0}: write NAME=URL[,region=REGION][,profile=PROFILE][,anonymous], or aws for the URL of AWS's own"
    )]
    Malformed(String),
    /// Its endpoint cannot be one.
    #[error(transparent)]
    Endpoint(#[from] BadEndpoint),
    /// Two have one name.
    #[error("two stores are named {0:?}")]
    Twice(String),
}

impl FromStr for NamedStore {
    type Err = BadStore;

    fn from_str(text: &str) -> Result<Self, BadStore> {
        let bad = |why: &str| BadStore::Malformed(why.to_owned());
        let (name, rest) = text.split_once('=').ok_or_else(|| bad("there is no = behind a name"))?;
        let is_name = |c: u8| c.is_ascii_alphanumeric() || b"-._".contains(&c);
        if name.is_empty() || name.len() > NAME_BYTES || !name.bytes().all(is_name) {
            return Err(bad("a name has 1 to 64 letters, digits, -, . and _"));
        }
        let mut parts = rest.split(',');
        let endpoint = match parts.next().unwrap_or_default() {
            AWS => None,
            url => Some(url.parse()?),
        };
        let mut place = Place { endpoint, ..Place::default() };
        for part in parts {
            match part.split_once('=') {
                Some(("region", region)) if is_region(region) => place.region = Some(region.to_owned()),
                Some(("profile", profile)) if !profile.is_empty() => place.profile = Some(profile.to_owned()),
                None if part == "anonymous" => place.anonymous = true,
                _ => return Err(bad(&format!("{part:?} is not understood"))),
            }
        }
        Ok(Self { name: name.to_owned(), place })
    }
}

/// Whether it can be a region's name: it becomes part of a host's name.
fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c))
}

/// The stores that a process knows, and by which rule settings mean one of them.
#[derive(Clone, Debug, Default)]
pub struct KnownStores {
    named: Vec<NamedStore>,
    /// The default store, where the operator's rule holds.
    default: Option<DefaultStore>,
}

/// The default store: its flags go before its environment.
#[derive(Clone, Debug)]
struct DefaultStore {
    flags: StoreSettings,
    /// What flags and environment say together: what settings are compared with.
    place: Place,
}

/// What a client is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Access {
    pub(crate) base: Base,
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) anonymous: bool,
}

/// Where requests go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Base {
    /// Where environment and AWS configuration say.
    #[default]
    Environment,
    /// To AWS, whatever they say.
    Aws,
    /// There.
    At(Endpoint),
}

impl KnownStores {
    /// A person's rule: settings are their own.
    ///
    /// # Errors
    /// [`BadStore::Twice`].
    pub fn of_person(named: Vec<NamedStore>) -> Result<Self, BadStore> {
        Ok(Self { named: distinct(named)?, default: None })
    }

    /// An operator's rule: settings come from others. The default store is that of these flags and of the environment's
    /// `variable`s.
    ///
    /// # Errors
    /// [`BadStore`] where the environment or the flags name an endpoint that cannot be one.
    pub fn of_operator(
        named: Vec<NamedStore>,
        flags: StoreSettings,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, BadStore> {
        let variable = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let endpoint = || ENDPOINT_VARIABLES.iter().find_map(variable);
        let endpoint = flags.endpoint.clone().or_else(endpoint);
        let place = Place {
            endpoint: endpoint.map(|text| text.parse()).transpose()?,
            region: flags.region.clone(),
            profile: flags.profile.clone().or_else(|| variable(&"AWS_PROFILE")),
            anonymous: flags.anonymous,
        };
        Ok(Self { named: distinct(named)?, default: Some(DefaultStore { flags, place }) })
    }

    /// What the settings mean.
    ///
    /// # Errors
    /// [`StoreError::NotConfigured`] by the operator's rule, and for a name that is not known; [`StoreError::LinkLocal`];
    /// [`StoreError::Unsupported`] where they cannot mean anything.
    pub(crate) fn access(&self, settings: &StoreSettings) -> Result<Access, StoreError> {
        if settings.region.as_deref().is_some_and(|region| !is_region(region)) {
            return Err(unsupported(settings, "the region is not a name of one"));
        }
        let wanted = settings.endpoint.as_deref().map(str::parse::<Endpoint>).transpose()?;
        if let Some(name) = &settings.name {
            if settings.endpoint.is_some() || settings.profile.is_some() {
                return Err(unsupported(settings, "a store that is named brings its endpoint and profile"));
            }
            let found = self.named.iter().find(|store| store.name == *name);
            return found.map(|store| store.place.access(settings)).ok_or_else(|| not_configured(settings));
        }
        match &self.default {
            None => Ok(Access {
                base: wanted.map_or(Base::Environment, Base::At),
                region: settings.region.clone(),
                profile: settings.profile.clone(),
                anonymous: settings.anonymous,
            }),
            Some(default) => self.of_these(default, wanted, settings),
        }
    }

    /// The one store that endpoint and profile fit. What settings leave open is the default's.
    fn of_these(
        &self,
        default: &DefaultStore,
        wanted: Option<Endpoint>,
        settings: &StoreSettings,
    ) -> Result<Access, StoreError> {
        let wanted = wanted.or_else(|| default.place.endpoint.clone());
        let fits = |place: &Place| {
            place.endpoint == wanted && (settings.profile.is_none() || place.profile == settings.profile)
        };
        if fits(&default.place) {
            return Ok(default.access(settings));
        }
        let mut fitting = self.named.iter().filter(|store| fits(&store.place));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only.place.access(settings)),
            (Some(_), Some(_)) => {
                Err(unsupported(settings, "more than one store is there: choose one by its name"))
            }
            (None, _) => Err(not_configured(settings)),
        }
    }
}

/// Variables that say where the default store is, the first that is set.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];

impl DefaultStore {
    /// Endpoint and profile stay the environment's where no flag names them: it may say more than a name of each.
    fn access(&self, settings: &StoreSettings) -> Access {
        let endpoint = self.place.endpoint.clone().filter(|_| self.flags.endpoint.is_some());
        Access {
            base: endpoint.map_or(Base::Environment, Base::At),
            region: settings.region.clone().or_else(|| self.flags.region.clone()),
            profile: self.flags.profile.clone(),
            anonymous: self.flags.anonymous || settings.anonymous,
        }
    }
}

impl Place {
    fn access(&self, settings: &StoreSettings) -> Access {
        Access {
            base: self.endpoint.clone().map_or(Base::Aws, Base::At),
            region: settings.region.clone().or_else(|| self.region.clone()),
            profile: self.profile.clone(),
            anonymous: self.anonymous || settings.anonymous,
        }
    }
}

fn distinct(named: Vec<NamedStore>) -> Result<Vec<NamedStore>, BadStore> {
    let twice = named.iter().enumerate().find(|(i, store)| named[..*i].iter().any(|s| s.name == store.name));
    match twice {
        Some((_, store)) => Err(BadStore::Twice(store.name.clone())),
        None => Ok(named),
    }
}

/// What the settings call the store.
fn asked(settings: &StoreSettings) -> String {
    let named = |what: &str, value: &Option<String>| value.as_ref().map(|v| format!("{what} {v:?}"));
    let parts = [("store", &settings.name), ("endpoint", &settings.endpoint), ("profile", &settings.profile)];
    let parts: Vec<String> = parts.into_iter().filter_map(|(what, value)| named(what, value)).collect();
    if parts.is_empty() { "the default store".to_owned() } else { parts.join(" with ") }
}

fn not_configured(settings: &StoreSettings) -> StoreError {
    StoreError::NotConfigured { asked: asked(settings) }
}

fn unsupported(settings: &StoreSettings, detail: &str) -> StoreError {
    StoreError::Unsupported { operation: "open", uri: asked(settings), detail: detail.to_owned() }
}

#[cfg(test)]
mod tests;
