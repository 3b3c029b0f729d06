//! Keeps requests away from link-local addresses, whatever an endpoint is called and whatever its name resolves to.
//!
//! Two places see every request: names are resolved here, for each new connection, so that a name that leads elsewhere the
//! second time is judged by where it leads then; and what is an address already, which nobody resolves, is looked at before
//! it is sent. Numbers such as `2852039166` are names to both, and addresses to the system's resolver.

use crate::store::{
    BadEndpoint,
    endpoint::{is_link_local, literal},
};
use aws_sdk_s3::config::{
    ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::dns::{DnsFuture, ResolveDns, ResolveDnsError},
};
use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
};

/// Resolves names as the system does, and refuses those that lead to a link-local address.
#[derive(Clone, Debug)]
pub(super) struct Resolver;

impl ResolveDns for Resolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            judged(name, found.map(|socket: SocketAddr| socket.ip())).map_err(ResolveDnsError::new)
        })
    }
}

/// All of them, unless one is link-local: a name that mixes them is up to no good.
fn judged(name: &str, found: impl Iterator<Item = IpAddr>) -> Result<Vec<IpAddr>, BadEndpoint> {
    let refused = |address| BadEndpoint::LinkLocal { host: format!("{name} ({address})") };
    found.map(|address| if is_link_local(address) { Err(refused(address)) } else { Ok(address) }).collect()
}

/// Looks at requests to addresses.
#[derive(Debug)]
pub(super) struct Literals;

impl Intercept for Literals {
    fn name(&self) -> &'static str {
        "link-local addresses are refused"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri: http::Uri = context.request().uri().parse()?;
        let host = uri.host().unwrap_or_default();
        match literal(host).is_some_and(is_link_local) {
            true => Err(BadEndpoint::LinkLocal { host: host.to_owned() }.into()),
            false => Ok(()),
        }
    }
}

/// What one of the two said, somewhere in the chain.
pub(super) fn refusal<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a BadEndpoint> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(refused) = error.downcast_ref() {
            return Some(refused);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_a_link_local_address_is_refused() {
        // The system's resolver reads numbers, and asks nobody for it.
        for name in ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"] {
            let refused = Resolver.resolve_dns(name).await.unwrap_err();
            let said = refusal(&refused).unwrap_or_else(|| panic!("{name}: {refused:?}"));
            assert_eq!(said.to_string(), format!("{name} (169.254.169.254) is a link-local address"));
        }
        assert!(!Resolver.resolve_dns("localhost").await.unwrap().is_empty());
    }

    #[test]
    fn one_link_local_address_among_others_is_enough() {
        let addresses = ["10.0.0.1", "fe80::1"].map(|a| a.parse::<IpAddr>().unwrap());
        assert!(judged("x", addresses.into_iter()).is_err());
        assert_eq!(judged("x", addresses.into_iter().take(1)).unwrap(), addresses[..1]);
    }
}
