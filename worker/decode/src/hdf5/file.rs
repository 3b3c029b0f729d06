//! A file opened from memory, with every limit that the library knows.

use super::faults::{fault, open_fault};
use crate::{
    budget::Budget,
    door::ObjectId,
    fail::{Res, differs, over_limit},
    filters,
    hdf5::types::weight_of,
    options::Limits,
};
use hdf5_reader::{FilterRegistry, Hdf5File, OpenOptions, error::Error, object_header::ObjectHeader};
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tarquet_common::codes::format;

/// A file opened from memory.
pub(crate) struct Hdf5<'a> {
    pub(super) file: Hdf5File,
    pub(super) limits: &'a Limits,
    /// Paths of the objects seen so far: chunked data is asked for by path.
    pub(super) paths: RefCell<HashMap<ObjectId, String>>,
    pub(super) budget: &'a Budget,
    /// Objects whose headers are held: the library keeps them.
    headers: RefCell<HashSet<ObjectId>>,
}

/// Opens a member's bytes. They are shared, not copied.
pub(crate) fn open<'a, B>(bytes: B, limits: &'a Limits, budget: &'a Budget) -> Res<Hdf5<'a>>
where
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    let len = bytes.as_ref().len() as u64;
    if len > limits.member_bytes {
        return Err(over_limit("/", "the member's size", limits.member_bytes, len));
    }
    let small = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let options = OpenOptions {
        chunk_cache_bytes: 0,
        chunk_cache_slots: 1,
        filter_registry: Some(registry(small(limits.chunk_bytes))),
        external_file_resolver: None,
        external_link_resolver: None,
        max_chunk_bytes: small(limits.chunk_bytes),
        max_read_bytes: small(limits.object_bytes),
        max_object_header_bytes: small(limits.header_bytes),
    };
    let file = Hdf5File::from_owner(bytes, options).map_err(|e| open_fault(&e, len))?;
    let end = file.superblock().eof_address;
    if file.superblock().base_address == 0 && end > len && end != u64::MAX {
        return Err(differs(
            format::HDF5_TRUNCATED,
            "/",
            "the file ends before the end that its header states",
            format!("{end} bytes"),
            format!("{len} bytes"),
        ));
    }
    Ok(Hdf5 { file, limits, paths: RefCell::default(), budget, headers: RefCell::default() })
}

/// The filters that are read: the library's own three, and those of [`filters`].
fn registry(max_bytes: usize) -> FilterRegistry {
    let mut registry = FilterRegistry::new();
    for id in filters::DECODED {
        registry.register(
            id,
            Box::new(move |_, data, _| {
                filters::decode(id, data, max_bytes).map_err(|e| Error::DecompressionError(e.to_string()))
            }),
        );
    }
    registry
}

impl Hdf5<'_> {
    pub(super) fn header(&self, id: ObjectId, item: &str) -> Res<Arc<ObjectHeader>> {
        let header = self.file.get_or_parse_header(id.0).map_err(|e| fault(&e, item))?;
        if !self.headers.borrow().contains(&id) {
            self.budget.spend(weight_of(&header), item)?;
            self.headers.borrow_mut().insert(id);
        }
        Ok(header)
    }

    pub(super) fn path(&self, id: ObjectId) -> String {
        self.paths.borrow().get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn offset_size(&self) -> u8 {
        self.file.superblock().offset_size
    }

    pub(super) fn length_size(&self) -> u8 {
        self.file.superblock().length_size
    }
}
