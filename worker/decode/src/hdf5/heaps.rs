//! Global heaps: where the values of variable length lie. (Format: HDF5 File Format Specification, III.E.)
//!
//! A **collection** is a run of bytes with numbered **objects** in it. Any number of references may lead to one object, so
//! objects are found, and copied one by one by whoever wants them and has paid; a collection is never copied as a whole.

use crate::{budget::Loan, fail::Res, hdf5::faults::fault};
use hdf5_reader::{Storage, error::Error, io::Cursor, storage::StorageBuffer};
use std::collections::HashMap;

/// Collections that are remembered; references mostly come in the order of the collections.
const COLLECTIONS: usize = 64;

/// What an object costs to remember.
const OBJECT_BYTES: u64 = 64;

/// The collections looked into lately.
pub(super) struct Heaps<'f, 'b> {
    storage: &'f dyn Storage,
    length_size: u8,
    found: HashMap<u64, Collection>,
    loan: Loan<'b>,
}

/// A collection: its bytes, lent by the file, and where in them its objects lie.
struct Collection {
    bytes: StorageBuffer,
    objects: HashMap<u16, (usize, usize)>,
}

impl<'f, 'b> Heaps<'f, 'b> {
    pub(super) fn new(storage: &'f dyn Storage, length_size: u8, loan: Loan<'b>) -> Self {
        Self { storage, length_size, found: HashMap::new(), loan }
    }

    /// The first `len` bytes of an object.
    pub(super) fn object(&mut self, address: u64, index: u32, len: u64, item: &str) -> Res<&[u8]> {
        if !self.found.contains_key(&address) {
            if self.found.len() >= COLLECTIONS {
                self.found.clear();
                self.loan.give_back(u64::MAX);
            }
            let collection = self.collection(address, item)?;
            self.found.insert(address, collection);
        }
        let collection = &self.found[&address];
        let place = u16::try_from(index).ok().and_then(|index| collection.objects.get(&index));
        let object = place.and_then(|&(start, size)| collection.bytes.as_ref().get(start..start + size));
        object.and_then(|object| object.get(..usize::try_from(len).ok()?)).ok_or_else(|| {
            let text = format!("no heap object {index} of {len} bytes at {address:#x}");
            fault(&Error::InvalidData(text), item)
        })
    }

    /// The collection at an address. Its objects are read as they come, until one has the number 0.
    fn collection(&self, address: u64, item: &str) -> Res<Collection> {
        let wrong = |error: Error| fault(&error, item);
        let width = usize::from(self.length_size);
        let head = self.storage.read_range(address, 8 + width).map_err(wrong)?;
        let mut cursor = Cursor::new(head.as_ref());
        if cursor.read_bytes(4).map_err(wrong)? != b"GCOL" {
            return Err(wrong(Error::InvalidGlobalHeapSignature));
        }
        let version = cursor.read_u8().map_err(wrong)?;
        if version != 1 {
            return Err(wrong(Error::UnsupportedGlobalHeapVersion(version)));
        }
        cursor.skip(3).map_err(wrong)?;
        let size = cursor.read_length(self.length_size).map_err(wrong)?;
        let size = usize::try_from(size).map_err(|_| wrong(Error::OffsetOutOfBounds(size)))?;
        let bytes = self.storage.read_range(address, size).map_err(wrong)?;
        let mut objects = HashMap::new();
        let mut at = 8 + width;
        while let Some(head) = bytes.as_ref().get(at..at + 8 + width) {
            let index = u16::from_le_bytes([head[0], head[1]]);
            if index == 0 {
                break;
            }
            self.loan.add(OBJECT_BYTES, item)?;
            let mut cursor = Cursor::new(&head[8..]);
            let len = cursor.read_length(self.length_size).map_err(wrong)?;
            let (start, left) = (at + 8 + width, (size - at - 8 - width) as u64);
            if len > left {
                let text = format!("an object of {len} bytes where {left} are left of its heap");
                return Err(wrong(Error::InvalidData(text)));
            }
            let len = len as usize;
            objects.entry(index).or_insert((start, len));
            at = start + len.next_multiple_of(8);
        }
        Ok(Collection { bytes, objects })
    }
}
