//! Writes just enough HDF5: groups, contiguous datasets and attributes, in the oldest format (superblock 0,
//! symbol tables, version 1 object headers), which is the one that PyTables and h5py write by default.
//!
//! Source: "HDF5 File Format Specification Version 3.0", sections II.A (superblock), III.A–D (B-tree, symbol table
//! node, local heap), IV.A (object headers). Everything is little endian, offsets and lengths have 8 bytes.

/// No address.
const UNDEFINED: u64 = u64::MAX;
const SUPERBLOCK_LEN: usize = 96;
/// Half the children of a group's B-tree node, half the entries of a symbol table node.
const INTERNAL_K: u16 = 16;
const LEAF_K: u16 = 4;
/// Children one group may have here: what one symbol table node holds.
const CHILDREN_MAX: usize = 2 * LEAF_K as usize;

/// The type of an element.
#[derive(Clone, Copy)]
pub(super) enum Type {
    /// Signed, 8 bytes.
    Int64,
    /// IEEE double.
    Float64,
    /// 8 bits; how PyTables stores a boolean.
    Bits8,
    /// Text of so many bytes; UTF-8 or ASCII.
    Text {
        /// Bytes.
        size: u32,
        /// Whether the character set is UTF-8.
        utf8: bool,
    },
}

impl Type {
    /// A datatype message of version 1.
    fn message(self) -> Vec<u8> {
        let (class, bits, size): (u8, [u8; 3], u32) = match self {
            Self::Int64 => (0, [0x08, 0, 0], 8),
            Self::Float64 => (1, [0x20, 63, 0], 8),
            Self::Bits8 => (4, [0, 0, 0], 1),
            Self::Text { size, utf8 } => (3, [u8::from(utf8) << 4, 0, 0], size),
        };
        let mut out = vec![0x10 | class];
        out.extend(bits);
        out.extend(size.to_le_bytes());
        match self {
            Self::Int64 => out.extend([0, 0, 64, 0]),
            // Bit offset 0, precision 64, exponent at 52 with 11 bits, mantissa at 0 with 52, bias 1023.
            Self::Float64 => out.extend([0, 0, 64, 0, 52, 11, 0, 52, 0xFF, 3, 0, 0]),
            Self::Bits8 => out.extend([0, 0, 8, 0]),
            Self::Text { .. } => {}
        }
        out
    }
}

/// An attribute.
pub(super) struct Attribute {
    name: &'static str,
    kind: Type,
    /// `None` writes an empty ("null") dataspace, as PyTables does for an empty text.
    data: Option<Vec<u8>>,
}

impl Attribute {
    /// Text; an empty one has no data, as PyTables writes it.
    pub(super) fn text(name: &'static str, value: &str) -> Self {
        let size = u32::try_from(value.len().max(1)).expect("attributes here are short");
        let data = (!value.is_empty()).then(|| value.as_bytes().to_vec());
        Self { name, kind: Type::Text { size, utf8: true }, data }
    }

    /// A pickle of protocol 0, as PyTables writes any other object.
    pub(super) fn pickle(name: &'static str, pickle: &'static str) -> Self {
        let size = u32::try_from(pickle.len()).expect("attributes here are short");
        Self { name, kind: Type::Text { size, utf8: false }, data: Some(pickle.into()) }
    }

    /// An integer.
    pub(super) fn int(name: &'static str, value: i64) -> Self {
        Self { name, kind: Type::Int64, data: Some(value.to_le_bytes().to_vec()) }
    }

    /// A boolean.
    pub(super) fn boolean(name: &'static str, value: bool) -> Self {
        Self { name, kind: Type::Bits8, data: Some(vec![u8::from(value)]) }
    }

    /// An attribute message of version 1: each piece is padded to 8 bytes.
    fn message(&self) -> Vec<u8> {
        let name = [self.name.as_bytes(), &[0]].concat();
        let kind = self.kind.message();
        let space = match self.data {
            Some(_) => vec![1, 0, 0, 0, 0, 0, 0, 0],
            None => vec![2, 0, 0, 2],
        };
        let mut out = vec![1, 0];
        for piece in [&name, &kind, &space] {
            out.extend(u16::try_from(piece.len()).expect("attributes here are short").to_le_bytes());
        }
        for piece in [&name, &kind, &space] {
            out.extend(piece);
            pad(&mut out, 8);
        }
        out.extend(self.data.iter().flatten());
        out
    }
}

/// What a group holds.
pub(super) enum Node {
    /// More nodes, by name.
    Group(Vec<Attribute>, Vec<(String, Node)>),
    /// Elements.
    Dataset {
        /// Attributes.
        attributes: Vec<Attribute>,
        /// Element type.
        kind: Type,
        /// Extent, slowest first.
        shape: Vec<u64>,
        /// The elements, little endian, in row-major order.
        data: Vec<u8>,
    },
}

/// Where a node was written.
struct Placed {
    header: u64,
    /// A group's B-tree and heap.
    group: Option<(u64, u64)>,
}

/// The file whose root group is `root`.
pub(super) fn file(root: Node) -> Vec<u8> {
    let mut out = vec![0; SUPERBLOCK_LEN];
    let placed = place(&mut out, root);
    let (tree, heap) = placed.group.expect("the root of a file is a group");
    let mut block = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0".to_vec();
    block.extend(LEAF_K.to_le_bytes());
    block.extend(INTERNAL_K.to_le_bytes());
    block.extend([0; 4]);
    for address in [0, UNDEFINED, out.len() as u64, UNDEFINED] {
        block.extend(address.to_le_bytes());
    }
    block.extend(symbol(0, placed.header, Some((tree, heap))));
    out[..SUPERBLOCK_LEN].copy_from_slice(&block);
    out
}

/// Writes a node and all below it; returns where its object header is.
fn place(out: &mut Vec<u8>, node: Node) -> Placed {
    match node {
        Node::Dataset { attributes, kind, shape, data } => {
            pad(out, 8);
            let address = out.len() as u64;
            out.extend(&data);
            let mut messages = vec![(0x01, dataspace(&shape)), (0x03, kind.message()), (0x05, fill_value())];
            messages.push((0x08, contiguous(address, data.len() as u64)));
            messages.extend(attributes.iter().map(|a| (0x0C, a.message())));
            Placed { header: header(out, &messages), group: None }
        }
        Node::Group(attributes, children) => {
            let (tree, heap) = table(out, children);
            let mut pointers = tree.to_le_bytes().to_vec();
            pointers.extend(heap.to_le_bytes());
            let mut messages = vec![(0x11, pointers)];
            messages.extend(attributes.iter().map(|a| (0x0C, a.message())));
            Placed { header: header(out, &messages), group: Some((tree, heap)) }
        }
    }
}

/// A group's children: local heap of names, one symbol table node, a B-tree of one leaf.
fn table(out: &mut Vec<u8>, mut children: Vec<(String, Node)>) -> (u64, u64) {
    assert!(children.len() <= CHILDREN_MAX, "one symbol table node holds at most {CHILDREN_MAX} children");
    children.sort_by(|a, b| a.0.cmp(&b.0));
    let mut names = vec![0; 8];
    let mut entries = Vec::new();
    let count = u16::try_from(children.len()).expect("at most eight");
    let mut last = 0;
    for (name, node) in children {
        last = names.len() as u64;
        names.extend(name.as_bytes());
        names.push(0);
        pad(&mut names, 8);
        let placed = place(out, node);
        entries.extend(symbol(last, placed.header, placed.group));
    }
    pad(out, 8);
    let heap = out.len() as u64;
    out.extend(b"HEAP\0\0\0\0");
    // Size of the names, no free block (1 is the format's word for it), address of the names.
    for number in [names.len() as u64, 1, heap + 32] {
        out.extend(number.to_le_bytes());
    }
    out.extend(names);
    let node = out.len() as u64;
    out.extend(b"SNOD\x01\0");
    out.extend(count.to_le_bytes());
    entries.resize(CHILDREN_MAX * 40, 0);
    out.extend(entries);
    (tree(out, node, last), heap)
}

/// A leaf that points to one symbol table node whose greatest name is at `last` in the heap.
fn tree(out: &mut Vec<u8>, node: u64, last: u64) -> u64 {
    let address = out.len();
    out.extend(b"TREE\0\0\x01\0");
    for number in [UNDEFINED, UNDEFINED, 0, node, last] {
        out.extend(number.to_le_bytes());
    }
    out.resize(address + 24 + (4 * usize::from(INTERNAL_K) + 1) * 8, 0);
    address as u64
}

/// A symbol table entry: 40 bytes.
fn symbol(name: u64, header: u64, group: Option<(u64, u64)>) -> Vec<u8> {
    let mut out = name.to_le_bytes().to_vec();
    out.extend(header.to_le_bytes());
    out.extend(u32::from(group.is_some()).to_le_bytes());
    out.extend([0; 4]);
    let (tree, heap) = group.unwrap_or_default();
    out.extend(tree.to_le_bytes());
    out.extend(heap.to_le_bytes());
    out
}

/// An object header of version 1 with all its messages in one block.
fn header(out: &mut Vec<u8>, messages: &[(u16, Vec<u8>)]) -> u64 {
    pad(out, 8);
    let address = out.len() as u64;
    let mut body = Vec::new();
    for (kind, data) in messages {
        let size = data.len().next_multiple_of(8);
        body.extend(kind.to_le_bytes());
        body.extend(u16::try_from(size).expect("messages here are short").to_le_bytes());
        body.extend([0; 4]);
        body.extend(data);
        pad(&mut body, 8);
    }
    out.extend([1, 0]);
    out.extend(u16::try_from(messages.len()).expect("few messages").to_le_bytes());
    out.extend(1u32.to_le_bytes());
    out.extend(u32::try_from(body.len()).expect("messages here are short").to_le_bytes());
    out.extend([0; 4]);
    out.extend(body);
    address
}

fn dataspace(shape: &[u64]) -> Vec<u8> {
    let mut out = vec![1, u8::try_from(shape.len()).expect("few dimensions"), 0, 0, 0, 0, 0, 0];
    out.extend(shape.iter().flat_map(|n| n.to_le_bytes()));
    out
}

/// Version 2: allocated late, written if set, not defined.
fn fill_value() -> Vec<u8> {
    vec![2, 2, 2, 0]
}

/// Data layout of version 3: contiguous.
fn contiguous(address: u64, len: u64) -> Vec<u8> {
    let mut out = vec![3, 1];
    out.extend(address.to_le_bytes());
    out.extend(len.to_le_bytes());
    out
}

fn pad(out: &mut Vec<u8>, to: usize) {
    out.resize(out.len().next_multiple_of(to), 0);
}
