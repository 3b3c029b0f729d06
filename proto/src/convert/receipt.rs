//! Receipts.

use super::{BadMessage, from_attempt, from_shard, need, text, to_attempt, to_shard};
use crate::v2;
use tarquet_common::{
    ids::WorkerId,
    receipt::{Artifact, Counts, Part, Receipt, SideObject},
};

/// Largest JSON a kind may put into a receipt, in bytes.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// Into the message.
pub fn from_receipt(r: &Receipt) -> v2::Receipt {
    v2::Receipt {
        shard: Some(from_shard(&r.shard)),
        round: r.round,
        attempt: Some(from_attempt(r.attempt)),
        worker: r.worker.0.clone(),
        artifacts: r.artifacts.iter().map(from_artifact).collect(),
        counts: Some(from_counts(&r.counts)),
        sides: r.sides.iter().map(from_side).collect(),
        skipped: r.skipped.clone(),
        output_json: r.output.to_string().into_bytes(),
    }
}

/// Out of the message.
pub fn to_receipt(m: v2::Receipt) -> Result<Receipt, BadMessage> {
    if m.output_json.len() > OUTPUT_BYTES_MAX {
        let why = format!("{} bytes of JSON, at most {OUTPUT_BYTES_MAX}", m.output_json.len());
        return Err(BadMessage::malformed("receipt.output_json", why));
    }
    let output = match m.output_json.as_slice() {
        [] => serde_json::Value::Null,
        json => serde_json::from_slice(json).map_err(|e| BadMessage::malformed("receipt.output_json", e))?,
    };
    Ok(Receipt {
        shard: to_shard(m.shard)?,
        round: m.round,
        attempt: to_attempt(m.attempt)?,
        worker: text::name(m.worker, "receipt.worker").map(WorkerId)?,
        artifacts: m.artifacts.into_iter().map(to_artifact).collect(),
        counts: to_counts(need(m.counts, "receipt.counts")?)?,
        sides: m.sides.into_iter().map(to_side).collect(),
        skipped: m.skipped,
        output,
    })
}

fn from_artifact(a: &Artifact) -> v2::Artifact {
    let part =
        |p: &Part| v2::Part { number: p.number, etag: p.etag.clone(), size: p.size, crc64: p.crc64.clone() };
    v2::Artifact {
        partition: a.partition,
        name: a.name.clone(),
        upload_id: a.upload_id.clone(),
        parts: a.parts.iter().map(part).collect(),
        bytes: a.bytes,
        crc64: a.crc64.clone(),
        rows: a.rows,
    }
}

fn to_artifact(m: v2::Artifact) -> Artifact {
    let part = |p: v2::Part| Part { number: p.number, etag: p.etag, size: p.size, crc64: p.crc64 };
    Artifact {
        partition: m.partition,
        name: m.name,
        upload_id: m.upload_id,
        parts: m.parts.into_iter().map(part).collect(),
        bytes: m.bytes,
        crc64: m.crc64,
        rows: m.rows,
    }
}

fn from_side(s: &SideObject) -> v2::SideObject {
    v2::SideObject { role: s.role.clone(), name: s.name.clone(), bytes: s.bytes, crc64: s.crc64.clone() }
}

fn to_side(m: v2::SideObject) -> SideObject {
    SideObject { role: m.role, name: m.name, bytes: m.bytes, crc64: m.crc64 }
}

fn from_counts(c: &Counts) -> v2::Counts {
    v2::Counts {
        items: c.items,
        failed: c.failed,
        rows: c.rows,
        bytes_in: c.bytes_in,
        bytes_out: c.bytes_out,
        extras: c.extras.clone(),
    }
}

fn to_counts(m: v2::Counts) -> Result<Counts, BadMessage> {
    let v2::Counts { items, failed, rows, bytes_in, bytes_out, extras } = m;
    let counts = Counts { items, failed, rows, bytes_in, bytes_out, extras };
    match counts.odd_extra() {
        Some(name) => Err(BadMessage::malformed("receipt.counts.extras", format!("{name:?} cannot be one"))),
        None => Ok(counts),
    }
}
