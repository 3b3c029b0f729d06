//! The values of datasets: lent where they lie in one piece, read where they are chunked, looked up where their length
//! varies.

use super::{faults::fault, file::Hdf5};
use crate::{
    door::{ObjectId, Raw},
    fail::{Res, damaged, differs, over_limit},
};
use hdf5_reader::{error::Error, global_heap::GlobalHeapCollection, io::Cursor};
use std::{collections::HashMap, sync::Arc};
use tarquet_common::codes::format;

impl Hdf5<'_> {
    /// The bytes that a variable-length reference leads to: `count` elements of `width` bytes.
    pub(super) fn vlen(
        &self,
        reference: &[u8],
        width: u64,
        heaps: &mut HashMap<u64, GlobalHeapCollection>,
    ) -> Result<Vec<u8>, Error> {
        let (o, l) = (self.offset_size(), self.length_size());
        let mut cursor = Cursor::new(reference);
        let bytes = u64::from(cursor.read_u32_le()?) * width;
        let address = cursor.read_offset(o)?;
        let index = cursor.read_u32_le()?;
        if bytes == 0 || index == 0 || Cursor::is_undefined_offset(address, o) {
            return Ok(Vec::new());
        }
        if bytes > self.limits.vlen_bytes {
            return Err(Error::ResourceLimit(format!("a variable-length value of {bytes} bytes")));
        }
        if !heaps.contains_key(&address) {
            if heaps.len() >= 64 {
                heaps.clear();
            }
            heaps
                .insert(address, GlobalHeapCollection::parse_at_storage(self.file.storage(), address, o, l)?);
        }
        let object = u16::try_from(index).ok().and_then(|i| heaps[&address].get_object(i));
        object
            .and_then(|object| object.data.get(..usize::try_from(bytes).ok()?))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| {
                Error::InvalidData(format!("no heap object {index} of {bytes} bytes at {address:#x}"))
            })
    }

    /// Reads chunks through the library; the path has been walked by [`Door::links`] before.
    pub(super) fn chunked(&self, id: ObjectId, item: &str) -> Res<Vec<u8>> {
        let path = self.path(id);
        let dataset = self.file.dataset(&path).map_err(|e| fault(&e, item))?;
        if dataset.address() != id.0 {
            return Err(damaged(item, "two objects answer to one name"));
        }
        dataset.read_raw_bytes().map_err(|e| fault(&e, item))
    }

    pub(super) fn contiguous(
        &self,
        address: u64,
        size: u64,
        bytes: u64,
        fill: Option<&[u8]>,
        item: &str,
    ) -> Res<Raw> {
        let len = usize::try_from(bytes).map_err(|_| over_limit(item, "dataset", usize::MAX, bytes))?;
        if size == 0 || Cursor::is_undefined_offset(address, self.offset_size()) {
            return Ok(Arc::new(filled(len, fill)));
        }
        if size < bytes {
            return Err(differs(
                format::HDF5_DAMAGED,
                item,
                "the dataset's storage is shorter than its shape",
                format!("{bytes} bytes"),
                format!("{size} bytes"),
            ));
        }
        let view = self.file.storage().read_range(address, len).map_err(|e| fault(&e, item))?;
        Ok(Arc::new(view))
    }
}

/// Storage that was never written: the fill value, or zeros.
fn filled(len: usize, fill: Option<&[u8]>) -> Vec<u8> {
    match fill {
        Some(value) if !value.is_empty() && value.iter().any(|&b| b != 0) => {
            value.iter().copied().cycle().take(len).collect()
        }
        _ => vec![0; len],
    }
}
