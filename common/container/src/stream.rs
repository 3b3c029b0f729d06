//! Bodies of known members, out of a stream that is entered at a seek point.
//!
//! A [`MemberStream`] is given the members **wanted**, in the order of their offsets, and compressed bytes
//! from its seek point on. It fills the place that a [`BodySink`] keeps for each body and hands the body
//! over only when its checksum is right.

use crate::{
    body::{BodySink, Filler, Wanted, changed},
    sink::Sink,
    unpack::Unpacker,
    zip::{LOCAL_HEADER_LEN, ZipBodies},
};
use tarquet_common::{
    archive::{Container, SeekPoint},
    codes::ourselves,
    failure::Failure,
};

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
        Ok(Self { source, filler: Filler::new(wanted) })
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
        fed.map_err(|failure| if self.filler.settled() { failure } else { not_as_indexed(&failure) })
    }

    /// Whether every body was handed over.
    pub fn is_done(&self) -> bool {
        self.filler.next().is_none()
    }

    /// The member that is waited for, by its place in the list.
    pub fn waits_for(&self) -> Option<usize> {
        (!self.is_done()).then_some(self.filler.place())
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
