//! Directory entries as members, in the order of their offsets.

use super::{LOCAL_HEADER_LEN, end::Directory, u16_at, u32_at, u64_at};
use crate::fault;
use tarquet_common::{
    archive::{Check, Member, MemberKind, ZipStorage},
    failure::Failure,
};

const ENTRY_LEN: usize = 46;
const MADE_BY_UNIX: u8 = 3;
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// All members, ascending by offset. Entries are read from the directory one at a time; what is held beside
/// it is 16 bytes an entry.
pub(crate) fn entries(
    directory: &Directory,
) -> Result<impl Iterator<Item = Result<Member, Failure>> + '_, Failure> {
    let mut order = Vec::new();
    let mut at = 0;
    while at < directory.bytes.len() {
        let (member, next) = entry(directory, at)?;
        order.push((member.offset, at));
        at = next;
    }
    if order.len() as u64 != directory.entries {
        return Err(fault::damaged("the directory of a zip archive", directory.offset)
            .expected(format!("{} members", directory.entries), format!("{} members", order.len())));
    }
    order.sort_unstable();
    let mut end = 0;
    Ok(order.into_iter().map(move |(_, at)| {
        let (member, _) = entry(directory, at)?;
        let stored = member.zip.map_or(0, |z| z.stored_size);
        let starts_behind = member.offset >= end;
        end = member.offset.saturating_add(LOCAL_HEADER_LEN as u64).saturating_add(stored);
        if !starts_behind || end > directory.offset {
            return Err(fault::damaged("a zip archive", member.offset)
                .at_member(member.display_name())
                .expected("members side by side", "members that share bytes with others or the directory"));
        }
        Ok(member)
    }))
}

/// The entry at `at`, and where the next begins.
fn entry(directory: &Directory, at: usize) -> Result<(Member, usize), Failure> {
    let damaged = || fault::damaged("an entry of a zip directory", directory.offset + at as u64);
    let rest = &directory.bytes[at..];
    if rest.len() < ENTRY_LEN || !rest.starts_with(b"PK\x01\x02") {
        return Err(damaged());
    }
    let lens = [28, 30, 32].map(|field| usize::from(u16_at(rest, field)));
    let next = ENTRY_LEN + lens.iter().sum::<usize>();
    if rest.len() < next {
        return Err(damaged());
    }
    let name = &rest[ENTRY_LEN..ENTRY_LEN + lens[0]];
    let extra = &rest[ENTRY_LEN + lens[0]..ENTRY_LEN + lens[0] + lens[1]];
    let mut size = u64::from(u32_at(rest, 24));
    let mut stored_size = u64::from(u32_at(rest, 20));
    let mut offset = u64::from(u32_at(rest, 42));
    widen(extra, [&mut size, &mut stored_size, &mut offset]).ok_or_else(damaged)?;
    let zip = ZipStorage { stored_size, method: u16_at(rest, 10) };
    // Nothing deflates to less than one byte in 1,032: a larger claim would only cost memory.
    let believable = zip.method != 8 || size <= stored_size.saturating_add(1).saturating_mul(1_032);
    let possible = believable && [size, stored_size, offset].iter().all(|n| i64::try_from(*n).is_ok());
    if !possible || (zip.method == 0 && size != stored_size && u16_at(rest, 8) & ENCRYPTED == 0) {
        return Err(damaged().at_member(String::from_utf8_lossy(name)));
    }
    let member = Member {
        name: name.to_vec(),
        offset,
        size,
        kind: kind(rest, name, zip.method),
        check: Check::Crc32(u32_at(rest, 16)),
        zip: Some(zip),
    };
    Ok((member, at + next))
}

/// Takes fields that did not fit into 32 bits from the zip64 extra field, which holds just those, in order.
fn widen(mut extra: &[u8], fields: [&mut u64; 3]) -> Option<()> {
    let wide = |field: &u64| *field == u64::from(u32::MAX);
    if !fields.iter().any(|f| wide(f)) {
        return Some(());
    }
    while extra.len() >= 4 {
        let (id, len) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let mut values = extra.get(4..4 + len)?;
        if id == 1 {
            for field in fields {
                if wide(field) {
                    *field = u64_at(values.get(..8)?, 0);
                    values = &values[8..];
                }
            }
            return Some(());
        }
        extra = &extra[4 + len..];
    }
    // All ones without a zip64 field is an honest, if unlikely, number.
    Some(())
}

fn kind(entry: &[u8], name: &[u8], method: u16) -> MemberKind {
    let unix_type = (u32_at(entry, 38) >> 16) & 0o170_000;
    let unix_type = if entry[5] == MADE_BY_UNIX { unix_type } else { 0 };
    match unix_type {
        0o040_000 => MemberKind::Dir,
        0o120_000 => MemberKind::Symlink,
        0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 => MemberKind::Device,
        _ if name.ends_with(b"/") => MemberKind::Dir,
        _ if u16_at(entry, 8) & ENCRYPTED != 0 => MemberKind::Encrypted,
        _ if !matches!(method, 0 | 8) => MemberKind::Method,
        _ => MemberKind::File,
    }
}
