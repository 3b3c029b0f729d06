//! Bodies of known members, out of a stream that is entered at a seek point.
//!
//! A [`MemberStream`] is given the members **wanted**, in the order of their offsets, and compressed bytes
//! from its seek point on. It fills the place that a [`BodySink`] keeps for each body and hands the body
//! over only when its checksum is right.

use crate::{
    checksum::Crc,
    sink::Sink,
    unpack::Unpacker,
    zip::{LOCAL_HEADER_LEN, ZipBodies},
};
use serde::{Deserialize, Serialize};
use tarquet_common::{
    archive::{Check, Container, Member, SeekPoint, ZipStorage},
    codes::{archive, ourselves},
    failure::Failure,
};

/// A member whose body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// [`Member::offset`].
    pub offset: u64,
    /// Bytes of the body.
    pub size: u64,
    /// How the body is proved.
    pub check: Check,
    /// How it is stored, in a zip archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zip: Option<ZipStorage>,
}

impl From<&Member> for Wanted {
    fn from(member: &Member) -> Self {
        Self { offset: member.offset, size: member.size, check: member.check, zip: member.zip }
    }
}

/// Where bodies go. Members are named by their place in the list of those wanted.
pub trait BodySink {
    /// Keeps a place of exactly `size` bytes for the body of `member`. May block until there is room.
    ///
    /// # Errors
    /// Ends the feeding; the failure is passed on as it is.
    fn begin(&mut self, member: usize, size: u64) -> Result<(), Failure>;

    /// The place kept by the last [`BodySink::begin`].
    fn body(&mut self) -> &mut [u8];

    /// The body is complete and its checksum right.
    ///
    /// # Errors
    /// Ends the feeding; the failure is passed on as it is.
    fn complete(&mut self, member: usize) -> Result<(), Failure>;
}

/// Fills the bodies of wanted members, one after the other.
pub(crate) struct Filler {
    wanted: Vec<Wanted>,
    /// The member being filled or waited for.
    next: usize,
    /// A place has been kept for it.
    begun: bool,
    filled: usize,
    crc: Crc,
    /// The last failure was not the stream's but the sink's, or ours already.
    settled: bool,
}

impl Filler {
    pub(crate) fn next(&self) -> Option<&Wanted> {
        self.wanted.get(self.next)
    }

    /// Bytes that the present body still needs.
    pub(crate) fn missing(&self) -> u64 {
        self.next().map_or(0, |w| w.size - self.filled as u64)
    }

    /// Keeps a place for the next member's body; an empty body is complete at once.
    pub(crate) fn begin(&mut self, sink: &mut dyn BodySink) -> Result<(), Failure> {
        let Some(Wanted { size, check, .. }) = self.next().copied() else { return Ok(()) };
        self.crc = match check {
            Check::Crc32(_) => Crc::ieee(),
            Check::Crc32c(_) | Check::Unknown => Crc::castagnoli(),
        };
        self.filled = 0;
        let begun = sink.begin(self.next, size);
        self.settle(begun)?;
        self.begun = true;
        if size == 0 { self.complete(sink) } else { Ok(()) }
    }

    pub(crate) fn begun(&self) -> bool {
        self.begun
    }

    /// Takes the next bytes of the body begun, at most as many as it needs.
    pub(crate) fn fill(&mut self, bytes: &[u8], sink: &mut dyn BodySink) -> Result<(), Failure> {
        let end = self.filled + bytes.len();
        let place = sink.body().get_mut(self.filled..end).ok_or_else(|| {
            Failure::new(ourselves::INVARIANT, "the place kept for a body is smaller than the body")
        });
        self.settle(place)?.copy_from_slice(bytes);
        self.crc.update(bytes);
        self.filled = end;
        if self.missing() == 0 { self.complete(sink) } else { Ok(()) }
    }

    fn complete(&mut self, sink: &mut dyn BodySink) -> Result<(), Failure> {
        let Some(wanted) = self.next().copied() else { return Ok(()) };
        let found = self.crc.value();
        if let Check::Crc32c(expected) | Check::Crc32(expected) = wanted.check
            && expected != found
        {
            let failure = changed("the checksum of a member's body does not fit its bytes", wanted.offset);
            return self.settle(Err(failure.expected(format!("{expected:08x}"), format!("{found:08x}"))));
        }
        let completed = sink.complete(self.next);
        self.settle(completed)?;
        self.next += 1;
        self.begun = false;
        Ok(())
    }

    /// Remembers that a failure is to be passed on as it is.
    fn settle<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        self.settled |= result.is_err();
        result
    }
}

/// Where bodies come from.
enum Source {
    /// A stream, tar inside or a loose object.
    Stream(Unpacker),
    /// A zip archive, by local headers.
    Zip(Box<ZipBodies>),
}

/// Gets the bodies of known members. Memory: that of the decompressor.
pub struct MemberStream {
    source: Source,
    filler: Filler,
}

impl MemberStream {
    /// Begins at `start` (with its `window`, if it has one), which lies at or before the first of the members
    /// `wanted`. They are in the order of their offsets and share no bytes.
    ///
    /// # Errors
    /// `INVARIANT` when the members are out of order or the start lies behind the first; `INDEX_DAMAGED` when
    /// start and window do not fit.
    pub fn new(
        container: Container,
        start: &SeekPoint,
        window: Option<&[u8]>,
        wanted: Vec<Wanted>,
    ) -> Result<Self, Failure> {
        check_order(start, &wanted)?;
        let source = match container {
            Container::Zip => Source::Zip(Box::new(ZipBodies::new(start.compressed))),
            _ => Source::Stream(Unpacker::resume(container, start, window)?),
        };
        let crc = Crc::castagnoli();
        let filler = Filler { wanted, next: 0, begun: false, filled: 0, crc, settled: false };
        Ok(Self { source, filler })
    }

    /// Takes the next chunk of the object, of any length. After the last member chunks are not looked at.
    ///
    /// # Errors
    /// `BODY_CHANGED` (class Environment) when the bytes do not decode or do not fit a checksum: they did
    /// when the archive was indexed. A failure of `sink` is passed on as it is.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn BodySink) -> Result<(), Failure> {
        let fed = match &mut self.source {
            Source::Stream(unpacker) => {
                let position = unpacker.uncompressed();
                unpacker.feed(chunk, &mut Picker { filler: &mut self.filler, sink, position })
            }
            Source::Zip(bodies) => bodies.feed(chunk, &mut self.filler, sink),
        };
        fed.map_err(|failure| if self.filler.settled { failure } else { not_as_indexed(&failure) })
    }

    /// Whether every body was handed over.
    pub fn is_done(&self) -> bool {
        self.filler.next().is_none()
    }

    /// The member that is waited for, by its place in the list.
    pub fn waits_for(&self) -> Option<usize> {
        (!self.is_done()).then_some(self.filler.next)
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    /// `BODY_CHANGED` when bodies are missing. Empty bodies at the end of the list need no bytes.
    pub fn finish(&mut self, sink: &mut dyn BodySink) -> Result<(), Failure> {
        if matches!(self.source, Source::Stream(_)) {
            while self.filler.next().is_some_and(|w| w.size == 0) && !self.filler.begun() {
                self.filler.begin(sink)?;
            }
        }
        match self.filler.next() {
            None => Ok(()),
            Some(wanted) => Err(changed("the bytes read end before a member's body does", wanted.offset)),
        }
    }
}

/// Picks bodies out of the uncompressed stream.
struct Picker<'a> {
    filler: &'a mut Filler,
    sink: &'a mut dyn BodySink,
    position: u64,
}

impl Sink for Picker<'_> {
    fn wants_more(&self) -> bool {
        self.filler.next().is_some()
    }

    fn bytes(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        while let Some(wanted) = self.filler.next().copied() {
            if !self.filler.begun() {
                let ahead = wanted.offset.saturating_sub(self.position);
                if ahead > 0 {
                    let step = usize::try_from(ahead).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[step..];
                    self.position += step as u64;
                    if (step as u64) < ahead {
                        return Ok(());
                    }
                }
                self.filler.begin(self.sink)?;
                continue;
            }
            if bytes.is_empty() {
                return Ok(());
            }
            let step = usize::try_from(self.filler.missing()).unwrap_or(usize::MAX).min(bytes.len());
            let (body, rest) = bytes.split_at(step);
            self.position += step as u64;
            bytes = rest;
            self.filler.fill(body, self.sink)?;
        }
        Ok(())
    }
}

fn check_order(start: &SeekPoint, wanted: &[Wanted]) -> Result<(), Failure> {
    let end = |w: &Wanted| match w.zip {
        Some(zip) => w.offset.saturating_add(LOCAL_HEADER_LEN as u64).saturating_add(zip.stored_size),
        None => w.offset.saturating_add(w.size),
    };
    let ordered = wanted.windows(2).all(|pair| end(&pair[0]) <= pair[1].offset);
    if ordered && wanted.first().is_none_or(|w| w.offset >= start.uncompressed) {
        return Ok(());
    }
    Err(Failure::new(ourselves::INVARIANT, "members are wanted out of order, or from before the start"))
}

/// What decoded once does not decode now.
fn not_as_indexed(failure: &Failure) -> Failure {
    let mut out = changed("the archive does not decode as it did when it was indexed", 0);
    out.place.offset = failure.place.offset;
    out.causes = std::iter::once(failure.message.clone()).chain(failure.causes.iter().cloned()).collect();
    out
}

fn changed(message: &str, offset: u64) -> Failure {
    Failure::new(archive::BODY_CHANGED, message).at_offset(offset)
}
