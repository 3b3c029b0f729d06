//! Page headers in Thrift's compact protocol. Fields and numbers: `parquet.thrift`, struct `PageHeader`.

/// Kinds of encodings, numbered as in `parquet.thrift`.
pub(crate) use parquet::basic::Encoding;

/// The header of a version-1 data page. Levels are always RLE.
pub(crate) fn data_page_header(
    uncompressed: usize,
    compressed: usize,
    values: usize,
    encoding: Encoding,
) -> Vec<u8> {
    const DATA_PAGE: i64 = 0;
    let mut out = Compact::default();
    out.i32(1, DATA_PAGE);
    out.i32(2, length(uncompressed));
    out.i32(3, length(compressed));
    out.begin_struct(5);
    out.i32(1, length(values));
    out.i32(2, number(encoding));
    out.i32(3, number(Encoding::RLE));
    out.i32(4, number(Encoding::RLE));
    out.end_struct(5);
    out.finish()
}

/// The header of a dictionary page with plain values.
pub(crate) fn dictionary_page_header(uncompressed: usize, compressed: usize, values: usize) -> Vec<u8> {
    const DICTIONARY_PAGE: i64 = 2;
    let mut out = Compact::default();
    out.i32(1, DICTIONARY_PAGE);
    out.i32(2, length(uncompressed));
    out.i32(3, length(compressed));
    out.begin_struct(7);
    out.i32(1, length(values));
    out.i32(2, number(Encoding::PLAIN));
    out.end_struct(7);
    out.finish()
}

/// A length as the format's signed number; pages are far below 2 GiB, which the encoder checks.
fn length(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The number of an encoding.
fn number(encoding: Encoding) -> i64 {
    encoding as i64
}

/// The part of the compact protocol that page headers need.
#[derive(Default)]
struct Compact {
    out: Vec<u8>,
    last_field: i64,
}

impl Compact {
    const I32: u8 = 5;
    const STRUCT: u8 = 12;
    const STOP: u8 = 0;

    /// A field's header: the distance from the field before, and the type. Distances here are always below 16.
    fn field(&mut self, id: i64, kind: u8) {
        let distance = u8::try_from(id - self.last_field).expect("fields are written in order");
        self.out.push(distance << 4 | kind);
        self.last_field = id;
    }

    /// A 32-bit field.
    fn i32(&mut self, id: i64, value: i64) {
        self.field(id, Self::I32);
        put_varint(&mut self.out, zigzag(value));
    }

    /// Opens a struct; its fields count from 0 again.
    fn begin_struct(&mut self, id: i64) {
        self.field(id, Self::STRUCT);
        self.last_field = 0;
    }

    /// Closes the struct that is field `id` of the one outside.
    fn end_struct(&mut self, id: i64) {
        self.out.push(Self::STOP);
        self.last_field = id;
    }

    fn finish(mut self) -> Vec<u8> {
        self.out.push(Self::STOP);
        self.out
    }
}

/// Small magnitudes become small numbers.
#[expect(clippy::cast_sign_loss, reason = "zigzag is defined on the bits")]
pub(crate) fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

/// Seven bits a byte, low ones first.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n & 0x7F) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}
