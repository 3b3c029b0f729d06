//! Zstandard frames (RFC 8878). Each frame's start is a seek point; most files have one frame.

use crate::{
    fault,
    seek::Spacing,
    sink::{Restart, RestartEntry, Sink},
    sniff::{is_zstd, not_this},
};
use tarquet_common::{
    archive::{Container, SeekPoint},
    codes::{archive, ourselves},
    failure::Failure,
};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// The largest window a frame may ask for: 128 MiB, which is what `zstd` reads without `--memory`.
const WINDOW_LOG_MAX: u32 = 27;
const OUT_LEN: usize = 128 * 1024;

/// Decodes Zstandard frames, from their start or from the start of a later one. Memory: the window that
/// the frame asks for, at most 128 MiB, and 128 KiB.
pub struct ZstdDecoder {
    decoder: Decoder<'static>,
    out: Vec<u8>,
    compressed: u64,
    uncompressed: u64,
    frame_start: u64,
    in_frame: bool,
    frames: u64,
    spacing: Option<Spacing>,
    last_point: Option<u64>,
    /// The first bytes of the object, until there are four to judge.
    head: Vec<u8>,
}

impl std::fmt::Debug for ZstdDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ZstdDecoder").field("compressed", &self.compressed).finish_non_exhaustive()
    }
}

impl ZstdDecoder {
    /// Starts at a frame; offers seek points when a `spacing` is given.
    ///
    /// # Errors
    /// `INVARIANT` when libzstd cannot be set up.
    pub fn new(point: SeekPoint, spacing: Option<Spacing>) -> Result<Self, Failure> {
        let broken =
            |e: std::io::Error| Failure::new(ourselves::INVARIANT, "libzstd cannot be set up").caused_by(&e);
        let mut decoder = Decoder::new().map_err(broken)?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(broken)?;
        Ok(Self {
            decoder,
            out: vec![0; OUT_LEN],
            compressed: point.compressed,
            uncompressed: point.uncompressed,
            frame_start: point.compressed,
            in_frame: false,
            frames: 0,
            spacing,
            last_point: None,
            head: Vec::new(),
        })
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// The stream is not Zstandard or is damaged, or `sink` failed.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        self.judge_head(chunk)?;
        let mut input = InBuffer::around(chunk);
        let mut drained = true;
        while (input.pos() < chunk.len() || !drained) && sink.wants_more() {
            if !self.in_frame {
                self.begin_frame(sink)?;
            }
            let before = input.pos();
            let mut output = OutBuffer::around(&mut self.out[..]);
            let hint = self.decoder.run(&mut input, &mut output);
            let written = output.pos();
            let hint = hint.map_err(|e| self.cannot(&e))?;
            self.compressed += (input.pos() - before) as u64;
            self.uncompressed += written as u64;
            if written > 0 {
                sink.bytes(&self.out[..written])?;
            }
            self.in_frame = hint != 0;
            drained = written < OUT_LEN || !self.in_frame;
        }
        Ok(())
    }

    /// What libzstd refuses because of us is not damage: it says so in these words (`ZSTD_getErrorString`).
    fn cannot(&self, why: &std::io::Error) -> Failure {
        let at = self.frame_start;
        let refused = |what: String, hint: &'static str| {
            Failure::new(archive::FEATURE_REFUSED, what).at_offset(at).caused_by(why).with_hint(hint)
        };
        match why.to_string().as_str() {
            "Frame requires too much memory for decoding" => refused(
                format!(
                    "the Zstandard frame at compressed byte {at} needs a window of more than {} MiB",
                    1 << (WINDOW_LOG_MAX - 20)
                ),
                "Compress it with --long=27 or less.",
            ),
            "Dictionary mismatch" => refused(
                format!("the Zstandard frame at compressed byte {at} needs a dictionary"),
                "Compress it without a dictionary.",
            ),
            _ => fault::damaged("a Zstandard frame", at).caused_by(why),
        }
    }

    /// Says that the object ends here.
    ///
    /// # Errors
    /// It ends inside a frame, or holds none.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if self.in_frame || self.frames == 0 {
            return Err(fault::truncated("a Zstandard frame", self.compressed));
        }
        Ok(())
    }

    /// Offset in the object behind what was decoded.
    pub fn compressed(&self) -> u64 {
        self.compressed
    }

    /// Offset of the next byte of output.
    pub fn uncompressed(&self) -> u64 {
        self.uncompressed
    }

    fn judge_head(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        if self.frame_start != 0 || self.head.len() >= 4 {
            return Ok(());
        }
        self.head.extend(chunk.iter().take(4 - self.head.len()));
        if self.head.len() == 4 && !is_zstd(&self.head) {
            return Err(not_this(Container::TarZst, &self.head));
        }
        Ok(())
    }

    fn begin_frame(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        self.frame_start = self.compressed;
        self.in_frame = true;
        self.frames += 1;
        let Some(spacing) = self.spacing else { return Ok(()) };
        if self.last_point.is_some_and(|last| self.uncompressed - last < spacing.min) {
            return Ok(());
        }
        self.last_point = Some(self.uncompressed);
        let (compressed, uncompressed) = (self.compressed, self.uncompressed);
        sink.restart(Restart { compressed, uncompressed, entry: RestartEntry::Frame })
    }
}
