//! Where a coordinator is, and as whom to come.

use super::{connect::Connect, secret::Token};
use crate::{
    status::refused,
    tls::{ALPN_H2, ClientFiles, client_config, name_of},
};
use std::{net::IpAddr, time::Duration};
use tarquet_common::{codes::cluster, failure::Failure};
use tonic::{
    Request, Status,
    codegen::http::Uri,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// How long a connection may take to be made, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// How often an idle connection is tried, and how long the peer may take to answer.
const PING_EVERY: Duration = Duration::from_secs(10);

/// How to reach a coordinator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// `https://HOST:PORT`, or `http://` without TLS; a bare `HOST:PORT` is taken for what the TLS files say.
    pub url: String,
    /// For TLS.
    pub tls: ClientFiles,
    /// Who comes.
    pub token: Option<Token>,
    /// Send the token unprotected, also where others may listen.
    pub insecure: bool,
}

impl Access {
    /// A coordinator that asks for nothing.
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// A channel, which does not connect yet and connects again after it broke. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// If the URL is none, TLS files cannot be used, or the token would be sent where others may listen.
    pub fn line(&self) -> Result<Line, Failure> {
        let uri = self.uri("7481")?;
        let tls = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default().to_owned();
        if tls {
            // Now, so that a wrong file is told at once; and again at each connection.
            name_of(&host)?;
            client_config(&self.tls, ALPN_H2)?;
        }
        if let Some(token) = &self.token {
            token.read()?;
        }
        let connect = Connect { tls: tls.then(|| self.tls.clone()), host, url: self.url.clone() };
        let channel = Endpoint::from(uri)
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_EVERY)
            .keep_alive_while_idle(true)
            .connect_with_connector_lazy(connect);
        Ok(InterceptedService::new(channel, Bearer(self.token.clone())))
    }

    /// The URL, whole and allowed.
    pub(super) fn uri(&self, port: &str) -> Result<Uri, Failure> {
        let url = &self.url;
        let bad = || {
            Failure::new(cluster::BAD_COORDINATOR_URL, format!("{url:?} is not the address of a coordinator"))
        };
        let scheme = if self.tls.is_empty() { "http" } else { "https" };
        let full = if url.contains("://") { url.to_owned() } else { format!("{scheme}://{url}") };
        let uri: Uri = full.parse().map_err(|e| bad().caused_by(&e))?;
        let host = uri.host().filter(|h| !h.is_empty()).ok_or_else(bad)?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") => self.may_go_plain(host)?,
            _ => return Err(bad()),
        }
        // A port beyond 65535 reads as none, and a name with a password before the host is nobody's coordinator.
        let written = uri.authority().map_or("", |a| a.as_str());
        let authority = match uri.port_u16() {
            Some(port) if written == format!("{host}:{port}") => written.to_owned(),
            None if written == host => format!("{host}:{port}"),
            _ => return Err(bad()),
        };
        let scheme = uri.scheme_str().unwrap_or(scheme);
        format!("{scheme}://{authority}/").parse().map_err(|e| bad().caused_by(&e))
    }

    /// Without TLS nothing secret may leave this machine, and who names TLS files means TLS.
    fn may_go_plain(&self, host: &str) -> Result<(), Failure> {
        if !self.tls.is_empty() {
            let told = format!("{:?} is without TLS, and files for TLS are named", self.url);
            return Err(Failure::new(cluster::BAD_COORDINATOR_URL, told).with_hint(
                "Write https://, or leave out --tls-ca, --tls-cert, --tls-key and their variables.",
            ));
        }
        if self.token.is_none() || self.insecure || is_loopback(host) {
            return Ok(());
        }
        let told = "the token would be sent without TLS to another machine";
        Err(Failure::new(cluster::TOKEN_IN_THE_OPEN, told).at_uri(&self.url))
    }
}

/// A channel to a coordinator whose calls carry the token.
pub type Line = InterceptedService<Channel, Bearer>;

/// Puts the token of a call into its metadata (RFC 6750, section 2.1).
#[derive(Clone, Debug)]
pub struct Bearer(Option<Token>);

impl Interceptor for Bearer {
    fn call(&mut self, mut ask: Request<()>) -> Result<Request<()>, Status> {
        let Some(token) = &self.0 else { return Ok(ask) };
        let secret = token.read().map_err(|failure| refused(&failure))?;
        let mut value = AsciiMetadataValue::try_from(format!("Bearer {}", secret.reveal()))
            .expect("a token is of visible ASCII");
        value.set_sensitive(true);
        ask.metadata_mut().insert("authorization", value);
        Ok(ask)
    }
}

impl From<&str> for Access {
    fn from(url: &str) -> Self {
        Self::to(url)
    }
}

/// Whether a host is this machine for certain: no name but `localhost` is (RFC 6761, section 6.3).
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Secret;

    fn with_token(url: &str) -> Access {
        Access { token: Some(Token::Here(Secret::new("t"))), ..Access::to(url) }
    }

    #[test]
    fn urls_are_completed() {
        let uri = |access: &Access| access.uri("7481").unwrap().to_string();
        assert_eq!(uri(&Access::to("127.0.0.1:1")), "http://127.0.0.1:1/");
        assert_eq!(uri(&Access::to("https://a.example")), "https://a.example:7481/");
        assert_eq!(uri(&Access::to("http://[::1]:9")), "http://[::1]:9/");
        let tls = ClientFiles { ca: Some("ca.crt".into()), ..ClientFiles::default() };
        assert_eq!(uri(&Access { tls, ..Access::to("there:1") }), "https://there:1/");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in ["", "http://", "ftp://there:1", "not a url", "http://there:99999", "http://a:b@there:1"] {
            let failure = Access::to(url).uri("7481").unwrap_err();
            assert_eq!(failure.code, cluster::BAD_COORDINATOR_URL, "{url}");
        }
        let tls = ClientFiles { ca: Some("ca.crt".into()), ..ClientFiles::default() };
        let mixed = Access { tls, ..Access::to("http://127.0.0.1:1") };
        assert_eq!(mixed.uri("7481").unwrap_err().code, cluster::BAD_COORDINATOR_URL);
    }

    #[test]
    fn a_token_stays_on_this_machine_without_tls() {
        for local in ["http://127.0.0.1:1", "localhost:1", "http://[::1]:1", "https://10.0.0.1:1"] {
            assert!(with_token(local).uri("7481").is_ok(), "{local}");
        }
        for open in ["http://10.0.0.1:1", "coordinator:7481", "http://localhost.example:1", "http://[::2]:1"]
        {
            assert_eq!(with_token(open).uri("7481").unwrap_err().code, cluster::TOKEN_IN_THE_OPEN, "{open}");
            assert!(Access { insecure: true, ..with_token(open) }.uri("7481").is_ok(), "{open}");
            assert!(Access::to(open).uri("7481").is_ok(), "{open}");
        }
    }
}
