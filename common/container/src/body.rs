//! Bodies on their way out of an archive: which are wanted, where they go, and that they are what they were.

use crate::checksum::Crc;
use tarquet_common::{
    archive::{Check, Member, ZipStorage},
    codes::{archive, ourselves},
    failure::Failure,
};

/// A member whose body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// [`Member::offset`].
    pub offset: u64,
    /// Bytes of the body.
    pub size: u64,
    /// How the body is proved.
    pub check: Check,
    /// How it is stored, in a zip archive.
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
    /// Waits for the first of them.
    pub(crate) fn new(wanted: Vec<Wanted>) -> Self {
        let crc = Crc::castagnoli();
        Self { wanted, next: 0, begun: false, filled: 0, crc, settled: false }
    }

    /// The place in the list of the member that is waited for, or of none if it is behind the last.
    pub(crate) fn place(&self) -> usize {
        self.next
    }

    /// Whether the last failure is to be passed on as it is.
    pub(crate) fn settled(&self) -> bool {
        self.settled
    }

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

/// The failure of a body, or of a stream, that is not what was indexed.
pub(crate) fn changed(message: &str, offset: u64) -> Failure {
    Failure::new(archive::BODY_CHANGED, message).at_offset(offset)
}
