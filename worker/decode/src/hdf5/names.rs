//! What hangs on an object: links and attributes, old style and new.

use super::{
    faults::fault,
    file::Hdf5,
    heaps::Heaps,
    types::{attribute_type, shape_of, type_weight},
};
use crate::{
    door::{Attr, DType, Link, ObjectId, Padding, Target},
    fail::{Fault, Res, damaged, over_limit},
};
use hdf5_reader::{
    Storage, btree_v1,
    btree_v2::{self, BTreeV2Header, BTreeV2Record},
    error::Error,
    fractal_heap::{FractalHeap, FractalHeapDirectBlockCache},
    io::Cursor,
    local_heap::LocalHeap,
    messages::{
        HdfMessage,
        attribute::{self, AttributeMessage},
        link::{self, LinkMessage, LinkTarget},
        symbol_table_msg::SymbolTableMessage,
    },
    object_header::ObjectHeader,
    symbol_table::SymbolTableNode,
};
use tarquet_common::codes::format;

/// What a link takes besides its name.
pub(super) const LINK_BYTES: usize = 96;

/// What an attribute takes besides what is in it.
const ATTRIBUTE_BYTES: u64 = 160;

/// The longest name of a link. HDF5 has no bound; names are copied, joined to paths and quoted.
const NAME_BYTES_MAX: usize = 64 << 10;

impl Hdf5<'_> {
    /// Old-style groups: a B-tree of symbol table nodes, names in a local heap.
    fn symbol_table(&self, table: &SymbolTableMessage, into: &mut Vec<Link>, item: &str) -> Res<()> {
        let wrong = |e| fault(&e, item);
        let (storage, o, l) = (self.file.storage(), self.offset_size(), self.length_size());
        let heap = LocalHeap::parse_at_storage(storage, table.heap_address, o, l).map_err(wrong)?;
        let names = {
            let len = usize::try_from(heap.data_segment_size);
            let len = len.map_err(|_| wrong(Error::OffsetOutOfBounds(u64::MAX)))?;
            storage.read_range(heap.data_segment_address, len).map_err(wrong)?
        };
        let leaves =
            btree_v1::collect_btree_v1_leaves_storage(storage, table.btree_address, o, l, None, &[], None);
        for (_, address) in leaves.map_err(wrong)? {
            for entry in self.symbol_node(storage, address).map_err(wrong)?.entries {
                let name = self.heap_name(names.as_ref(), entry.link_name_offset, item)?;
                let target = if entry.cache_type == 2 {
                    let [a, b, c, d, ..] = entry.scratch;
                    Target::Soft(self.heap_name(
                        names.as_ref(),
                        u64::from(u32::from_le_bytes([a, b, c, d])),
                        item,
                    )?)
                } else {
                    Target::Object(ObjectId(entry.object_header_address))
                };
                self.push_link(Link { name, target }, into, item)?;
            }
        }
        Ok(())
    }

    /// A NUL-terminated name in a local heap. Any number of links may have the same one: it is charged each time.
    fn heap_name(&self, heap: &[u8], offset: u64, item: &str) -> Res<String> {
        let outside = || fault(&Error::OffsetOutOfBounds(offset), item);
        let rest = usize::try_from(offset).ok().and_then(|start| heap.get(start..)).ok_or_else(outside)?;
        let searched = &rest[..rest.len().min(NAME_BYTES_MAX + 1)];
        let Some(len) = searched.iter().position(|&b| b == 0) else {
            return Err(if searched.len() < rest.len() { long_name(item) } else { outside() });
        };
        self.budget.spend(len as u64, item)?;
        let name = std::str::from_utf8(&searched[..len]).map(str::to_owned);
        name.map_err(|_| damaged(item, "a link's name is not UTF-8"))
    }

    /// Takes a link whose name is paid for.
    fn push_link(&self, link: Link, into: &mut Vec<Link>, item: &str) -> Res<()> {
        if into.len() >= self.limits.links as usize {
            return Err(over_limit(item, "the number of links in a group", self.limits.links, "more"));
        }
        self.budget.spend(2 * LINK_BYTES as u64, item)?;
        into.push(link);
        Ok(())
    }

    /// Takes a link of a new-style group.
    fn push_message(&self, message: &LinkMessage, into: &mut Vec<Link>, item: &str) -> Res<()> {
        if message.name.len() > NAME_BYTES_MAX {
            return Err(long_name(item));
        }
        let path = match &message.target {
            LinkTarget::Soft { path } => path.len(),
            LinkTarget::External { filename, path } => filename.len() + path.len(),
            LinkTarget::Hard { .. } => 0,
        };
        self.budget.spend((message.name.len() + path) as u64, item)?;
        self.push_link(link_from(message), into, item)
    }

    fn symbol_node(&self, storage: &dyn Storage, address: u64) -> Result<SymbolTableNode, Error> {
        let o = self.offset_size();
        let head = storage.read_range(address, 8)?;
        let symbols = usize::from(u16::from_le_bytes([head[6], head[7]]));
        let bytes = storage.read_range(address, 8 + symbols * (2 * usize::from(o) + 24))?;
        SymbolTableNode::parse(&mut Cursor::new(&bytes), o, self.length_size())
    }

    /// The objects of a fractal heap that a B-tree lists: links or attributes of new-style objects.
    fn dense(&self, heap: u64, tree: u64, item: &str, mut each: impl FnMut(&[u8]) -> Res<()>) -> Res<()> {
        let (storage, o, l) = (self.file.storage(), self.offset_size(), self.length_size());
        let wrong = |e| fault(&e, item);
        if Cursor::is_undefined_offset(heap, o) {
            return Ok(());
        }
        let heap = FractalHeap::parse_at_storage(storage, heap, o, l).map_err(wrong)?;
        let tree = BTreeV2Header::parse_at_storage(storage, tree, o, l).map_err(wrong)?;
        if tree.total_records > u64::from(self.limits.links) {
            let found = tree.total_records;
            return Err(over_limit(item, "the number of names of an object", self.limits.links, found));
        }
        let mut cache = FractalHeapDirectBlockCache::default();
        let records = btree_v2::collect_btree_v2_records_storage(storage, &tree, o, l, None, &[], None);
        for record in records.map_err(wrong)? {
            let (BTreeV2Record::LinkNameHash { heap_id, .. }
            | BTreeV2Record::CreationOrder { heap_id, .. }
            | BTreeV2Record::AttributeNameHash { heap_id, .. }
            | BTreeV2Record::AttributeCreationOrder { heap_id, .. }) = record
            else {
                continue;
            };
            let object =
                heap.get_object_storage_cached_with_registry(&heap_id, storage, o, l, &mut cache, None);
            each(&object.map_err(wrong)?)?;
        }
        Ok(())
    }

    pub(super) fn links_of(&self, header: &ObjectHeader, item: &str) -> Res<Vec<Link>> {
        let mut links = Vec::new();
        let (o, l) = (self.offset_size(), self.length_size());
        for message in &header.messages {
            match message {
                HdfMessage::SymbolTable(table) => self.symbol_table(table, &mut links, item)?,
                HdfMessage::Link(message) => self.push_message(message, &mut links, item)?,
                HdfMessage::LinkInfo(info) => {
                    self.dense(info.fractal_heap_address, info.btree_name_index_address, item, |bytes| {
                        let message = link::parse(&mut Cursor::new(bytes), o, l, bytes.len());
                        self.push_message(&message.map_err(|e| fault(&e, item))?, &mut links, item)
                    })?;
                }
                _ => {}
            }
        }
        Ok(links)
    }

    pub(super) fn attributes_of(&self, header: &ObjectHeader, item: &str) -> Res<Vec<Attr>> {
        let mut attributes = Vec::new();
        let mut heaps = self.heaps();
        let (o, l) = (self.offset_size(), self.length_size());
        for message in &header.messages {
            match message {
                HdfMessage::Attribute(message) => attributes.push(self.attr(message, &mut heaps, item)?),
                HdfMessage::AttributeInfo(info) => {
                    let (heap, tree) = (info.fractal_heap_address, info.btree_name_index_address);
                    let mut bytes_left = self.limits.header_bytes;
                    self.dense(heap, tree, item, |bytes| {
                        bytes_left = bytes_left.checked_sub(bytes.len() as u64).ok_or_else(|| {
                            over_limit(
                                item,
                                "the attributes of an object",
                                self.limits.header_bytes,
                                "more bytes",
                            )
                        })?;
                        let message = attribute::parse(&mut Cursor::new(bytes), o, l, bytes.len());
                        let message = message.map_err(|e| fault(&e, item))?;
                        attributes.push(self.attr(&message, &mut heaps, item)?);
                        Ok(())
                    })?;
                }
                _ => {}
            }
        }
        Ok(attributes)
    }

    fn attr(&self, message: &AttributeMessage, heaps: &mut Heaps<'_, '_>, item: &str) -> Res<Attr> {
        let held = (message.name.len() + message.raw_data.len()) as u64;
        self.budget.spend(ATTRIBUTE_BYTES + held + type_weight(&message.datatype), item)?;
        let shape = shape_of(&message.dataspace);
        let (mut dtype, mut data) = (attribute_type(&message.datatype), message.raw_data.clone());
        if dtype == DType::VarText && shape.is_empty() {
            let loan = self.budget.loan();
            match self.vlen(&data, 1, heaps, &loan, item) {
                Ok(text) => {
                    self.budget.spend(text.len() as u64, item)?;
                    let width = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    dtype = DType::Text { width, utf8: true, padding: Padding::Nul };
                    data = text;
                }
                // What leads nowhere is told by whoever asks for this attribute.
                Err(fault) if fault.code == format::HDF5_DAMAGED => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(Attr { name: message.name.clone(), dtype, shape, data })
    }
}

fn long_name(item: &str) -> Fault {
    over_limit(item, "the length of a link's name in bytes", NAME_BYTES_MAX, "more")
}

fn link_from(message: &LinkMessage) -> Link {
    let target = match &message.target {
        LinkTarget::Hard { address } => Target::Object(ObjectId(*address)),
        LinkTarget::Soft { path } => Target::Soft(path.clone()),
        LinkTarget::External { filename, path } => {
            Target::External { file: filename.clone(), path: path.clone() }
        }
    };
    Link { name: message.name.clone(), target }
}
