//! Attributes as PyTables means them: text, numbers, and pickles for everything else.
//!
//! PyTables pickles what is neither a string nor a NumPy scalar into an ASCII string that ends with a dot
//! (`tables/attributeset.py`); true text is declared as UTF-8.

use crate::{
    budget::Budget,
    door::{Attr, DType},
    fail::{Res, layout},
    frame::Label,
    pickle::{self, Pickle},
};
use std::sync::Arc;
use tarquet_common::codes::format;

/// The attributes of one object.
pub(crate) struct Attrs<'b> {
    list: Arc<[Attr]>,
    path: String,
    values_max: u64,
    budget: &'b Budget,
}

/// What an attribute holds.
pub(crate) enum Held<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes that are no pickle.
    Ascii(&'a [u8]),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// A pickle.
    Pickle(Pickle<'a>),
}

impl<'b> Attrs<'b> {
    pub(crate) fn new(list: Arc<[Attr]>, path: &str, values_max: u64, budget: &'b Budget) -> Self {
        Self { list, path: path.to_owned(), values_max, budget }
    }

    fn find(&self, name: &str) -> Option<&Attr> {
        self.list.iter().find(|attr| attr.name == name)
    }

    /// Whether there is such an attribute.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// What an attribute holds, `None` if it is not there.
    pub(crate) fn held(&self, name: &str) -> Res<Option<Held<'_>>> {
        self.budget.work(self.list.len());
        self.budget.keep_pace(&self.path)?;
        let Some(attr) = self.find(name) else { return Ok(None) };
        let odd = || {
            layout(&self.path, format!("the attribute {name} has an unexpected type, {}", attr.dtype.name()))
        };
        Ok(Some(match &attr.dtype {
            DType::Text { .. } | DType::VarText if attr.shape == [0] => Held::Text(""),
            DType::Text { utf8, .. } if attr.shape.iter().all(|&d| d == 1) => {
                self.text_or_pickle(attr, *utf8)?
            }
            DType::Int { .. } | DType::Float { .. } | DType::Bits { .. } | DType::Enum { .. } => {
                number(attr).ok_or_else(odd)?
            }
            _ => return Err(odd()),
        }))
    }

    fn text_or_pickle<'a>(&'a self, attr: &'a Attr, utf8: bool) -> Res<Held<'a>> {
        let bytes = attr.data.iter().rposition(|&b| b != 0).map_or(&[][..], |last| &attr.data[..=last]);
        if !utf8 && bytes.len() >= 2 && bytes.ends_with(b".") {
            match pickle::load(bytes, &self.path, self.values_max, self.budget) {
                Ok(pickle) => return Ok(Held::Pickle(pickle)),
                // PyTables takes what does not unpickle for plain bytes
                Err(failure) if failure.code == format::PICKLE_DAMAGED => {}
                Err(failure) => return Err(failure),
            }
        }
        if !utf8 {
            return Ok(Held::Ascii(bytes));
        }
        let text = std::str::from_utf8(bytes);
        text.map(Held::Text)
            .map_err(|_| layout(&self.path, format!("the attribute {} is not UTF-8", attr.name)))
    }

    /// Text; also a pickled one. `None` if absent or pickled `None`.
    pub(crate) fn text(&self, name: &str) -> Res<Option<String>> {
        Ok(match self.held(name)? {
            Some(Held::Text(text)) => Some(text.to_owned()),
            Some(Held::Ascii(bytes)) => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Some(Held::Pickle(pickle)) => pickle.text(pickle.top()).map(str::to_owned),
            _ => None,
        })
    }

    /// Text that must be there.
    pub(crate) fn need_text(&self, name: &str) -> Res<String> {
        self.text(name)?.ok_or_else(|| layout(&self.path, format!("the attribute {name} is missing")))
    }

    /// A count that must be there.
    pub(crate) fn need_count(&self, name: &str) -> Res<usize> {
        match self.held(name)? {
            Some(Held::Int(n)) => usize::try_from(n).ok(),
            _ => None,
        }
        .ok_or_else(|| layout(&self.path, format!("the attribute {name} is missing or no count")))
    }

    /// A flag; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Res<bool> {
        Ok(match self.held(name)? {
            Some(Held::Bool(b)) => b,
            Some(Held::Int(n)) => n != 0,
            Some(Held::Pickle(pickle)) => pickle.top() == pickle::Value::Bool(true),
            _ => false,
        })
    }

    /// A name: any label, `None` if absent.
    pub(crate) fn label(&self, name: &str) -> Res<Label> {
        let held = self.held(name)?;
        if let Some(Held::Text(_) | Held::Ascii(_)) = held {
            self.budget.label(self.find(name).map_or(0, |attr| attr.data.len()), &self.path)?;
        }
        Ok(match held {
            None => Label::None,
            Some(Held::Text(text)) => Label::Str(text.to_owned()),
            Some(Held::Ascii(bytes)) => Label::Bytes(bytes.to_vec()),
            Some(Held::Int(n)) => Label::Int(n),
            Some(Held::Float(x)) if x.is_nan() => Label::None,
            Some(Held::Float(x)) => Label::Float(x),
            Some(Held::Bool(b)) => Label::Bool(b),
            Some(Held::Pickle(pickle)) => pickle.label(pickle.top())?,
        })
    }

    /// The zone named by an attribute, if any.
    pub(crate) fn zone(&self, name: &str) -> Res<Option<String>> {
        match self.held(name)? {
            Some(Held::Text(text)) => crate::unit::zone_name(text).map(Some).ok_or_else(|| {
                let expected = "an IANA name or a fixed offset";
                crate::fail::differs(
                    format::ZONE_UNKNOWN,
                    &self.path,
                    "the time zone is not known",
                    expected,
                    text,
                )
            }),
            Some(Held::Pickle(pickle)) if pickle.top() == pickle::Value::None => Ok(None),
            Some(Held::Pickle(pickle)) => pickle.zone(pickle.top()).map(Some),
            _ => Ok(None),
        }
    }

    /// The `shape` that stands beside the dummy array of an empty one.
    pub(crate) fn shape(&self) -> Res<Option<Vec<usize>>> {
        let Some(Held::Pickle(pickle)) = self.held("shape")? else { return Ok(None) };
        let items = pickle.items(pickle.top()).unwrap_or_default();
        let size = |v: &pickle::Value| match v {
            pickle::Value::Int(n) => usize::try_from(*n).ok(),
            _ => None,
        };
        let shape: Option<Vec<usize>> = items.iter().map(size).collect();
        shape.map(Some).ok_or_else(|| layout(&self.path, "the attribute shape is no shape"))
    }
}

/// A scalar number.
fn number<'a>(attr: &Attr) -> Option<Held<'a>> {
    let width = usize::try_from(attr.dtype.size()?).ok().filter(|&w| (1..=8).contains(&w))?;
    let mut word = [0u8; 8];
    word[..width].copy_from_slice(attr.data.get(..width)?);
    let (DType::Int { big, .. } | DType::Float { big, .. } | DType::Bits { big, .. }) = &attr.dtype else {
        // h5py stores booleans as an enum of one byte
        return (width == 1).then_some(Held::Bool(word[0] != 0));
    };
    if *big {
        word[..width].reverse();
    }
    let raw = u64::from_le_bytes(word);
    Some(match (&attr.dtype, width) {
        (DType::Bits { .. }, _) => Held::Bool(raw != 0),
        (DType::Float { .. }, 4) => Held::Float(f64::from(f32::from_bits(raw as u32))),
        (DType::Float { .. }, 8) => Held::Float(f64::from_bits(raw)),
        (DType::Int { signed, .. }, _) => {
            let shift = 64 - 8 * width as u32;
            Held::Int(if *signed { ((raw << shift) as i64) >> shift } else { i64::try_from(raw).ok()? })
        }
        _ => return None,
    })
}
