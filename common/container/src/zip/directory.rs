//! Directory entries as members, in the order of their offsets.

use super::{
    LOCAL_HEADER_LEN, RangedReader,
    end::{Directory, get},
    u16_at, u32_at, u64_at,
};
use crate::fault;
use tarquet_common::{
    archive::{Check, Member, MemberKind, ZipStorage},
    codes::archive,
    failure::Failure,
};

const ENTRY_LEN: usize = 46;
const MADE_BY_UNIX: u8 = 3;
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// An entry is no longer than this: its name, extra field and comment have lengths of 16 bits.
const ENTRY_MAX: usize = ENTRY_LEN + 3 * u16::MAX as usize;
/// Bytes of the directory that are read at a time.
const WINDOW: usize = 1 << 20;
/// The largest directory that is held whole, to bring its entries into the order of their members. Who writes a zip writes
/// them in order.
const SHUFFLED_MAX: u64 = 32 << 20;

/// Tells of all members, ascending by offset. Memory: a window of the directory, or all of one whose entries are not in
/// order.
pub(crate) fn each_member<R: RangedReader + ?Sized>(
    reader: &R,
    directory: &Directory,
    found: &mut dyn FnMut(Member) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Before anything is told: how many there are, and in which order.
    let (mut count, mut last, mut ascending) = (0, 0, true);
    let mut window = Window::new(reader, directory, WINDOW);
    let mut at = 0;
    while at < directory.len {
        let (member, next) = entry(&mut window, at)?;
        ascending &= member.offset >= last;
        (count, last, at) = (count + 1, member.offset, next);
    }
    if count != directory.entries {
        return Err(fault::damaged("the directory of a zip archive", directory.offset)
            .expected(format!("{} members", directory.entries), format!("{count} members")));
    }
    let mut apart = Apart { end: 0, directory: directory.offset };
    if ascending {
        let mut at = 0;
        while at < directory.len {
            let (member, next) = entry(&mut window, at)?;
            found(apart.checked(member)?)?;
            at = next;
        }
        return Ok(());
    }
    if directory.len > SHUFFLED_MAX {
        let told =
            "the directory of the zip archive is larger than 32 MiB, and not in the order of its members";
        return Err(Failure::new(archive::ARCHIVE_LIMIT, told).at_offset(directory.offset));
    }
    let mut window = Window::new(reader, directory, usize::try_from(directory.len).expect("it is small"));
    let mut order = Vec::new();
    let mut at = 0;
    while at < directory.len {
        let (member, next) = entry(&mut window, at)?;
        order.push((member.offset, at));
        at = next;
    }
    order.sort_unstable();
    order.into_iter().try_for_each(|(_, at)| found(apart.checked(entry(&mut window, at)?.0)?))
}

/// Proves that members lie side by side.
struct Apart {
    end: u64,
    directory: u64,
}

impl Apart {
    fn checked(&mut self, member: Member) -> Result<Member, Failure> {
        let stored = member.zip.map_or(0, |z| z.stored_size);
        let starts_behind = member.offset >= self.end;
        self.end = member.offset.saturating_add(LOCAL_HEADER_LEN as u64).saturating_add(stored);
        if !starts_behind || self.end > self.directory {
            return Err(fault::damaged("a zip archive", member.offset)
                .at_member(member.display_name())
                .expected("members side by side", "members that share bytes with others or the directory"));
        }
        Ok(member)
    }
}

/// A piece of the directory.
struct Window<'r, R: ?Sized> {
    reader: &'r R,
    offset: u64,
    len: u64,
    size: usize,
    at: u64,
    bytes: Vec<u8>,
}

impl<'r, R: RangedReader + ?Sized> Window<'r, R> {
    fn new(reader: &'r R, directory: &Directory, size: usize) -> Self {
        Self { reader, offset: directory.offset, len: directory.len, size, at: 0, bytes: Vec::new() }
    }

    /// The directory from `at` on, as long as an entry can be, or to its end.
    fn from(&mut self, at: u64) -> Result<&[u8], Failure> {
        let need = (self.len - at).min(ENTRY_MAX as u64);
        let held = self.at..self.at + self.bytes.len() as u64;
        if at < held.start || at + need > held.end {
            self.bytes = Vec::new();
            let len = (self.len - at).min(self.size.max(ENTRY_MAX) as u64);
            self.bytes = get(self.reader, self.offset + at, len)?;
            self.at = at;
        }
        Ok(&self.bytes[usize::try_from(at - self.at).expect("a window is small")..])
    }
}

/// The entry at `at`, and where the next begins.
fn entry<R: RangedReader + ?Sized>(window: &mut Window<'_, R>, at: u64) -> Result<(Member, u64), Failure> {
    let place = window.offset + at;
    let damaged = || fault::damaged("an entry of a zip directory", place);
    let rest = window.from(at)?;
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
    Ok((member, at + next as u64))
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
