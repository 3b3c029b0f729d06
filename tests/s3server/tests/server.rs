//! The server from outside: the conformance list, and the paths for scripts.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
};
use tarquet_kit::environment;
use tarquet_s3server::{Config, Server};

/// One request by hand; the response's head and body.
fn ask(server: &Server, path: &str) -> String {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn scripts_can_steer_and_count() {
    let server = Server::start(Config { public_read: true, ..Config::default() }).unwrap();
    assert!(ask(&server, "/test/k").starts_with("HTTP/1.1 404"));
    let planted = ask(&server, "/__fault?op=GetObject,key=k*,times=1,do=status:418:Teapot");
    assert!(planted.starts_with("HTTP/1.1 200"), "{planted}");
    assert!(ask(&server, "/test/k").starts_with("HTTP/1.1 418"));
    assert!(ask(&server, "/test/k").starts_with("HTTP/1.1 404"));
    assert!(ask(&server, "/__fault?do=nonsense").starts_with("HTTP/1.1 400"));
    let stats = ask(&server, "/__stats?1");
    let body = stats.split("\r\n\r\n").nth(1).unwrap();
    let json: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(json["operations"]["GetObject"]["requests"], 3, "{json}");
    assert_eq!(json["operations"]["GetObject"]["failed"], 3, "{json}");
    assert!(ask(&server, "/__reset").starts_with("HTTP/1.1 200"));
    assert!(server.stats().log.is_empty());
}

#[test]
fn a_probe_tells_whether_a_server_answers() {
    let server = Server::start(Config::default()).unwrap();
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let alive = || {
        let mut probe = Command::new(env!("CARGO_BIN_EXE_tarquet-s3server"));
        probe.args(["--alive", &address]).output().unwrap().status.success()
    };
    assert!(alive());
    server.shutdown();
    assert!(!alive());
}

#[test]
fn a_directory_is_served_without_copying() {
    let dir = std::env::temp_dir().join(format!("tarquet-load-test-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("files/sub")).unwrap();
    std::fs::write(dir.join("files/sub/a.bin"), vec![5; 3_000_000]).unwrap();
    // No process has this number: Linux allows at most 2^22.
    std::fs::create_dir_all(dir.join("blobs/tarquet-s3server-4194305-0")).unwrap();
    let config = Config { dir: Some(dir.join("blobs")), public_read: true, ..Config::default() };
    let server = Server::start(config).unwrap();
    assert_eq!(server.load("test", "in/", &dir.join("files")).unwrap(), 1);
    assert_eq!(server.keys("test"), ["in/sub/a.bin"]);
    let answer = ask(&server, "/test/in/sub/a.bin");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&"\u{5}".repeat(3_000_000)));
    server.shutdown();
    assert_eq!(std::fs::read_dir(dir.join("blobs")).unwrap().count(), 0, "blobs are gone with the server");
    assert!(dir.join("files/sub/a.bin").exists(), "the files are not ours to remove");
    std::fs::remove_dir_all(&dir).unwrap();
}

/// `tools/s3check.py` of the directory in `TARQUET_SHARED`, run by the interpreter in `TARQUET_PYTHON23`, which needs
/// boto3, awscrt, requests and psutil.
#[test]
fn the_conformance_list_passes() {
    let Some(script) = environment::shared("tools/s3check.py") else { return };
    let Some(python) = environment::path("TARQUET_PYTHON23") else { return };
    let needs = Command::new(&python).args(["-c", "import boto3, awscrt, requests, psutil"]).output();
    if !needs.is_ok_and(|o| o.status.success()) {
        return environment::skip("TARQUET_PYTHON23 has no boto3, awscrt, requests or psutil");
    }
    let server = Server::start(Config::default()).unwrap();
    let run = Command::new(&python)
        .arg(script)
        .args([&server.url, &server.access_key, &server.secret_key])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.contains("37/37 pass"), "{text}{}", String::from_utf8_lossy(&run.stderr));
}
