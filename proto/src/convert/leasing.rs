//! The verbs of a worker.

use super::{
    BadMessage, from_attempt, from_failure, from_receipt, from_shard, need, text, to_attempt, to_failure,
    to_receipt, to_shard,
};
use crate::v2;
use tarquet_common::{
    ids::WorkerId,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Progress, Register, Registered, Renew,
    },
    store::StoreSettings,
};

/// Most attempts that a worker may say it runs at a time.
const SLOTS_MAX: u32 = 4_096;
/// Most memory that it may say a slot has, in bytes: 64 TiB.
const SLOT_BYTES_MAX: u64 = 64 << 40;

/// A number that a worker has at least one of.
fn within<N: Ord + From<u8> + std::fmt::Display>(
    found: N,
    most: N,
    field: &'static str,
) -> Result<N, BadMessage> {
    if found < N::from(1) || found > most {
        return Err(BadMessage::malformed(field, format!("{found}, which is not 1 to {most}")));
    }
    Ok(found)
}

fn to_worker(name: String) -> Result<WorkerId, BadMessage> {
    text::name(name, "worker").map(WorkerId)
}

/// Into the message.
pub fn from_register(r: Register) -> v2::RegisterRequest {
    v2::RegisterRequest {
        worker: r.worker.0,
        build: r.build,
        slots: r.slots,
        slot_bytes: r.slot_bytes,
        shared_probe: r.shared_probe,
    }
}

/// Out of the message.
pub fn to_register(m: v2::RegisterRequest) -> Result<Register, BadMessage> {
    Ok(Register {
        worker: to_worker(m.worker)?,
        build: text::optional_name(m.build, "build")?,
        slots: within(m.slots, SLOTS_MAX, "slots")?,
        slot_bytes: within(m.slot_bytes, SLOT_BYTES_MAX, "slot_bytes")?,
        shared_probe: m.shared_probe.map(|probe| text::optional_name(probe, "shared_probe")).transpose()?,
    })
}

/// Into the message.
pub fn from_registered(r: &Registered) -> v2::RegisterResponse {
    v2::RegisterResponse {
        generation: r.generation,
        lease_ttl_ms: r.lease_ttl_ms,
        renew_every_ms: r.renew_every_ms,
        orphan_after_ms: r.orphan_after_ms,
    }
}

/// Out of the message. A worker that never renews or gives up at once is no worker: zeros are malformed.
pub fn to_registered(m: &v2::RegisterResponse) -> Result<Registered, BadMessage> {
    let positive = |ms: u64, field: &'static str| match ms {
        0 => Err(BadMessage::malformed(field, "0 ms")),
        ms => Ok(ms),
    };
    Ok(Registered {
        generation: m.generation,
        lease_ttl_ms: positive(m.lease_ttl_ms, "lease_ttl_ms")?,
        renew_every_ms: positive(m.renew_every_ms, "renew_every_ms")?,
        orphan_after_ms: positive(m.orphan_after_ms, "orphan_after_ms")?,
    })
}

/// Into the message.
pub fn from_acquire(a: Acquire) -> v2::AcquireRequest {
    v2::AcquireRequest { worker: a.worker.0, request: a.request, wait_ms: a.wait_ms }
}

/// Out of the message.
pub fn to_acquire(m: v2::AcquireRequest) -> Result<Acquire, BadMessage> {
    Ok(Acquire { worker: to_worker(m.worker)?, request: m.request, wait_ms: m.wait_ms })
}

/// Into the message.
pub fn from_lease(l: Lease) -> v2::Lease {
    v2::Lease {
        shard: Some(from_shard(&l.shard)),
        kind: l.kind,
        stage_name: l.stage_name,
        round: l.round,
        attempt: Some(from_attempt(l.attempt)),
        job_uri: l.job_uri,
        output_uri: l.output_uri,
        plan_name: l.plan_name,
        plan_digest: l.plan_digest,
        skip: l.skip,
        ttl_ms: l.ttl_ms,
        store: Some(from_store(l.store)),
        steps: l.steps,
        careful: l.careful,
    }
}

fn from_store(s: StoreSettings) -> v2::StoreSettings {
    v2::StoreSettings {
        name: s.name,
        endpoint: s.endpoint,
        region: s.region,
        profile: s.profile,
        anonymous: s.anonymous,
        requester_pays: s.requester_pays,
        sse_kms_key: s.sse_kms_key,
        storage_class: s.storage_class,
    }
}

fn to_store(m: v2::StoreSettings) -> StoreSettings {
    StoreSettings {
        name: m.name,
        endpoint: m.endpoint,
        region: m.region,
        profile: m.profile,
        anonymous: m.anonymous,
        requester_pays: m.requester_pays,
        sse_kms_key: m.sse_kms_key,
        storage_class: m.storage_class,
    }
}

/// Out of the message.
pub fn to_lease(m: v2::Lease) -> Result<Lease, BadMessage> {
    Ok(Lease {
        shard: to_shard(m.shard)?,
        kind: m.kind,
        stage_name: m.stage_name,
        round: m.round,
        attempt: to_attempt(m.attempt)?,
        job_uri: m.job_uri,
        output_uri: m.output_uri,
        plan_name: m.plan_name,
        plan_digest: m.plan_digest,
        skip: m.skip,
        ttl_ms: m.ttl_ms,
        store: to_store(m.store.ok_or_else(|| BadMessage::missing("store"))?),
        steps: m.steps,
        careful: m.careful,
    })
}

fn from_progress(p: Progress) -> v2::Progress {
    v2::Progress {
        bytes_done: p.bytes_done,
        items_done: p.items_done,
        rows: p.rows,
        quarantined: p.quarantined,
        bytes_fetched: p.bytes_fetched,
        bytes_written: p.bytes_written,
        step: p.step,
        at_item: p.at_item,
        memory_bytes: p.memory_bytes,
    }
}

fn to_progress(m: v2::Progress) -> Result<Progress, BadMessage> {
    Ok(Progress {
        bytes_done: m.bytes_done,
        items_done: m.items_done,
        rows: m.rows,
        quarantined: m.quarantined,
        bytes_fetched: m.bytes_fetched,
        bytes_written: m.bytes_written,
        step: text::optional_name(m.step, "progress.step")?,
        at_item: m.at_item,
        memory_bytes: m.memory_bytes,
    })
}

/// Into the message.
pub fn from_renew(r: Renew) -> v2::RenewRequest {
    v2::RenewRequest {
        worker: r.worker.0,
        shard: Some(from_shard(&r.shard)),
        round: r.round,
        attempt: Some(from_attempt(r.attempt)),
        progress: Some(from_progress(r.progress)),
    }
}

/// Out of the message.
pub fn to_renew(m: v2::RenewRequest) -> Result<Renew, BadMessage> {
    Ok(Renew {
        worker: to_worker(m.worker)?,
        shard: to_shard(m.shard)?,
        round: m.round,
        attempt: to_attempt(m.attempt)?,
        progress: m.progress.map(to_progress).transpose()?.unwrap_or_default(),
    })
}

/// Into the message.
pub fn from_directive(d: Directive) -> v2::RenewResponse {
    let directive = match d {
        Directive::Continue => v2::Directive::Continue,
        Directive::Stop => v2::Directive::Stop,
        Directive::Drain => v2::Directive::Drain,
    };
    v2::RenewResponse { directive: directive.into() }
}

/// Out of the message.
pub fn to_directive(m: &v2::RenewResponse) -> Result<Directive, BadMessage> {
    match m.directive() {
        v2::Directive::Continue => Ok(Directive::Continue),
        v2::Directive::Stop => Ok(Directive::Stop),
        v2::Directive::Drain => Ok(Directive::Drain),
        v2::Directive::Unspecified => Err(BadMessage::missing("directive")),
    }
}

/// Into the message.
pub fn from_complete(c: &Complete) -> v2::CompleteRequest {
    v2::CompleteRequest { worker: c.worker.0.clone(), receipt: Some(from_receipt(&c.receipt)) }
}

/// Out of the message.
pub fn to_complete(m: v2::CompleteRequest) -> Result<Complete, BadMessage> {
    Ok(Complete { worker: to_worker(m.worker)?, receipt: to_receipt(need(m.receipt, "receipt")?)? })
}

/// Into the message.
pub fn from_completed(c: Completed) -> v2::CompleteResponse {
    let outcome = match c {
        Completed::Accepted => v2::Outcome::Accepted,
        Completed::Superseded => v2::Outcome::Superseded,
    };
    v2::CompleteResponse { outcome: outcome.into() }
}

/// Out of the message.
pub fn to_completed(m: &v2::CompleteResponse) -> Result<Completed, BadMessage> {
    match m.outcome() {
        v2::Outcome::Accepted => Ok(Completed::Accepted),
        v2::Outcome::Superseded => Ok(Completed::Superseded),
        v2::Outcome::Unspecified => Err(BadMessage::missing("outcome")),
    }
}

/// Into the message.
pub fn from_fail(f: Fail) -> v2::FailRequest {
    v2::FailRequest {
        worker: f.worker.0,
        shard: Some(from_shard(&f.shard)),
        round: f.round,
        attempt: Some(from_attempt(f.attempt)),
        failure: Some(from_failure(&f.failure)),
        killer: f.killer,
    }
}

/// Out of the message.
pub fn to_fail(m: v2::FailRequest) -> Result<Fail, BadMessage> {
    Ok(Fail {
        worker: to_worker(m.worker)?,
        shard: to_shard(m.shard)?,
        round: m.round,
        attempt: to_attempt(m.attempt)?,
        failure: text::reported(to_failure(need(m.failure, "failure")?)?),
        killer: m.killer,
    })
}

/// Into the message.
pub fn from_goodbye(g: Goodbye) -> v2::GoodbyeRequest {
    v2::GoodbyeRequest { worker: g.worker.0, reason: g.reason }
}

/// Out of the message.
pub fn to_goodbye(m: v2::GoodbyeRequest) -> Result<Goodbye, BadMessage> {
    Ok(Goodbye { worker: to_worker(m.worker)?, reason: text::told(&m.reason, text::REASON_BYTES) })
}
