//! The machine's stack, its marks and its memo.

use super::{machine::Machine, opcodes::*, value::Value};
use crate::fail::{Res, over_limit};

/// What a container with values in it takes besides them.
const CONTAINER_BYTES: usize = 16;

impl Machine<'_> {
    pub(super) fn push(&mut self, value: Value) -> Res<()> {
        self.loan.room(&mut self.stack, 1, self.item)?;
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn top(&self) -> Res<Value> {
        self.stack.last().copied().ok_or_else(|| self.broken("its stack is empty"))
    }

    /// The topmost value above the last mark.
    pub(super) fn pop(&mut self) -> Res<Value> {
        if self.marks.last().is_some_and(|&mark| mark >= self.stack.len()) {
            return Err(self.broken("a mark where a value must be"));
        }
        self.stack.pop().ok_or_else(|| self.broken("its stack is empty"))
    }

    pub(super) fn pop_or_mark(&mut self) -> Res<()> {
        if self.marks.last().is_some_and(|&mark| mark == self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    pub(super) fn marked(&mut self) -> Res<Vec<Value>> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        let mark = mark.ok_or_else(|| self.broken("no mark where one must be"))?;
        self.split_off(mark)
    }

    /// The stack from `start` on, as the values of a container.
    pub(super) fn split_off(&mut self, start: usize) -> Res<Vec<Value>> {
        let count = self.stack.len() - start;
        self.loan.add((CONTAINER_BYTES + count * size_of::<Value>()) as u64, self.item)?;
        Ok(self.stack.split_off(start))
    }

    fn slot(&mut self, op: u8) -> Res<usize> {
        Ok(match op {
            BINPUT | BINGET => usize::from(self.take(1)?[0]),
            LONG_BINPUT | LONG_BINGET => u32::from_le_bytes(self.array()?) as usize,
            MEMOIZE => self.memo.len(),
            _ => {
                let line = self.line()?;
                let number = std::str::from_utf8(line).ok().and_then(|s| s.parse().ok());
                number.ok_or_else(|| self.broken("a memo slot that is no number"))?
            }
        })
    }

    pub(super) fn remember(&mut self, op: u8) -> Res<()> {
        let (slot, value) = (self.slot(op)?, self.top()?);
        if slot as u64 > self.steps.saturating_mul(2) + 1024 {
            return Err(over_limit(
                self.item,
                "a pickle's memo",
                "the number of its opcodes",
                format!("slot {slot}"),
            ));
        }
        if slot >= self.memo.len() {
            let more = slot + 1 - self.memo.len();
            self.loan.room(&mut self.memo, more, self.item)?;
            self.memo.resize(slot + 1, None);
        }
        self.memo[slot] = Some(value);
        Ok(())
    }

    pub(super) fn recall(&mut self, op: u8) -> Res<()> {
        let slot = self.slot(op)?;
        let value = self.memo.get(slot).copied().flatten();
        let value = value.ok_or_else(|| self.broken(&format!("memo slot {slot} is empty")))?;
        self.push(value)
    }
}
