//! What the decoder asks of a file.

use super::{
    described,
    faults::fault,
    file::Hdf5,
    names::LINK_BYTES,
    types::{shape_of, type_weight},
};
use crate::{
    budget::Loan,
    door::{Attr, DType, DataInfo, Door, Field, Kind, Link, ObjectId, Raw, Target},
    fail::{Res, damaged, differs, fail, over_limit},
    filters,
};
use hdf5_reader::{
    messages::{HdfMessage, dataspace::DataspaceMessage, datatype::DatatypeMessage, layout::DataLayout},
    object_header::ObjectHeader,
};
use std::{collections::hash_map::Entry, sync::Arc};
use tarquet_common::codes::format;

/// What a row of variable length takes besides its bytes.
const ROW_BYTES: u64 = 40;

impl Door for Hdf5<'_> {
    fn root(&self) -> Res<ObjectId> {
        let address = self.file.superblock().root_object_header_address().map_err(|e| fault(&e, "/"))?;
        Ok(ObjectId(address))
    }

    fn kind(&self, id: ObjectId) -> Res<Kind> {
        let header = self.header(id, &self.path(id))?;
        let mut kind = Kind::Other;
        for message in &header.messages {
            match message {
                HdfMessage::DataLayout(_) => return Ok(Kind::Dataset),
                HdfMessage::SymbolTable(_) | HdfMessage::LinkInfo(_) | HdfMessage::Link(_) => {
                    kind = Kind::Group
                }
                _ => {}
            }
        }
        Ok(kind)
    }

    fn links(&self, id: ObjectId) -> Res<Arc<[Link]>> {
        let path = self.path(id);
        let links = self.links_of(&*self.header(id, &path)?, &path)?;
        let mut paths = self.paths.borrow_mut();
        for link in &links {
            if link.name.is_empty() || link.name == "." || link.name.contains('/') {
                return Err(damaged(&path, format!("a link has the impossible name {:?}", link.name)));
            }
            if let Target::Object(child) = link.target
                && let Entry::Vacant(entry) = paths.entry(child)
            {
                self.budget.spend((path.len() + link.name.len() + LINK_BYTES) as u64, &path)?;
                entry.insert(format!("{path}/{}", link.name));
            }
        }
        Ok(links.into())
    }

    fn attributes(&self, id: ObjectId) -> Res<Arc<[Attr]>> {
        let path = self.path(id);
        let attributes = self.attributes_of(&*self.header(id, &path)?, &path)?;
        Ok(attributes.into())
    }

    fn info(&self, id: ObjectId, item: &str) -> Res<DataInfo> {
        let header = self.header(id, item)?;
        let (space, kind) = extent(&header, item)?;
        let held = self.budget.loan();
        held.add(type_weight(&kind.datatype), item)?;
        let bytes = self.datatype_bytes(id, item)?;
        self.budget.spend(type_weight(&kind.datatype), item)?;
        let dtype = described::dtype(&bytes).map_err(|e| fault(&e, item))?;
        Ok(DataInfo { dtype, shape: shape_of(space) })
    }

    fn read(&self, id: ObjectId, item: &str) -> Res<Raw> {
        let header = self.header(id, item)?;
        let (space, kind) = extent(&header, item)?;
        let shape = shape_of(space);
        let elements = shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d));
        let bytes =
            elements.and_then(|elements| elements.checked_mul(kind.size.into())).ok_or_else(|| {
                over_limit(item, "the dataset's size", self.limits.object_bytes, format!("{shape:?}"))
            })?;
        if bytes > self.limits.object_bytes {
            return Err(over_limit(item, "the dataset's size in bytes", self.limits.object_bytes, bytes));
        }
        self.budget.spend(bytes, item)?;
        let layout = header.messages.iter().find_map(|m| match m {
            HdfMessage::DataLayout(message) => Some(&message.layout),
            _ => None,
        });
        let fill = header.messages.iter().find_map(|m| match m {
            HdfMessage::FillValue(message) => message.value.as_deref(),
            _ => None,
        });
        match layout {
            _ if bytes == 0 => Ok(Arc::new(Vec::new())),
            Some(DataLayout::Compact { data }) if data.len() as u64 >= bytes => Ok(Arc::new(data.clone())),
            Some(DataLayout::Contiguous { address, size }) => {
                self.contiguous(*address, *size, bytes, fill, item)
            }
            Some(layout @ DataLayout::Chunked { .. }) => Ok(Arc::new(self.chunked(id, layout, bytes, item)?)),
            Some(DataLayout::Compact { data }) => Err(differs(
                format::HDF5_DAMAGED,
                item,
                "the dataset's storage is shorter than its shape",
                format!("{bytes} bytes"),
                format!("{} bytes", data.len()),
            )),
            None => Err(damaged(item, "the dataset has no layout")),
        }
    }

    fn vlen_bytes(&self, id: ObjectId, item: &str) -> Res<u64> {
        let references = self.read(id, item)?;
        let step = self.reference_bytes();
        let lens =
            (*references).as_ref().chunks_exact(step).map(|r| u32::from_le_bytes([r[0], r[1], r[2], r[3]]));
        Ok(lens.map(u64::from).sum())
    }

    fn read_vlen(&self, id: ObjectId, item: &str, loan: &Loan<'_>) -> Res<Vec<Vec<u8>>> {
        let width = match self.info(id, item)?.dtype {
            DType::VarText => 1,
            DType::VarList(base) => base.size().filter(|&n| n > 0).unwrap_or(1),
            other => {
                return Err(damaged(
                    item,
                    format!("expected variable-length values, found {}", other.name()),
                ));
            }
        };
        let references = self.read(id, item)?;
        let step = self.reference_bytes();
        self.referenced((*references).as_ref().chunks_exact(step), width, item, loan)
    }

    fn read_vlen_field(
        &self,
        id: ObjectId,
        field: &Field,
        rows: &[u8],
        item: &str,
        loan: &Loan<'_>,
    ) -> Res<Vec<Vec<u8>>> {
        let stride = extent(&*self.header(id, item)?, item)?.1.size as usize;
        let start = field.offset as usize;
        let end = start.saturating_add(self.reference_bytes());
        if end > stride {
            return Err(damaged(item, "the field reaches beyond its row"));
        }
        self.referenced(rows.chunks_exact(stride).map(|row| &row[start..end]), 1, item, loan)
    }
}

/// A dataset's shape and type. External storage, and filters that are not read, are refused.
fn extent<'h>(header: &'h ObjectHeader, item: &str) -> Res<(&'h DataspaceMessage, &'h DatatypeMessage)> {
    let (mut space, mut kind) = (None, None);
    for message in &header.messages {
        match message {
            HdfMessage::Dataspace(message) => space = Some(message),
            HdfMessage::Datatype(message) => kind = kind.or(Some(message)),
            HdfMessage::ExternalFiles(_) => {
                return Err(fail(
                    format::EXTERNAL_STORAGE,
                    item,
                    "the dataset's values lie in another file: external storage is not followed",
                ));
            }
            HdfMessage::FilterPipeline(pipeline) => {
                let ids: Vec<u16> = pipeline.filters.iter().map(|f| f.id).collect();
                filters::check(&ids, item)?;
            }
            _ => {}
        }
    }
    space.zip(kind).ok_or_else(|| damaged(item, "the dataset has no shape or no type"))
}

impl Hdf5<'_> {
    /// Bytes of a reference to a value of variable length.
    fn reference_bytes(&self) -> usize {
        usize::from(self.offset_size()) + 8
    }

    /// The values that references lead to, of elements of `width` bytes each.
    fn referenced<'r>(
        &self,
        references: impl ExactSizeIterator<Item = &'r [u8]>,
        width: u64,
        item: &str,
        loan: &Loan<'_>,
    ) -> Res<Vec<Vec<u8>>> {
        let mut heaps = self.heaps();
        let mut left = self.limits.vlen_bytes;
        loan.add((references.len() as u64).saturating_mul(ROW_BYTES), item)?;
        let mut rows = Vec::with_capacity(references.len());
        for reference in references {
            let value = self.vlen(reference, width, &mut heaps, loan, item)?;
            left = left.checked_sub(value.len() as u64).ok_or_else(|| {
                over_limit(item, "variable-length values", self.limits.vlen_bytes, "more bytes")
            })?;
            rows.push(value);
        }
        Ok(rows)
    }
}
