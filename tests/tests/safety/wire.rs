//! TLS and HTTP/1, spoken by hand.

use std::{future::Future, path::Path};
use tarquet_proto::tls::{ALPN_HTTP1, ClientFiles, client_config, name_of};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(work)
}

/// Makes TLS connections for a protocol.
pub(crate) fn connector(ca: &Path, alpn: &[u8]) -> TlsConnector {
    let files = ClientFiles { ca: Some(ca.to_owned()), ..ClientFiles::default() };
    TlsConnector::from(client_config(&files, alpn).expect("the set is whole"))
}

/// A connection from another address of this machine: strangers are told apart by where they come from.
pub(crate) async fn from_elsewhere(address: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 6, 6, 6], 0).into())?;
    socket.connect(address.parse().expect("an address")).await
}

pub(crate) async fn connect(
    address: &str,
    connector: &TlsConnector,
) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = from_elsewhere(address).await?;
    tcp.set_nodelay(true)?;
    connector.connect(name_of("127.0.0.1").expect("an address"), tcp).await
}

/// A GET: status, and the whole answer with its head.
pub(crate) fn get(address: &str, ca: &Path, path: &str, authorization: Option<&str>) -> (u16, String) {
    block_on(async {
        let mut stream = connect(address, &connector(ca, ALPN_HTTP1)).await.expect("a connection");
        let token = authorization.map(|a| format!("Authorization: {a}\r\n")).unwrap_or_default();
        let ask = format!("GET {path} HTTP/1.1\r\nHost: t\r\n{token}Connection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.expect("it listens");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok());
        (status.unwrap_or_else(|| panic!("{answer}")), answer)
    })
}

/// The certificate that a port shows.
pub(crate) fn certificate_of(address: &str, ca: &Path) -> Vec<u8> {
    block_on(async {
        let stream = connect(address, &connector(ca, ALPN_HTTP1)).await.expect("a connection");
        stream.get_ref().1.peer_certificates().expect("a server shows one")[0].to_vec()
    })
}
