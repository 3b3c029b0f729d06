//! What hangs on an object: links and attributes, old style and new.

use super::{
    file::Hdf5,
    types::{dtype, shape_of},
};
use crate::door::{Attr, DType, Link, ObjectId, Target};
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
use std::collections::HashMap;

impl Hdf5<'_> {
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

    pub(super) fn links_of(&self, header: &ObjectHeader) -> Result<Vec<Link>, Error> {
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

    pub(super) fn attributes_of(&self, header: &ObjectHeader) -> Result<Vec<Attr>, Error> {
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
        let shape = shape_of(&message.dataspace);
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
}

/// A NUL-terminated name in a local heap.
fn heap_name(heap: &[u8], offset: u64) -> Result<String, Error> {
    let rest = usize::try_from(offset).ok().and_then(|start| heap.get(start..));
    let name = rest.and_then(|rest| rest.split(|&b| b == 0).next().filter(|name| name.len() < rest.len()));
    let name = name.ok_or(Error::OffsetOutOfBounds(offset))?;
    String::from_utf8(name.to_vec()).map_err(|_| Error::InvalidData("a link's name is not UTF-8".to_owned()))
}

fn link_from(message: &LinkMessage) -> Link {
    let target = match &message.target {
        LinkTarget::Hard { address } => Target::Object(ObjectId(*address)),
        LinkTarget::Soft { path } => Target::Soft(path.clone()),
        LinkTarget::External { .. } => Target::External,
    };
    Link { name: message.name.clone(), target }
}
