//! The door to `hdf5-reader`: the only file that names it.
//!
//! Headers, links and attributes are taken from the parsed messages directly, so that soft and external
//! links are seen and refused rather than resolved, and so that contiguous data is lent, not copied.
//! Only chunked data goes through the library's own reading. No resolver is ever installed: external
//! storage and external links cannot be followed even by mistake.

use crate::{
    budget::Budget,
    door::{Attr, DType, DataInfo, Door, Field, Kind, Link, ObjectId, Raw, Target},
    fail::{Fault, Res, damaged, differs, fail, over_limit},
    filters,
    options::Limits,
};
use hdf5_reader::{
    ByteOrder, CompoundField, Datatype, EnumMember, FilterRegistry, Hdf5File, OpenOptions, Storage,
    StringEncoding, StringSize, VarLenKind, btree_v1,
    btree_v2::{self, BTreeV2Header, BTreeV2Record},
    error::Error,
    fractal_heap::{FractalHeap, FractalHeapDirectBlockCache},
    global_heap::GlobalHeapCollection,
    io::Cursor,
    local_heap::LocalHeap,
    messages::{
        HdfMessage,
        attribute::{self, AttributeMessage},
        dataspace::{DataspaceMessage, DataspaceType},
        layout::DataLayout,
        link::{self, LinkMessage, LinkTarget},
        symbol_table_msg::SymbolTableMessage,
    },
    object_header::ObjectHeader,
    symbol_table::SymbolTableNode,
};
use std::{cell::RefCell, collections::HashMap, sync::Arc};
use tarquet_common::codes::format;

/// A file opened from memory.
pub(crate) struct Hdf5<'a> {
    file: Hdf5File,
    limits: &'a Limits,
    /// Paths of the objects seen so far: chunked data is asked for by path.
    paths: RefCell<HashMap<ObjectId, String>>,
    budget: Budget,
}

/// Opens a member's bytes. They are shared, not copied.
pub(crate) fn open<'a, B>(bytes: B, limits: &'a Limits) -> Res<Hdf5<'a>>
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
    Ok(Hdf5 { file, limits, paths: RefCell::new(HashMap::new()), budget: Budget::new(limits) })
}

/// A failure to open: mostly "not HDF5 at all".
fn open_fault(error: &Error, len: u64) -> Fault {
    match error {
        Error::InvalidMagic => differs(
            format::NOT_HDF5,
            "/",
            "the member does not start like an HDF5 file",
            "the HDF5 signature 89 48 44 46 0d 0a 1a 0a",
            if len == 0 { "0 bytes".to_owned() } else { format!("{len} bytes without it") },
        ),
        Error::UnexpectedEof { .. } if len < 8 => differs(
            format::NOT_HDF5,
            "/",
            "the member is too short",
            "at least 96 bytes",
            format!("{len} bytes"),
        ),
        other => fault(other, "/"),
    }
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

/// The library's errors as failures at `item`.
fn fault(error: &Error, item: &str) -> Fault {
    match error {
        Error::Context { source, .. } => fault(source, item),
        Error::UnsupportedLayoutClass(3) => virtual_dataset(item),
        Error::UnsupportedLayoutClass(_)
        | Error::UnsupportedSuperblockVersion(_)
        | Error::UnsupportedObjectHeaderVersion(_)
        | Error::UnsupportedDatatypeClass(_)
        | Error::UnsupportedLayoutVersion(_)
        | Error::UnsupportedEncoding(_) => Box::new(
            (*fail(format::HDF5_UNSUPPORTED, item, "part of the file cannot be read")).caused_by(error),
        ),
        Error::ResourceLimit(text) => Box::new(
            (*fail(format::OVER_LIMIT, item, "the file claims more than the limits allow"))
                .caused_by(&Error::Other(text.clone())),
        ),
        Error::UnsupportedFilter(_) => {
            Box::new((*fail(format::FILTER_UNKNOWN, item, "a filter is not supported")).caused_by(error))
        }
        Error::DecompressionError(_) | Error::FilterError(_) | Error::ChecksumMismatch { .. } => {
            Box::new((*fail(format::FILTER_FAILED, item, "stored data does not decode")).caused_by(error))
        }
        _ => Box::new((*damaged(item, "the file's structure is broken")).caused_by(error)),
    }
}

fn virtual_dataset(item: &str) -> Fault {
    fail(
        format::EXTERNAL_STORAGE,
        item,
        "a virtual dataset takes its data from elsewhere: external storage is not followed",
    )
}

impl Hdf5<'_> {
    fn header(&self, id: ObjectId, item: &str) -> Res<Arc<ObjectHeader>> {
        self.file.get_or_parse_header(id.0).map_err(|e| fault(&e, item))
    }

    fn path(&self, id: ObjectId) -> String {
        self.paths.borrow().get(&id).cloned().unwrap_or_default()
    }

    fn offset_size(&self) -> u8 {
        self.file.superblock().offset_size
    }

    fn length_size(&self) -> u8 {
        self.file.superblock().length_size
    }

    /// Old-style groups: a B-tree of symbol table nodes, names in a local heap.
    fn symbol_table(&self, table: &SymbolTableMessage, into: &mut Vec<Link>) -> Result<(), Error> {
        let (storage, o, l) = (self.file.storage(), self.offset_size(), self.length_size());
        let heap = LocalHeap::parse_at_storage(storage, table.heap_address, o, l)?;
        let names = {
            let len =
                usize::try_from(heap.data_segment_size).map_err(|_| Error::OffsetOutOfBounds(u64::MAX))?;
            storage.read_range(heap.data_segment_address, len)?
        };
        let leaves =
            btree_v1::collect_btree_v1_leaves_storage(storage, table.btree_address, o, l, None, &[], None)?;
        for (_, address) in leaves {
            for entry in self.symbol_node(storage, address)?.entries {
                self.room_for_links(into.len())?;
                let name = heap_name(&names, entry.link_name_offset)?;
                let target = if entry.cache_type == 2 {
                    let [a, b, c, d, ..] = entry.scratch;
                    Target::Soft(heap_name(&names, u64::from(u32::from_le_bytes([a, b, c, d])))?)
                } else {
                    Target::Object(ObjectId(entry.object_header_address))
                };
                into.push(Link { name, target });
            }
        }
        Ok(())
    }

    fn symbol_node(&self, storage: &dyn Storage, address: u64) -> Result<SymbolTableNode, Error> {
        let o = self.offset_size();
        let head = storage.read_range(address, 8)?;
        let symbols = usize::from(u16::from_le_bytes([head[6], head[7]]));
        let bytes = storage.read_range(address, 8 + symbols * (2 * usize::from(o) + 24))?;
        SymbolTableNode::parse(&mut Cursor::new(&bytes), o, self.length_size())
    }

    fn room_for_links(&self, have: usize) -> Result<(), Error> {
        if have >= self.limits.links as usize {
            return Err(Error::ResourceLimit(format!("a group holds more than {} links", self.limits.links)));
        }
        Ok(())
    }

    /// The objects of a fractal heap that a B-tree lists: links or attributes of new-style objects.
    fn dense(
        &self,
        heap: u64,
        tree: u64,
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (storage, o, l) = (self.file.storage(), self.offset_size(), self.length_size());
        if Cursor::is_undefined_offset(heap, o) {
            return Ok(());
        }
        let heap = FractalHeap::parse_at_storage(storage, heap, o, l)?;
        let tree = BTreeV2Header::parse_at_storage(storage, tree, o, l)?;
        if tree.total_records > u64::from(self.limits.links) {
            return Err(Error::ResourceLimit(format!(
                "an object lists more than {} names",
                self.limits.links
            )));
        }
        let mut cache = FractalHeapDirectBlockCache::default();
        for record in btree_v2::collect_btree_v2_records_storage(storage, &tree, o, l, None, &[], None)? {
            let (BTreeV2Record::LinkNameHash { heap_id, .. }
            | BTreeV2Record::CreationOrder { heap_id, .. }
            | BTreeV2Record::AttributeNameHash { heap_id, .. }
            | BTreeV2Record::AttributeCreationOrder { heap_id, .. }) = record
            else {
                continue;
            };
            each(&heap.get_object_storage_cached_with_registry(&heap_id, storage, o, l, &mut cache, None)?)?;
        }
        Ok(())
    }

    fn links_of(&self, header: &ObjectHeader) -> Result<Vec<Link>, Error> {
        let mut links = Vec::new();
        for message in &header.messages {
            match message {
                HdfMessage::SymbolTable(table) => self.symbol_table(table, &mut links)?,
                HdfMessage::Link(message) => links.push(link_from(message)),
                HdfMessage::LinkInfo(info) => {
                    self.dense(info.fractal_heap_address, info.btree_name_index_address, |bytes| {
                        self.room_for_links(links.len())?;
                        let (o, l) = (self.offset_size(), self.length_size());
                        links.push(link_from(&link::parse(&mut Cursor::new(bytes), o, l, bytes.len())?));
                        Ok(())
                    })?;
                }
                _ => {}
            }
        }
        Ok(links)
    }

    fn attributes_of(&self, header: &ObjectHeader) -> Result<Vec<Attr>, Error> {
        let mut attributes = Vec::new();
        for message in &header.messages {
            match message {
                HdfMessage::Attribute(message) => attributes.push(self.attr(message)),
                HdfMessage::AttributeInfo(info) => {
                    let (heap, tree) = (info.fractal_heap_address, info.btree_name_index_address);
                    let mut bytes_left = self.limits.header_bytes;
                    self.dense(heap, tree, |bytes| {
                        bytes_left = bytes_left
                            .checked_sub(bytes.len() as u64)
                            .ok_or_else(|| Error::ResourceLimit("attributes of one object".to_owned()))?;
                        let (o, l) = (self.offset_size(), self.length_size());
                        attributes.push(self.attr(&attribute::parse(
                            &mut Cursor::new(bytes),
                            o,
                            l,
                            bytes.len(),
                        )?));
                        Ok(())
                    })?;
                }
                _ => {}
            }
        }
        Ok(attributes)
    }

    fn attr(&self, message: &AttributeMessage) -> Attr {
        let shape = match message.dataspace.dataspace_type {
            DataspaceType::Scalar => Vec::new(),
            DataspaceType::Null => vec![0],
            DataspaceType::Simple => message.dataspace.dims.clone(),
        };
        let (mut dtype, mut data) = (dtype(&message.datatype), message.raw_data.clone());
        if dtype == DType::VarText
            && shape.is_empty()
            && let Ok(text) = self.vlen(&data, 1, &mut HashMap::new())
        {
            dtype = DType::Text { width: u32::try_from(text.len()).unwrap_or(u32::MAX), utf8: true };
            data = text;
        }
        Attr { name: message.name.clone(), dtype, shape, data }
    }

    /// The bytes that a variable-length reference leads to: `count` elements of `width` bytes.
    fn vlen(
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
    fn chunked(&self, id: ObjectId, item: &str) -> Res<Vec<u8>> {
        let path = self.path(id);
        let dataset = self.file.dataset(&path).map_err(|e| fault(&e, item))?;
        if dataset.address() != id.0 {
            return Err(damaged(item, "two objects answer to one name"));
        }
        dataset.read_raw_bytes().map_err(|e| fault(&e, item))
    }

    fn contiguous(&self, address: u64, size: u64, bytes: u64, fill: Option<&[u8]>, item: &str) -> Res<Raw> {
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
        let links = self.links_of(&*self.header(id, &path)?).map_err(|e| fault(&e, &path))?;
        let mut paths = self.paths.borrow_mut();
        for link in &links {
            if link.name.is_empty() || link.name == "." || link.name.contains('/') {
                return Err(damaged(&path, format!("a link has the impossible name {:?}", link.name)));
            }
            if let Target::Object(child) = link.target {
                paths.entry(child).or_insert_with(|| format!("{path}/{}", link.name));
            }
        }
        Ok(links.into())
    }

    fn attributes(&self, id: ObjectId) -> Res<Arc<[Attr]>> {
        let path = self.path(id);
        let attributes = self.attributes_of(&*self.header(id, &path)?).map_err(|e| fault(&e, &path))?;
        Ok(attributes.into())
    }

    fn info(&self, id: ObjectId, item: &str) -> Res<DataInfo> {
        let header = self.header(id, item)?;
        let (mut space, mut kind) = (None, None);
        for message in &header.messages {
            match message {
                HdfMessage::Dataspace(message) => space = Some(message),
                HdfMessage::Datatype(message) => kind = Some(&message.datatype),
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
        let (Some(space), Some(kind)) = (space, kind) else {
            return Err(damaged(item, "the dataset has no shape or no type"));
        };
        Ok(DataInfo { dtype: dtype(kind), shape: shape_of(space) })
    }

    fn read(&self, id: ObjectId, item: &str) -> Res<Raw> {
        let info = self.info(id, item)?;
        let width = match &info.dtype {
            DType::VarText | DType::VarList(_) => Some(u64::from(self.offset_size()) + 8),
            other => other.size(),
        };
        let bytes = width
            .zip(info.elements())
            .and_then(|(width, elements)| width.checked_mul(elements))
            .ok_or_else(|| {
                over_limit(item, "the dataset's size", self.limits.object_bytes, format!("{:?}", info.shape))
            })?;
        if bytes > self.limits.object_bytes {
            return Err(over_limit(item, "the dataset's size in bytes", self.limits.object_bytes, bytes));
        }
        self.budget.spend(bytes, item)?;
        let header = self.header(id, item)?;
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
            Some(DataLayout::Chunked { .. }) => Ok(Arc::new(self.chunked(id, item)?)),
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

    fn read_vlen(&self, id: ObjectId, item: &str) -> Res<Vec<Vec<u8>>> {
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
        let step = usize::from(self.offset_size()) + 8;
        let mut heaps = HashMap::new();
        let mut left = self.limits.vlen_bytes;
        let mut rows = Vec::with_capacity((*references).as_ref().len() / step);
        for reference in (*references).as_ref().chunks_exact(step) {
            let value = self.vlen(reference, width, &mut heaps).map_err(|e| fault(&e, item))?;
            left = left.checked_sub(value.len() as u64).ok_or_else(|| {
                over_limit(item, "variable-length values", self.limits.vlen_bytes, "more bytes")
            })?;
            rows.push(value);
        }
        Ok(rows)
    }
}

/// A NUL-terminated name in a local heap.
fn heap_name(heap: &[u8], offset: u64) -> Result<String, Error> {
    let rest = usize::try_from(offset).ok().and_then(|start| heap.get(start..));
    let name = rest.and_then(|rest| rest.split(|&b| b == 0).next().filter(|name| name.len() < rest.len()));
    let name = name.ok_or(Error::OffsetOutOfBounds(offset))?;
    String::from_utf8(name.to_vec()).map_err(|_| Error::InvalidData("a link's name is not UTF-8".to_owned()))
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

fn shape_of(space: &DataspaceMessage) -> Vec<u64> {
    match space.dataspace_type {
        DataspaceType::Scalar => Vec::new(),
        DataspaceType::Null => vec![0],
        DataspaceType::Simple => space.dims.clone(),
    }
}

fn link_from(message: &LinkMessage) -> Link {
    let target = match &message.target {
        LinkTarget::Hard { address } => Target::Object(ObjectId(*address)),
        LinkTarget::Soft { path } => Target::Soft(path.clone()),
        LinkTarget::External { .. } => Target::External,
    };
    Link { name: message.name.clone(), target }
}

/// The library's datatypes in the decoder's words.
fn dtype(from: &Datatype) -> DType {
    let big = |order: &ByteOrder| *order == ByteOrder::BigEndian;
    match from {
        Datatype::FixedPoint { size, signed, byte_order } => {
            DType::Int { size: *size, signed: *signed, big: big(byte_order) }
        }
        Datatype::FloatingPoint { size, byte_order } => DType::Float { size: *size, big: big(byte_order) },
        Datatype::Bitfield { size, byte_order } => DType::Bits { size: *size, big: big(byte_order) },
        Datatype::String { size: StringSize::Fixed(width), encoding, .. } => {
            DType::Text { width: *width, utf8: *encoding == StringEncoding::Utf8 }
        }
        Datatype::String { size: StringSize::Variable, .. }
        | Datatype::VarLen { kind: VarLenKind::String, .. } => DType::VarText,
        Datatype::VarLen { base, .. } => DType::VarList(Box::new(dtype(base))),
        Datatype::Compound { size, fields } => {
            DType::Compound { size: *size, fields: fields.iter().map(field).collect() }
        }
        Datatype::Array { base, dims } => DType::Array { base: Box::new(dtype(base)), dims: dims.clone() },
        Datatype::Enum { base, members } => {
            let member = |m: &EnumMember| (m.name.clone(), m.value.clone());
            DType::Enum { base: Box::new(dtype(base)), members: members.iter().map(member).collect() }
        }
        // the library keeps H5T_TIME as opaque bytes; PyTables' 4-byte times, which pandas uses for dates, are
        // little-endian integers
        Datatype::Opaque { size: 4, tag } if tag == "HDF5_TIME" => {
            DType::Int { size: 4, signed: true, big: false }
        }
        Datatype::Opaque { size, .. } => DType::Other { name: "opaque", size: *size },
        Datatype::Reference { size, .. } => DType::Other { name: "reference", size: u32::from(*size) },
    }
}

fn field(from: &CompoundField) -> Field {
    Field { name: from.name.clone(), offset: from.byte_offset, dtype: dtype(&from.datatype) }
}
