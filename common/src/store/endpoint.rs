//! Base URLs of stores, compared by what they mean, and the addresses that are never one.
//!
//! A **link-local** address answers on one machine or one wire. The services that hand out a machine's credentials live
//! there (`169.254.169.254`, `fd00:ec2::254` and their like), and no store does: a request to one is refused, whoever names it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Scheme, host, port and path of a store. Two texts for one place compare equal: upper and lower case, a port that the
/// scheme implies, a slash at the end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint(String);

/// The text cannot be a store's base URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// It is no URL, or one with parts that a base URL has not.
    #[error("{text:?} is no base URL of a store: {why}")]
    Malformed {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It leads to a link-local address.
    #[error("{host} is a link-local address")]
    LinkLocal {
        /// The host, as it was written or as it resolved.
        host: String,
    },
}

impl Endpoint {
    /// Its text in one fixed form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        // The text of a refusal is shown: it must not repeat a password.
        let shown = if text.contains('@') { "(not shown)" } else { text };
        let bad = |why| BadEndpoint::Malformed { text: shown.to_owned(), why };
        let uri: http::Uri = text.parse().map_err(|_| bad("it does not read as a URL"))?;
        let default_port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(bad("it begins with neither http:// nor https://")),
        };
        if text.contains(['@', '?', '#']) {
            return Err(bad("it has a user, a query or a fragment"));
        }
        let host = uri.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() {
            return Err(bad("it names no host"));
        }
        let port = match uri.authority().map(|a| a.as_str().len() > a.host().len()) {
            Some(true) => uri.port_u16().ok_or_else(|| bad("its port is no number of a port"))?,
            _ => default_port,
        };
        let host = match literal(&host) {
            Some(address) if is_link_local(address) => return Err(BadEndpoint::LinkLocal { host }),
            Some(IpAddr::V6(address)) => format!("[{address}]"),
            Some(IpAddr::V4(address)) => address.to_string(),
            None => host,
        };
        let scheme = uri.scheme_str().unwrap_or_default();
        let path = uri.path().trim_end_matches('/');
        match port == default_port {
            true => Ok(Self(format!("{scheme}://{host}{path}"))),
            false => Ok(Self(format!("{scheme}://{host}:{port}{path}"))),
        }
    }
}

/// The address that a URL's host is, unless it is a name. IPv6 stands in brackets.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

/// Whether the address answers on one machine or wire alone: `169.254.0.0/16`, `fe80::/10`, and where clouds put the same
/// services under unique local addresses. IPv4 inside of IPv6 counts as what it is.
pub(crate) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            let services = [
                // EC2: metadata, names, time, the credentials of pods.
                [0xfd00, 0x0ec2],
                // Google Compute Engine: metadata.
                [0xfd20, 0x00ce],
            ];
            let [first, second, ..] = address.segments();
            address.is_unicast_link_local()
                || services.contains(&[first, second])
                || embedded(address).is_some_and(|v4| v4.is_link_local())
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, or by a translator's well-known prefix.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let prefix = [a, b, c, d, e, f];
    let stands = [[0, 0, 0, 0, 0, 0xffff], [0; 6], [0x64, 0xff9b, 0, 0, 0, 0]].contains(&prefix);
    stands.then(|| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn one_place_has_one_text() {
        for (text, want) in [
            ("HTTPS://S3.Example.com:443/", "https://s3.example.com"),
            ("https://s3.example.com.", "https://s3.example.com"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("http://[::1]:80/x/", "http://[::1]/x"),
            ("http://[0:0:0:0:0:0:0:1]:9000", "http://[::1]:9000"),
        ] {
            assert_eq!(endpoint(text).as_str(), want, "{text}");
            assert_eq!(endpoint(want), endpoint(text), "{text}");
        }
        for other in ["http://s3.example.com", "https://s3.example.com:8443", "https://s3.example.com/x"] {
            assert_ne!(endpoint(other), endpoint("https://s3.example.com"), "{other}");
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused_and_a_password_is_not_repeated() {
        for text in ["", "s3.example.com", "ftp://x", "http://", "http://x:y", "http://x:99999", "http://x?y"]
        {
            assert!(matches!(text.parse::<Endpoint>(), Err(BadEndpoint::Malformed { .. })), "{text}");
        }
        let told = "http://me:hunter2@x".parse::<Endpoint>().unwrap_err().to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn link_local_addresses_are_no_endpoints() {
        for host in [
            "169.254.169.254",
            "169.254.170.2:80",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[fd20:ce::254]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[::169.254.169.254]",
        ] {
            let refused = format!("http://{host}/latest").parse::<Endpoint>();
            assert!(matches!(refused, Err(BadEndpoint::LinkLocal { .. })), "{host}: {refused:?}");
        }
        for host in ["169.253.1.1", "10.0.0.1", "127.0.0.1", "[::1]", "[fd00::1]", "[fec0::1]"] {
            assert!(format!("http://{host}").parse::<Endpoint>().is_ok(), "{host}");
        }
    }
}
