//! What a pickle builds: small copyable values that refer to the pickle's own bytes and to an arena.
//!
//! Containers live in the arena because a pickle can still fill them after others refer to them; they
//! may even hold themselves, so whoever walks them counts depth.

/// A run of bytes: of the pickle, or of the side buffer for text that had to be unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) side: bool,
}

/// A container in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(super) u32);

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// An integer that does not: little-endian two's complement.
    BigInt(Span),
    /// A float.
    Float(f64),
    /// Text in UTF-8, surrogates passed through.
    Str(Span),
    /// Bytes.
    Bytes(Span),
    /// A list, tuple, dict, set or call.
    Node(NodeId),
    /// A class or function by name, never imported.
    Global(NodeId),
}

/// A container.
#[derive(Debug)]
pub(crate) enum Node {
    /// `[…]`
    List(Vec<Value>),
    /// `(…)`
    Tuple(Vec<Value>),
    /// `{k: v}`, as pairs one after the other.
    Dict(Vec<Value>),
    /// A set or frozen set.
    Set(Vec<Value>),
    /// What calling `callable` with `args` would give.
    Call(Call),
    /// `module.name`.
    Global { module: Span, name: Span },
}

/// A call that is noted, not made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// What would be called.
    pub(crate) callable: Value,
    /// Its arguments: a tuple.
    pub(crate) args: Value,
    /// What `__setstate__` would be given.
    pub(crate) state: Option<Value>,
}
