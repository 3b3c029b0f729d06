//! How to be let in by a coordinator.

use clap::Args;
use std::path::PathBuf;
use tarquet_proto::{
    client::{Secret, Token},
    tls::ClientFiles,
};

/// The variable that holds a token itself. It has no flag: arguments can be read by everybody on a machine.
const TOKEN_VARIABLE: &str = "TARQUET_TOKEN";

/// Certificates and tokens.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Security options")]
pub struct SecurityFlags {
    /// Certificates of the authority that the coordinator's must come from [default: the system's]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TARQUET_TLS_CA",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub tls_ca: Option<PathBuf>,

    /// This process's own certificate: to serve with, or to show to the coordinator
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TARQUET_TLS_CERT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub tls_cert: Option<PathBuf>,

    /// The key of --tls-cert
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TARQUET_TLS_KEY",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub tls_key: Option<PathBuf>,

    /// File that holds the token to show to the coordinator; TARQUET_TOKEN holds a token itself
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "TARQUET_TOKEN_FILE",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub token_file: Option<PathBuf>,

    /// Do without TLS and tokens where others can listen
    #[arg(long, global = true, hide_short_help = true)]
    pub insecure: bool,
}

impl SecurityFlags {
    /// Files to connect with.
    pub fn client_files(&self) -> ClientFiles {
        ClientFiles { ca: self.tls_ca.clone(), cert: self.tls_cert.clone(), key: self.tls_key.clone() }
    }

    /// The token: a file before the variable, since a file can be replaced.
    pub fn token(&self) -> Option<Token> {
        let here = || std::env::var(TOKEN_VARIABLE).ok().filter(|t| !t.is_empty());
        let file = self.token_file.clone().map(Token::File);
        file.or_else(|| here().map(|text| Token::Here(Secret::new(&text))))
    }
}
