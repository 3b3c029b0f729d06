//! What a client may use up, in one place.
//!
//! A **stranger** is a connection on which no call was admitted yet: it may be a probe, a client that is about to show
//! its token, or somebody who has none. Strangers are few and short-lived, and who opens many ends its own. What a client
//! with a token uses is bounded too, since its host may be taken over.

use std::time::Duration;

/// How long a TLS handshake may take.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a connection may stay a stranger.
pub(super) const STRANGER: Duration = Duration::from_secs(10);
/// Strangers at a time on one port. One more ends the oldest of where most of them come from. Both ports together stay
/// well below the 1,024 files that a process may have open by default.
pub(super) const STRANGERS_MAX: usize = 256;
/// Other connections at a time on one port. Beyond, a connection stays a stranger.
pub(super) const KNOWN_MAX: usize = 8_192;
/// Refused calls after which a connection is asked to leave, and after which it is ended.
pub(super) const REFUSALS_MAX: u32 = 8;
pub(super) const REFUSALS_END: u32 = 64;
/// How long the head of an HTTP/1 request may take.
pub(super) const HEAD: Duration = Duration::from_secs(5);
/// Bytes of the head of a request.
pub(super) const HEAD_BYTES: u32 = 16 << 10;
/// Calls at a time on one connection: a worker has some for each slot.
pub(super) const STREAMS_MAX: u32 = 256;
/// Resets of calls that were not answered yet, after which a connection is closed (CVE-2023-44487).
pub(super) const RESETS_MAX: usize = 64;
/// Bytes that one call, and one connection, may send ahead of being read.
pub(super) const CALL_WINDOW: u32 = 64 << 10;
pub(super) const CONNECTION_WINDOW: u32 = 1 << 20;
/// Bytes of an answer that are held for a client that does not read it.
pub(super) const SEND_BYTES: usize = 64 << 10;
/// Bytes of messages that are being received or worked on, for all calls of methods that a role is needed for: each role
/// has its own, so that what some send takes nothing from others. Two of the largest messages of each fit.
pub(super) const WORKERS_BYTES: usize = 32 << 20;
/// See [`WORKERS_BYTES`].
pub(super) const OPERATORS_BYTES: usize = 12 << 20;
/// See [`WORKERS_BYTES`].
pub(super) const VIEWERS_BYTES: usize = 4 << 20;
/// Bytes of the message to a method that is open to everybody. They count for nobody else.
pub(super) const OPEN_BYTES: usize = 1 << 10;
/// How long a message may take to arrive whole.
pub(super) const MESSAGE: Duration = Duration::from_secs(60);
/// The largest message that a person's client may send: a spec and what is around it.
pub(super) const ASK_BYTES: usize = 5 << 20;
/// How often an idle connection is tried, and how long its answer may take.
pub(super) const PING_EVERY: Duration = Duration::from_secs(20);
