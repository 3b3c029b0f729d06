//! Whether a receipt can be what its shard's attempt made. A worker hands it in; all others believe what it says.

use crate::state::{Live, Shard};
use std::{collections::BTreeSet, fmt::Display};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    leasing::Complete,
    receipt::{Receipt, SideObject},
};

/// No honest count comes near.
const COUNT_MAX: u64 = 1 << 50;
/// Most side objects of one receipt.
const SIDES_MAX: usize = 1_024;
/// Longest role of one, in bytes.
const ROLE_BYTES_MAX: usize = 128;
/// Longest key of one, in bytes: as S3 allows.
const KEY_BYTES_MAX: usize = 1 << 10;

/// Why it is not accepted. `live` is the attempt's lease, if the ledger knew it before.
pub(super) fn unfit(shard: &Shard, live: Option<&Live>, ask: &Complete) -> Option<Failure> {
    let receipt = &ask.receipt;
    of_another(ask)
        .or_else(|| counts(receipt))
        .or_else(|| sides(receipt))
        .or_else(|| skips(shard, live, receipt))
        .or_else(|| partitions(shard, receipt))
}

fn odd(receipt: &Receipt, what: &str, expected: impl Display, found: impl Display) -> Failure {
    let text = format!("attempt {} of shard {} {what}", receipt.attempt, receipt.shard);
    Failure::new(cluster::RECEIPT_UNFIT, text).expected(expected, found)
}

fn of_another(ask: &Complete) -> Option<Failure> {
    let receipt = &ask.receipt;
    (receipt.worker != ask.worker).then(|| odd(receipt, "names another worker", &ask.worker, &receipt.worker))
}

fn counts(receipt: &Receipt) -> Option<Failure> {
    let most = receipt.counts.numbers().max().filter(|most| *most > COUNT_MAX)?;
    Some(odd(receipt, "counts more than there can be", format!("at most {COUNT_MAX}"), most))
}

fn sides(receipt: &Receipt) -> Option<Failure> {
    let found = receipt.sides.len();
    if found > SIDES_MAX {
        return Some(odd(receipt, "names too many side objects", format!("at most {SIDES_MAX}"), found));
    }
    let is_odd = |side: &&SideObject| !is_key(&side.name) || !is_role(&side.role);
    let side = receipt.sides.iter().find(is_odd)?;
    let what = "names a side object as none is";
    Some(match is_role(&side.role) {
        true => odd(receipt, what, "a key below the job's prefix", side.name.escape_debug()),
        false => odd(receipt, what, format!("a role of 1 to {ROLE_BYTES_MAX} bytes"), side.role.len()),
    })
}

/// It may have skipped what its lease told it to, and nothing else. Which items kill the decoder is lost with a ledger: an
/// attempt that was granted before may know of more than the shard now does, though of none that the shard does not have.
fn skips(shard: &Shard, live: Option<&Live>, receipt: &Receipt) -> Option<Failure> {
    let granted = live.is_some_and(|live| live.row.request.is_some());
    let mut seen = BTreeSet::new();
    let may = |place: &u32| match granted {
        true => shard.history.skip.contains(place),
        false => shard.item(Some(*place)).is_some(),
    };
    let place = receipt.skipped.iter().find(|place| !may(place) || !seen.insert(**place))?;
    let told: Vec<u32> = shard.history.skip.iter().copied().collect();
    Some(odd(receipt, "skipped what it was not told to", format!("places of {told:?}, each once"), place))
}

fn partitions(shard: &Shard, receipt: &Receipt) -> Option<Failure> {
    let first = shard.plan.partition_first;
    let planned = first..first.saturating_add(shard.plan.partition_count);
    if let Some(artifact) = receipt.artifacts.iter().find(|a| !is_part(&a.name, a.partition)) {
        let expected = format!("part-{:05}.…", artifact.partition);
        return Some(odd(receipt, "names a partition as none is", expected, &artifact.name));
    }
    let mut made: Vec<u32> = receipt.artifacts.iter().map(|a| a.partition).collect();
    made.sort_unstable();
    let fits = made.iter().copied().eq(planned.clone());
    (!fits).then(|| odd(receipt, "made other partitions", format!("{planned:?}"), format!("{made:?}")))
}

/// Whether this is a key that stays below its prefix: others read what it names.
fn is_key(name: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    name.len() <= KEY_BYTES_MAX && name.split('/').all(is_part) && !name.chars().any(char::is_control)
}

/// Whether this is a word for what a side object is for.
fn is_role(role: &str) -> bool {
    !role.is_empty() && role.len() <= ROLE_BYTES_MAX && !role.chars().any(char::is_control)
}

/// Whether this is what a partition is called: an upload under any other name would be completed over it.
fn is_part(name: &str, partition: u32) -> bool {
    let suffix = name.strip_prefix(&format!("part-{partition:05}."));
    suffix.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'))
}
