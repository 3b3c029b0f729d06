//! The bytes of a dataset's datatype, as they stand in its object header. (Format: HDF5 File Format Specification, IV.A.)
//!
//! The library parses them but keeps neither an integer's bits nor a float's layout, so they are looked up again. It has
//! checked the header by then: here only lengths are, so that nothing is read beyond them.

use super::{faults::fault, file::Hdf5};
use crate::{
    door::ObjectId,
    fail::{Res, damaged},
};
use hdf5_reader::{
    Storage,
    error::Error,
    io::Cursor,
    messages::shared::{self, SharedMessage},
    storage::StorageBuffer,
};

/// The numbers of the messages that matter here.
const DATATYPE: u16 = 3;
const CONTINUATION: u16 = 16;

/// Blocks of one header, as many as the library follows.
const BLOCKS_MAX: usize = 1025;

/// How a header's messages stand: in its first form, or in the second, with or without the order of their creation.
#[derive(Clone, Copy)]
enum Form {
    First,
    Second { ordered: bool },
}

/// A message: its number, whether it only says where it stands, and what is in it.
struct Message<'m> {
    number: u16,
    shared: bool,
    body: &'m [u8],
}

impl Hdf5<'_> {
    /// A dataset's datatype as it stands in the file; of a named one, as it stands in the header of that.
    pub(super) fn datatype_bytes(&self, id: ObjectId, item: &str) -> Res<Vec<u8>> {
        let own = self.stored_datatype(id.0, item)?;
        let found = match own {
            Stored::Here(bytes) => return Ok(bytes),
            Stored::In(SharedMessage::SharedInOhdr { address, .. }) => self.stored_datatype(address, item)?,
            // one heap for messages of many objects: the library knows its way
            Stored::In(SharedMessage::SharedInSohm { .. }) => {
                let dataset = self.file.dataset(&self.path(id)).map_err(|e| fault(&e, item))?;
                Stored::Here(dataset.raw_datatype().map_err(|e| fault(&e, item))?)
            }
        };
        match found {
            Stored::Here(bytes) => Ok(bytes),
            Stored::In(_) => Err(damaged(item, "a named datatype stands somewhere else again")),
        }
    }

    /// The first datatype in the header at an address.
    fn stored_datatype(&self, address: u64, item: &str) -> Res<Stored> {
        let wrong = |e: Error| fault(&e, item);
        let storage = self.file.storage();
        let (form, first) = first_block(storage, address).map_err(wrong)?;
        let mut blocks = vec![first];
        let mut met = 0;
        while let Some(block) = blocks.pop() {
            met += 1;
            let mut rest = block.as_ref();
            self.budget.work(rest.len());
            self.budget.keep_pace(item)?;
            while let Some(message) = next(&mut rest, form) {
                match message.number {
                    DATATYPE if message.shared => {
                        let (o, l, len) = (self.offset_size(), self.length_size(), message.body.len());
                        let place = shared::parse(&mut Cursor::new(message.body), DATATYPE, o, l, len);
                        return place.map(Stored::In).map_err(wrong);
                    }
                    DATATYPE => return Ok(Stored::Here(message.body.to_vec())),
                    CONTINUATION if met + blocks.len() < BLOCKS_MAX => {
                        let mut cursor = Cursor::new(message.body);
                        let at = cursor.read_offset(self.offset_size()).map_err(wrong)?;
                        let len = cursor.read_length(self.length_size()).map_err(wrong)?;
                        blocks.push(continued(storage, at, len, form).map_err(wrong)?);
                    }
                    _ => {}
                }
            }
        }
        Err(damaged(item, "the dataset has no type"))
    }
}

/// Where a datatype stands.
enum Stored {
    Here(Vec<u8>),
    In(SharedMessage),
}

/// A header's form, and the messages of its first block.
fn first_block(storage: &dyn Storage, address: u64) -> Result<(Form, StorageBuffer), Error> {
    let head = storage.read_range(address, 16)?;
    if head.as_ref().starts_with(b"OHDR") {
        let flags = head.as_ref()[5];
        let width = 1usize << (flags & 3);
        let before = 6 + if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
        let prefix = storage.read_range(address, before + width)?;
        let len = Cursor::new(&prefix.as_ref()[before..]).read_uvar(width)?;
        let at = after(address, before + width)?;
        return Ok((Form::Second { ordered: flags & 4 != 0 }, storage.read_range(at, size(len)?)?));
    }
    let len = Cursor::new(&head.as_ref()[8..]).read_u32_le()?;
    Ok((Form::First, storage.read_range(after(address, 16)?, size(len.into())?)?))
}

/// The messages of a block that the header goes on in: in the second form between a signature and a checksum.
fn continued(storage: &dyn Storage, at: u64, len: u64, form: Form) -> Result<StorageBuffer, Error> {
    match form {
        Form::First => storage.read_range(at, size(len)?),
        Form::Second { .. } => storage.read_range(after(at, 4)?, size(len.saturating_sub(8))?),
    }
}

fn after(address: u64, bytes: usize) -> Result<u64, Error> {
    address.checked_add(bytes as u64).ok_or(Error::OffsetOutOfBounds(address))
}

fn size(len: u64) -> Result<usize, Error> {
    usize::try_from(len).map_err(|_| Error::OffsetOutOfBounds(len))
}

/// The next message of a block, if it is all there.
fn next<'m>(rest: &mut &'m [u8], form: Form) -> Option<Message<'m>> {
    let word = |at: usize| Some(u16::from_le_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
    let (number, len, flags, head) = match form {
        Form::First => (word(0)?, word(2)?, *rest.get(4)?, 8),
        Form::Second { ordered } => {
            (u16::from(*rest.first()?), word(1)?, *rest.get(3)?, if ordered { 6 } else { 4 })
        }
    };
    let end = head + usize::from(len);
    let body = rest.get(head..end)?;
    *rest = &rest[end..];
    Some(Message { number, shared: flags & 2 != 0, body })
}
