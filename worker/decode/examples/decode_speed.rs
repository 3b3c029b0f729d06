//! How long decoding takes: microseconds per member, for the files named on the command line.
//!
//!     cargo run --release -p tarquet-decode --example decode_speed -- FILE.h5 …

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and tells")]

use std::{sync::Arc, time::Instant};
use tarquet_decode::{Options, decode, peek};

fn main() {
    let options = Options::default();
    for path in std::env::args().skip(1) {
        let bytes: Arc<[u8]> = match std::fs::read(&path) {
            Ok(bytes) => bytes.into(),
            Err(e) => {
                println!("{path}: {e}");
                continue;
            }
        };
        let rounds = (200_000_000 / bytes.len().max(20_000)).clamp(20, 5_000);
        let measure = |work: &dyn Fn()| {
            let best = (0..5).map(|_| {
                let start = Instant::now();
                (0..rounds).for_each(|_| work());
                start.elapsed() / rounds as u32
            });
            best.min().unwrap_or_default().as_secs_f64() * 1e6
        };
        let whole = measure(&|| drop(decode(Arc::clone(&bytes), &options)));
        let header = measure(&|| drop(peek(Arc::clone(&bytes), &options)));
        let outcome = match decode(Arc::clone(&bytes), &options) {
            Ok(frame) => format!("{} rows × {} columns", frame.rows, frame.columns.len()),
            Err(failure) => format!("{}: {failure}", failure.code),
        };
        println!("{path}: {} bytes, {outcome}: {whole:.1} µs, header alone {header:.1} µs", bytes.len());
    }
}
