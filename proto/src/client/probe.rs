//! One GET without a runtime, for health checks.

use super::access::Access;
use crate::tls::{ALPN_HTTP1, client_config, name_of, refusal};
use rustls::{ClientConnection, StreamOwned};
use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
};
use tonic::codegen::http::Uri;

/// Bytes of an answer that are looked at.
const ANSWER_BYTES: u64 = 512;

/// The status line of the answer to a GET (RFC 9112, section 4). Sends no token: what is asked so is open.
///
/// # Errors
/// If the address is none, nobody answers within `patience`, or TLS does not come about.
pub fn get(access: &Access, path: &str, patience: Duration) -> Result<String, Failure> {
    let uri = access.uri("7480")?;
    let unwell = |e: &io::Error| {
        refusal(e, &access.url).unwrap_or_else(|| {
            let told = "the coordinator is not well";
            Failure::new(cluster::COORDINATOR_UNREACHABLE, told)
                .at_uri(format!("{}{}", uri.to_string().trim_end_matches('/'), path))
                .caused_by(e)
        })
    };
    let tcp = connect(&uri, patience).map_err(|e| unwell(&e))?;
    let host = uri.host().unwrap_or_default();
    if uri.scheme_str() == Some("https") {
        let config = client_config(&access.tls, ALPN_HTTP1)?;
        let session = ClientConnection::new(config, name_of(host)?).map_err(|e| {
            Failure::new(ourselves::INVARIANT, "no TLS session could be prepared").caused_by(&e)
        })?;
        ask(StreamOwned::new(session, tcp), host, path).map_err(|e| unwell(&e))
    } else {
        ask(tcp, host, path).map_err(|e| unwell(&e))
    }
}

fn connect(uri: &Uri, patience: Duration) -> io::Result<TcpStream> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or_default();
    let none = || io::Error::new(io::ErrorKind::NotFound, "the address names no host");
    let address = (host, port).to_socket_addrs()?.next().ok_or_else(none)?;
    let tcp = TcpStream::connect_timeout(&address, patience)?;
    tcp.set_read_timeout(Some(patience))?;
    tcp.set_write_timeout(Some(patience))?;
    Ok(tcp)
}

fn ask(mut stream: impl Read + Write, host: &str, path: &str) -> io::Result<String> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut head = Vec::new();
    let read = stream.take(ANSWER_BYTES).read_to_end(&mut head);
    // Who closes without saying goodbye has answered all the same.
    if head.is_empty() {
        read?;
    }
    Ok(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned())
}
