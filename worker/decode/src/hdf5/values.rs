//! The values of datasets: lent where they lie in one piece, read where they are chunked, looked up where their length
//! varies.

use super::{faults::fault, file::Hdf5, heaps::Heaps};
use crate::{
    budget::Loan,
    door::{ObjectId, Raw},
    fail::{Res, damaged, differs, over_limit},
};
use hdf5_reader::{io::Cursor, messages::layout::DataLayout};
use std::sync::Arc;
use tarquet_common::codes::format;

impl Hdf5<'_> {
    /// The bytes that a variable-length reference leads to, held on `loan`: `count` elements of `width` bytes.
    pub(super) fn vlen(
        &self,
        reference: &[u8],
        width: u64,
        heaps: &mut Heaps<'_, '_>,
        loan: &Loan<'_>,
        item: &str,
    ) -> Res<Vec<u8>> {
        let mut cursor = Cursor::new(reference);
        let wrong = |e| fault(&e, item);
        let bytes = u64::from(cursor.read_u32_le().map_err(wrong)?).saturating_mul(width);
        let address = cursor.read_offset(self.offset_size()).map_err(wrong)?;
        let index = cursor.read_u32_le().map_err(wrong)?;
        if bytes == 0 || index == 0 || Cursor::is_undefined_offset(address, self.offset_size()) {
            return Ok(Vec::new());
        }
        if bytes > self.limits.vlen_bytes {
            return Err(over_limit(item, "a variable-length value's size", self.limits.vlen_bytes, bytes));
        }
        let object = heaps.object(address, index, bytes, item)?;
        loan.add(bytes, item)?;
        Ok(object.to_vec())
    }

    /// The global heaps of the file.
    pub(super) fn heaps(&self) -> Heaps<'_, '_> {
        Heaps::new(self.file.storage(), self.length_size(), self.budget.loan())
    }

    /// Reads chunks through the library; the path has been walked by [`Door::links`] before.
    pub(super) fn chunked(&self, id: ObjectId, layout: &DataLayout, bytes: u64, item: &str) -> Res<Vec<u8>> {
        let _held = self.chunks(layout, bytes, item)?;
        let path = self.path(id);
        let dataset = self.file.dataset(&path).map_err(|e| fault(&e, item))?;
        if dataset.address() != id.0 {
            return Err(damaged(item, "two objects answer to one name"));
        }
        dataset.read_raw_bytes().map_err(|e| fault(&e, item))
    }

    /// What reading by chunks takes besides the result: one as it is and as it was stored, and a list of all there are.
    fn chunks(&self, layout: &DataLayout, bytes: u64, item: &str) -> Res<Loan<'_>> {
        const ENTRY_BYTES: u64 = 64;
        let loan = self.budget.loan();
        if let DataLayout::Chunked { dims, element_size, .. } = layout {
            let chunk = dims.iter().fold(u64::from(*element_size), |n, &d| n.saturating_mul(u64::from(d)));
            // A chunk beyond the limit is refused by the library before it is read.
            loan.add(chunk.min(self.limits.chunk_bytes).saturating_mul(2), item)?;
            let entries = (bytes / chunk.max(1)).min(self.file.storage().len());
            loan.add(entries.saturating_mul(ENTRY_BYTES), item)?;
        }
        Ok(loan)
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
