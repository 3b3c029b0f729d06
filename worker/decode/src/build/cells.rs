//! The cells of a column of Python objects.

use crate::{
    fail::Res,
    pickle::{
        Pickle, Value,
        arrays::{Array, Elements, element},
        cell::Cell,
    },
};

/// Some of a pickled array's values, in order: one column of it.
pub(crate) struct Objects<'p> {
    /// The pickle they stand in.
    pub(crate) pickle: &'p Pickle<'p>,
    /// The array.
    pub(crate) array: &'p Array<'p>,
    /// Index of the first in C order.
    pub(crate) start: usize,
    /// From one to the next.
    pub(crate) step: usize,
    /// How many.
    pub(crate) len: usize,
    /// Whether pandas before 3 wrote the file: it reads moments and spans back in nanoseconds.
    pub(crate) nanoseconds: bool,
}

impl<'p> Objects<'p> {
    /// The object in a row, where the array holds objects.
    pub(super) fn raw(&self, row: usize) -> Option<Value> {
        match self.array.elements {
            Elements::Objects(objects) => objects.get(self.start + row * self.step).copied(),
            Elements::Bytes { .. } => None,
        }
    }

    /// The scalar in a row.
    pub(crate) fn cell(&self, row: usize) -> Res<Cell<'p>> {
        let index = self.start + row * self.step;
        match &self.array.elements {
            Elements::Objects(objects) => self.pickle.cell(objects[index]),
            Elements::Bytes { bytes, fortran } => {
                let width = self.array.dtype.width;
                let index = if *fortran { fortran_index(&self.array.shape, index) } else { index };
                element(self.array.dtype, &bytes[index * width..(index + 1) * width], self.pickle.item())
            }
        }
    }

    /// The scalars, row by row.
    pub(super) fn cells(&self) -> impl Iterator<Item = Res<Cell<'p>>> {
        (0..self.len).map(|row| self.cell(row))
    }
}

/// Where an element that is `index`-th in C order stands in Fortran order.
fn fortran_index(shape: &[usize], mut index: usize) -> usize {
    let mut at = vec![0; shape.len()];
    for (digit, &extent) in at.iter_mut().zip(shape).rev() {
        *digit = index % extent.max(1);
        index /= extent.max(1);
    }
    at.iter().zip(shape).rev().fold(0, |sum, (digit, extent)| sum * extent + digit)
}

#[cfg(test)]
mod tests {
    use super::fortran_index;

    #[test]
    fn fortran_order_runs_down_the_first_axis() {
        // 2 × 3, C order 0..6 → where each stands column by column
        let at: Vec<usize> = (0..6).map(|i| fortran_index(&[2, 3], i)).collect();
        assert_eq!(at, [0, 2, 4, 1, 3, 5]);
    }
}
