//! pandas' fixed layout: what `DataFrame.to_hdf(key="df")` puts in a file, node for node and attribute for attribute
//! (pandas 2.3, PyTables 3.10), without a `freq`.

use super::{
    frame::{FLOATS, Frame},
    hdf5::{Attribute, Node, Type, file},
};

/// Key of the frame in the file.
const KEY: &str = "df";

/// The bytes of a member.
pub(super) fn member(frame: &Frame) -> Vec<u8> {
    let attributes = vec![
        Attribute::text("CLASS", "GROUP"),
        Attribute::text("PYTABLES_FORMAT_VERSION", "2.1"),
        Attribute::text("TITLE", ""),
        Attribute::text("VERSION", "1.0"),
    ];
    file(Node::Group(attributes, vec![(KEY.to_owned(), group(frame))]))
}

fn group(frame: &Frame) -> Node {
    let mut attributes = vec![
        Attribute::text("CLASS", "GROUP"),
        Attribute::text("TITLE", ""),
        Attribute::text("VERSION", "1.0"),
    ];
    let regular = ["axis0_variety", "axis1_variety", "block0_items_variety", "block1_items_variety"];
    attributes.extend(regular.map(|name| Attribute::text(name, "regular")));
    attributes.extend([
        Attribute::text("encoding", "UTF-8"),
        Attribute::text("errors", "strict"),
        Attribute::int("nblocks", 2),
        Attribute::int("ndim", 2),
        Attribute::text("pandas_type", "frame"),
        Attribute::text("pandas_version", "0.15.2"),
    ]);
    let rows = frame.rows() as u64;
    let children = [
        ("axis0", names(&[&["sensor_id"][..], &FLOATS].concat())),
        ("axis1", index(frame)),
        ("block0_items", names(&FLOATS)),
        ("block0_values", block(Type::Float64, rows, FLOATS.len() as u64, interleaved(&frame.floats))),
        ("block1_items", names(&["sensor_id"])),
        ("block1_values", block(Type::Int64, rows, 1, le_bytes(&frame.sensor_id))),
    ];
    Node::Group(attributes, children.map(|(name, node)| (name.to_owned(), node)).into())
}

/// What PyTables writes on every array.
fn array_attributes(more: Vec<Attribute>) -> Vec<Attribute> {
    let mut attributes = vec![
        Attribute::text("CLASS", "ARRAY"),
        Attribute::text("FLAVOR", "numpy"),
        Attribute::text("TITLE", ""),
        Attribute::text("VERSION", "2.4"),
    ];
    attributes.extend(more);
    attributes.push(Attribute::boolean("transposed", true));
    attributes
}

/// Column names: texts of one width, filled with zeros.
fn names(names: &[&str]) -> Node {
    let width = names.iter().map(|n| n.len()).max().unwrap_or(1);
    let mut data = Vec::new();
    for name in names {
        data.extend(name.as_bytes());
        data.resize(data.len().next_multiple_of(width), 0);
    }
    let size = u32::try_from(width).expect("column names here are short");
    Node::Dataset {
        attributes: array_attributes(vec![
            Attribute::text("kind", "string"),
            Attribute::pickle("name", "N."),
        ]),
        kind: Type::Text { size, utf8: false },
        shape: vec![names.len() as u64],
        data,
    }
}

fn index(frame: &Frame) -> Node {
    let attributes = vec![
        Attribute::pickle("freq", "N."),
        Attribute::text("index_class", "datetime"),
        Attribute::text("kind", "datetime64[ns]"),
        Attribute::text("name", "ts"),
    ];
    Node::Dataset {
        attributes: array_attributes(attributes),
        kind: Type::Int64,
        shape: vec![frame.rows() as u64],
        data: le_bytes(&frame.ts),
    }
}

fn block(kind: Type, rows: u64, columns: u64, data: Vec<u8>) -> Node {
    Node::Dataset { attributes: array_attributes(Vec::new()), kind, shape: vec![rows, columns], data }
}

fn le_bytes(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// Columns as a row-major matrix.
fn interleaved(columns: &[Vec<f64>]) -> Vec<u8> {
    let rows = columns.first().map_or(0, Vec::len);
    (0..rows).flat_map(|row| columns.iter().flat_map(move |c| c[row].to_le_bytes())).collect()
}
