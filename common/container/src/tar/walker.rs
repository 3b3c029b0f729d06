//! The push walker: uncompressed bytes in, members out, each once its body has gone by.

use super::{
    header::{self, Describes},
    pax::{self, Pax},
};
use crate::{
    checksum::Crc,
    gather::Gather,
    sniff::{TAR_BLOCK as BLOCK, not_this},
};
use tarquet_common::{
    archive::{Check, Container, Member, MemberKind},
    codes::archive,
    failure::Failure,
};

/// The largest body of an extension header that is kept: names of files are 4 KiB at most where files
/// come from; PAX headers may also carry access lists.
const EXTENSION_MAX: u64 = 1 << 20;
/// The longest name.
const NAME_MAX: usize = 64 * 1024;

/// The item that comes next.
#[derive(Debug)]
enum Expect {
    Header,
    /// More of a GNU sparse map, before the body of `.0`.
    SparseMap(Box<Open>),
    Body(Box<Open>),
    /// An extension's body and its padding: `.1` bytes of it count.
    Extension(Describes, usize),
    Padding(u64),
    /// One zero block was seen.
    SecondZero,
    /// The end was seen; only zeros may follow.
    End,
}

/// A member whose body goes by.
#[derive(Debug)]
struct Open {
    member: Member,
    left: u64,
}

/// Finds members in a tar stream. Memory: one extension header (≤ 1 MiB) and one name.
#[derive(Debug)]
pub struct Walker {
    expect: Expect,
    gather: Gather,
    offset: u64,
    crc: Crc,
    /// What extension headers said of the next member.
    local: Option<Pax>,
    long_name: Option<Vec<u8>>,
    container: Container,
}

impl Walker {
    /// Starts at the first byte of the stream; `container` is named when the stream is no tar at all.
    pub fn new(container: Container) -> Self {
        Self {
            expect: Expect::Header,
            gather: Gather::default(),
            offset: 0,
            crc: Crc::castagnoli(),
            local: None,
            long_name: None,
            container,
        }
    }

    /// Takes the next bytes, of any number, and tells of each member whose body is complete, in the order
    /// of the archive. Offsets in failures count uncompressed bytes.
    ///
    /// # Errors
    /// The stream is not tar, damaged, or goes on after its end; or `found` failed.
    pub fn feed(
        &mut self,
        mut input: &[u8],
        found: &mut dyn FnMut(Member) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        while !input.is_empty() {
            match &mut self.expect {
                Expect::Body(open) => {
                    let step = usize::try_from(open.left).unwrap_or(usize::MAX).min(input.len());
                    let (body, rest) = input.split_at(step);
                    self.crc.update(body);
                    open.left -= step as u64;
                    self.offset += step as u64;
                    input = rest;
                    if open.left == 0 {
                        self.close(found)?;
                    }
                }
                Expect::Padding(left) => {
                    let step = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    *left -= step as u64;
                    self.offset += step as u64;
                    input = &input[step..];
                    if *left == 0 {
                        self.expect = Expect::Header;
                    }
                }
                Expect::End => {
                    self.only_zeros(input)?;
                    input = &[];
                }
                _ => self.item(&mut input, found)?,
            }
        }
        Ok(())
    }

    /// Says that the stream ends here.
    ///
    /// # Errors
    /// It ends before a block of zeros.
    pub fn finish(&self) -> Result<(), Failure> {
        let end = self.offset + self.gather.pending() as u64;
        let name = |open: &Open| open.member.display_name();
        let inside = match &self.expect {
            // One block of zeros is an end too: some writers make no second, and GNU tar reads what they make.
            Expect::End => return Ok(()),
            Expect::SecondZero if self.gather.pending() == 0 => return Ok(()),
            Expect::Body(open) | Expect::SparseMap(open) => format!("the body of {}", name(open)),
            Expect::Extension(..) => "a tar extension header".to_owned(),
            Expect::Header if self.gather.pending() > 0 => "a tar header".to_owned(),
            Expect::Header | Expect::SecondZero | Expect::Padding(_) => {
                let message = format!("the tar stream ends without its end mark, at uncompressed byte {end}");
                return Err(Failure::new(archive::TAR_END_MISSING, message)
                    .at_offset(end)
                    .expected("two blocks of zeros", "the end of the stream"));
            }
        };
        let message = format!("the tar stream ends in {inside}, at uncompressed byte {end}");
        Err(Failure::new(archive::ARCHIVE_TRUNCATED, message).at_offset(end))
    }

    /// Offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// One header, map block or extension body.
    fn item(
        &mut self,
        input: &mut &[u8],
        found: &mut dyn FnMut(Member) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let need = match &self.expect {
            Expect::Extension(_, len) => len.next_multiple_of(BLOCK),
            _ => BLOCK,
        };
        let Some(item) = self.gather.take(input, need) else { return Ok(()) };
        let at = self.offset;
        self.offset += need as u64;
        match std::mem::replace(&mut self.expect, Expect::Header) {
            Expect::Extension(describes, len) => {
                let body = item[..len].to_vec();
                self.extension(describes, body, at)
            }
            Expect::SparseMap(open) => {
                // The map goes on while byte 504 of a block says so.
                let more = item[504] != 0;
                if more {
                    self.expect = Expect::SparseMap(open);
                    return Ok(());
                }
                self.open(*open, found)
            }
            Expect::SecondZero if item.iter().all(|b| *b == 0) => {
                self.expect = Expect::End;
                Ok(())
            }
            Expect::SecondZero => {
                let message =
                    format!("a tar header follows a single block of zeros at uncompressed byte {at}");
                Err(Failure::new(archive::TAR_END_MISSING, message)
                    .at_offset(at)
                    .expected("a second block of zeros", "other bytes"))
            }
            _ => {
                let block: [u8; BLOCK] = item.try_into().expect("a whole block was asked for");
                self.header(&block, at, found)
            }
        }
    }

    fn header(
        &mut self,
        block: &[u8; BLOCK],
        at: u64,
        found: &mut dyn FnMut(Member) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if block.iter().all(|b| *b == 0) {
            if self.local.is_some() || self.long_name.is_some() {
                return Err(bad_extension("an extension header is followed by no member", at));
            }
            self.expect = Expect::SecondZero;
            return Ok(());
        }
        let parsed = header::parse(block).map_err(|why| self.not_a_header(why, block, at))?;
        let Describes::Member(kind) = parsed.describes else {
            if parsed.size > EXTENSION_MAX {
                return Err(bad_extension("an extension header is larger than 1 MiB", at));
            }
            let len = usize::try_from(parsed.size).expect("at most 1 MiB");
            if len == 0 {
                return self.extension(parsed.describes, Vec::new(), at);
            }
            self.expect = Expect::Extension(parsed.describes, len);
            return Ok(());
        };
        let open = self.describe(kind, parsed.size, parsed.name, at)?;
        if parsed.sparse_map_follows {
            self.expect = Expect::SparseMap(Box::new(open));
            return Ok(());
        }
        self.open(open, found)
    }

    /// Puts together what header and extensions say of a member.
    fn describe(
        &mut self,
        kind: MemberKind,
        header_size: u64,
        header_name: Vec<u8>,
        at: u64,
    ) -> Result<Open, Failure> {
        let pax = self.local.take().unwrap_or_default();
        let long_name = self.long_name.take();
        let name = pax.path.or(long_name).unwrap_or(header_name);
        if name.len() > NAME_MAX {
            return Err(bad_extension("a member's name is longer than 64 KiB", at));
        }
        let has_body = matches!(kind, MemberKind::File | MemberKind::Sparse | MemberKind::Other);
        let size = if has_body { pax.size.unwrap_or(header_size) } else { 0 };
        // A stream of 2^63 bytes exists nowhere: a size like that is damage, and would overflow offsets.
        if i64::try_from(size.saturating_add(at)).is_err() {
            return Err(bad_extension("a member's size is beyond all measure", at));
        }
        let kind = if pax.sparse && kind == MemberKind::File { MemberKind::Sparse } else { kind };
        let member = Member { name, offset: 0, size, kind, check: Check::Crc32c(0), zip: None };
        Ok(Open { member, left: size })
    }

    /// The body begins at the present offset.
    fn open(
        &mut self,
        mut open: Open,
        found: &mut dyn FnMut(Member) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        open.member.offset = self.offset;
        self.crc.reset();
        let empty = open.left == 0;
        self.expect = Expect::Body(Box::new(open));
        if empty { self.close(found) } else { Ok(()) }
    }

    /// The body is complete.
    fn close(&mut self, found: &mut dyn FnMut(Member) -> Result<(), Failure>) -> Result<(), Failure> {
        let Expect::Body(open) = std::mem::replace(&mut self.expect, Expect::Header) else { return Ok(()) };
        let mut member = open.member;
        member.check = Check::Crc32c(self.crc.value());
        let padding = member.size.next_multiple_of(BLOCK as u64) - member.size;
        if padding > 0 {
            self.expect = Expect::Padding(padding);
        }
        found(member)
    }

    fn extension(&mut self, describes: Describes, mut body: Vec<u8>, at: u64) -> Result<(), Failure> {
        match describes {
            Describes::LongName => {
                let end = body.iter().position(|b| *b == 0).unwrap_or(body.len());
                body.truncate(end);
                self.long_name = Some(body).filter(|name| !name.is_empty());
                Ok(())
            }
            Describes::Pax => {
                let local = self.local.get_or_insert_default();
                pax::apply(&body, local).map_err(|why| bad_extension(why, at))
            }
            Describes::PaxGlobal => pax::global(&body).map_err(|why| bad_extension(why, at)),
            // Where a link points to is nothing that we follow or show.
            Describes::LongLink | Describes::Member(_) => Ok(()),
        }
    }

    fn not_a_header(&self, why: &str, block: &[u8; BLOCK], at: u64) -> Failure {
        if at == 0 {
            return not_this(self.container, block);
        }
        let message = format!("no tar header stands at uncompressed byte {at}: {why}");
        Failure::new(archive::TAR_HEADER, message)
            .at_offset(at)
            .expected("a tar header or two blocks of zeros", crate::sniff::sniff(block))
    }

    fn only_zeros(&mut self, input: &[u8]) -> Result<(), Failure> {
        if let Some(at) = input.iter().position(|b| *b != 0) {
            let at = self.offset + at as u64;
            let message = format!("the tar stream goes on after its end mark, at uncompressed byte {at}");
            return Err(Failure::new(archive::TRAILING_BYTES, message)
                .at_offset(at)
                .expected("zeros or the end", "other bytes"));
        }
        self.offset += input.len() as u64;
        Ok(())
    }
}

fn bad_extension(why: &str, at: u64) -> Failure {
    Failure::new(archive::TAR_EXTENSION, format!("{why} (uncompressed byte {at})")).at_offset(at)
}
