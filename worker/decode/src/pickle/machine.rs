//! The stack machine: pickle bytes in, a [`Pickle`] with its top value out.
//!
//! Bounds: each opcode adds at most one value or moves existing ones, opcodes are counted against a
//! limit, lengths are checked against the bytes that are there, and memo slots against the opcodes seen.
//! Whatever grows is charged before it does: an opcode of one byte may hold a hundred times as much. The loan is the
//! pickle's, and comes back with it.

use super::{
    opcodes::*,
    value::{Call, Node, NodeId, Span, Value},
};
use crate::{
    budget::{Budget, Loan},
    fail::{Fault, Res, differs, fail, over_limit},
};
use std::collections::HashMap;
use tarquet_common::codes::format;

/// A pickle that ran to its end.
pub(crate) struct Pickle<'a> {
    bytes: &'a [u8],
    side: Vec<u8>,
    nodes: Vec<Node>,
    top: Value,
    item: &'a str,
    loan: Loan<'a>,
}

impl<'a> Pickle<'a> {
    /// The value on top when the pickle stopped.
    pub(crate) fn top(&self) -> Value {
        self.top
    }

    /// The dataset or attribute it stood in.
    pub(crate) fn item(&self) -> &'a str {
        self.item
    }

    /// What may still be held and made.
    pub(crate) fn budget(&self) -> &'a Budget {
        self.loan.budget()
    }

    /// The bytes of a span.
    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        self.budget().work(span.len as usize);
        let from = if span.side { &self.side } else { self.bytes };
        &from[span.start as usize..span.start as usize + span.len as usize]
    }

    /// A container.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }
}

/// Runs a pickle. `item` names where it stood; `values_max` bounds opcodes and values.
pub(crate) fn load<'a>(
    bytes: &'a [u8],
    item: &'a str,
    values_max: u64,
    budget: &'a Budget,
) -> Res<Pickle<'a>> {
    if bytes.len() > u32::MAX as usize {
        return Err(over_limit(item, "a pickle's size", u32::MAX, bytes.len()));
    }
    let mut machine = Machine {
        bytes,
        at: 0,
        item,
        side: Vec::new(),
        nodes: Vec::new(),
        globals: HashMap::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        steps: 0,
        steps_max: values_max,
        loan: budget.loan(),
    };
    let top = machine.run()?;
    Ok(Pickle { bytes, side: machine.side, nodes: machine.nodes, top, item, loan: machine.loan })
}

pub(super) struct Machine<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) item: &'a str,
    pub(super) side: Vec<u8>,
    nodes: Vec<Node>,
    globals: HashMap<(Vec<u8>, Vec<u8>), NodeId>,
    pub(super) stack: Vec<Value>,
    pub(super) marks: Vec<usize>,
    pub(super) memo: Vec<Option<Value>>,
    pub(super) steps: u64,
    steps_max: u64,
    pub(super) loan: Loan<'a>,
}

/// What a global takes besides its names.
const GLOBAL_BYTES: usize = 96;

impl<'a> Machine<'a> {
    fn run(&mut self) -> Res<Value> {
        loop {
            self.steps += 1;
            if self.steps > self.steps_max {
                return Err(over_limit(self.item, "a pickle's number of values", self.steps_max, "more"));
            }
            self.loan.budget().work(1);
            self.loan.budget().keep_pace(self.item)?;
            let op = self.take(1)?[0];
            if op == STOP {
                return self.pop();
            }
            if !(self.literal(op)? || self.container(op)? || self.object(op)?) {
                return Err(self.unknown(op));
            }
        }
    }

    /// Opcodes that push plain data.
    fn literal(&mut self, op: u8) -> Res<bool> {
        let value = match op {
            NONE => Value::None,
            NEWTRUE => Value::Bool(true),
            NEWFALSE => Value::Bool(false),
            BININT => Value::Int(i64::from(i32::from_le_bytes(self.array()?))),
            BININT1 => Value::Int(i64::from(self.take(1)?[0])),
            BININT2 => Value::Int(i64::from(u16::from_le_bytes(self.array()?))),
            INT | LONG => self.decimal(op)?,
            LONG1 => self.long(1)?,
            LONG4 => self.long(4)?,
            BINFLOAT => Value::Float(f64::from_be_bytes(self.array()?)),
            FLOAT => {
                let line = self.line()?;
                let number = std::str::from_utf8(line).ok().and_then(|s| s.trim().parse().ok());
                Value::Float(number.ok_or_else(|| self.broken("a float that is none"))?)
            }
            SHORT_BINUNICODE => Value::Str(self.counted(1)?),
            BINUNICODE => Value::Str(self.counted(4)?),
            BINUNICODE8 => Value::Str(self.counted(8)?),
            SHORT_BINBYTES => Value::Bytes(self.counted(1)?),
            BINBYTES => Value::Bytes(self.counted(4)?),
            BINBYTES8 | BYTEARRAY8 => Value::Bytes(self.counted(8)?),
            SHORT_BINSTRING => Value::Str(self.counted(1)?),
            BINSTRING => Value::Str(self.counted(4)?),
            STRING => self.quoted()?,
            UNICODE => self.escaped()?,
            EMPTY_LIST => self.push_node(Node::List(Vec::new()))?,
            EMPTY_TUPLE => self.push_node(Node::Tuple(Vec::new()))?,
            EMPTY_DICT => self.push_node(Node::Dict(Vec::new()))?,
            EMPTY_SET => self.push_node(Node::Set(Vec::new()))?,
            _ => return Ok(false),
        };
        self.push(value)?;
        Ok(true)
    }

    /// Opcodes that gather values, and those that move them about.
    fn container(&mut self, op: u8) -> Res<bool> {
        match op {
            MARK => {
                self.loan.room(&mut self.marks, 1, self.item)?;
                self.marks.push(self.stack.len());
            }
            POP => self.pop_or_mark()?,
            POP_MARK => drop(self.marked()?),
            DUP => {
                let top = self.top()?;
                self.push(top)?;
            }
            TUPLE => self.gather(Node::Tuple)?,
            LIST => self.gather(Node::List)?,
            DICT => self.gather(Node::Dict)?,
            FROZENSET => self.gather(Node::Set)?,
            TUPLE1 => self.tuple(1)?,
            TUPLE2 => self.tuple(2)?,
            TUPLE3 => self.tuple(3)?,
            APPEND => {
                let value = self.pop()?;
                self.extend(vec![value])?;
            }
            SETITEM => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend(vec![key, value])?;
            }
            APPENDS | SETITEMS | ADDITEMS => {
                let values = self.marked()?;
                self.extend(values)?;
            }
            PUT | BINPUT | LONG_BINPUT | MEMOIZE => self.remember(op)?,
            GET | BINGET | LONG_BINGET => self.recall(op)?,
            PROTO => {
                let version = self.take(1)?[0];
                if version > 5 {
                    return Err(self.broken(&format!("protocol {version}")));
                }
            }
            FRAME => drop(self.take(8)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Opcodes that name globals and note calls.
    fn object(&mut self, op: u8) -> Res<bool> {
        match op {
            GLOBAL => {
                let (module, name) = (self.line_span()?, self.line_span()?);
                self.global(module, name)?;
            }
            STACK_GLOBAL => match (self.pop()?, self.pop()?) {
                (Value::Str(name), Value::Str(module)) => self.global(module, name)?,
                _ => return Err(self.broken("a global whose name is not text")),
            },
            REDUCE | NEWOBJ => {
                let (args, callable) = (self.pop()?, self.pop()?);
                self.call(callable, args)?;
            }
            NEWOBJ_EX => {
                let (_, args, callable) = (self.pop()?, self.pop()?, self.pop()?);
                self.call(callable, args)?;
            }
            INST => {
                let (module, name) = (self.line_span()?, self.line_span()?);
                let values = self.marked()?;
                self.global(module, name)?;
                let (callable, args) = (self.pop()?, self.push_node(Node::Tuple(values))?);
                self.call(callable, args)?;
            }
            OBJ => {
                let mut values = self.marked()?;
                if values.is_empty() {
                    return Err(self.broken("an object without a class"));
                }
                let callable = values.remove(0);
                let args = self.push_node(Node::Tuple(values))?;
                self.call(callable, args)?;
            }
            BUILD => {
                let state = self.pop()?;
                let target = self.top()?;
                if let Value::Node(NodeId(id)) = target
                    && let Node::Call(call) = &mut self.nodes[id as usize]
                {
                    call.state = Some(state);
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn unknown(&self, op: u8) -> Fault {
        match outside(op) {
            Some(what) => differs(
                format::PICKLE_GLOBAL,
                self.item,
                "a pickle refers to something outside itself",
                "a pickle that holds all it needs",
                what,
            ),
            None => self.broken(&format!("unknown opcode {op:#04x}")),
        }
    }

    pub(super) fn broken(&self, problem: &str) -> Fault {
        fail(
            format::PICKLE_DAMAGED,
            self.item,
            format!("the pickle is damaged at byte {}: {problem}", self.at),
        )
    }

    fn push_node(&mut self, node: Node) -> Res<Value> {
        let id = u32::try_from(self.nodes.len());
        let id = id.map_err(|_| over_limit(self.item, "a pickle's containers", u32::MAX, "more"))?;
        self.loan.room(&mut self.nodes, 1, self.item)?;
        self.nodes.push(node);
        Ok(Value::Node(NodeId(id)))
    }

    fn gather(&mut self, make: fn(Vec<Value>) -> Node) -> Res<()> {
        let values = self.marked()?;
        let node = make(values);
        if matches!(&node, Node::Dict(pairs) if pairs.len() % 2 != 0) {
            return Err(self.broken("a key without a value"));
        }
        let node = self.push_node(node)?;
        self.push(node)
    }

    fn tuple(&mut self, count: usize) -> Res<()> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self.stack.len().checked_sub(count).filter(|&start| start >= floor);
        let start = start.ok_or_else(|| self.broken("its stack is empty"))?;
        let values = self.split_off(start)?;
        let node = self.push_node(Node::Tuple(values))?;
        self.push(node)
    }

    /// Adds to the container on top. On a call (a subclass of list or dict) the values are dropped:
    /// no such class is known, so asking for its value fails anyway.
    fn extend(&mut self, values: Vec<Value>) -> Res<()> {
        let Value::Node(NodeId(id)) = self.top()? else {
            return Err(self.broken("values for something that holds none"));
        };
        match &mut self.nodes[id as usize] {
            Node::List(into) | Node::Dict(into) | Node::Set(into) => {
                self.loan.room(into, values.len(), self.item)?;
                into.extend(values);
            }
            Node::Call(_) => {}
            Node::Tuple(_) | Node::Global { .. } => {
                return Err(self.broken("values for something that holds none"));
            }
        }
        Ok(())
    }

    fn global(&mut self, module: Span, name: Span) -> Res<()> {
        let text = |span: Span| {
            let from = if span.side { &self.side } else { self.bytes };
            from[span.start as usize..span.start as usize + span.len as usize].to_vec()
        };
        let held = GLOBAL_BYTES + module.len as usize + name.len as usize;
        self.loan.budget().work(held);
        self.loan.add(held as u64, self.item)?;
        let key = (text(module), text(name));
        let id = match self.globals.get(&key) {
            Some(&id) => {
                self.loan.give_back(held as u64);
                id
            }
            None => {
                let Value::Node(id) = self.push_node(Node::Global { module, name })? else {
                    return Err(self.broken("a global"));
                };
                self.globals.insert(key, id);
                id
            }
        };
        self.push(Value::Global(id))
    }

    fn call(&mut self, callable: Value, args: Value) -> Res<()> {
        let call = self.push_node(Node::Call(Call { callable, args, state: None }))?;
        self.push(call)
    }
}
