//! Who needs a certificate.

use tarquet_coordinator::access::Role;

/// A holder of a certificate and of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Coordinator,
    Client(Role),
}

/// The authority's folder and its files.
pub(crate) const CA_CERT: &str = "ca/ca.crt";
pub(crate) const CA_KEY: &str = "ca/ca.key";

impl Party {
    pub(crate) const ALL: [Self; 4] = [
        Self::Coordinator,
        Self::Client(Role::Worker),
        Self::Client(Role::Operator),
        Self::Client(Role::Viewer),
    ];

    /// Its folder, and its name in certificates.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Client(role) => role.name(),
        }
    }

    /// A file of its folder, below the directory of all.
    pub(crate) fn file(self, name: &str) -> String {
        format!("{}/{name}", self.name())
    }

    /// What its folder holds.
    pub(crate) fn files(self) -> [String; 4] {
        let last = if self == Self::Coordinator { "tokens" } else { "token" };
        ["ca.crt", "tls.crt", "tls.key", last].map(|name| self.file(name))
    }
}
