//! How a screen looks.

/// What screens need to know of the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Columns.
    pub width: usize,
    /// Box-drawing characters may be used.
    pub boxes: bool,
    /// Colours.
    pub paint: crate::render::Paint,
}

impl Look {
    /// Between the parts of a line.
    pub(crate) fn dot(self) -> &'static str {
        if self.boxes { " · " } else { " | " }
    }

    /// Before a figure that is not exact.
    pub(crate) fn about(self) -> &'static str {
        if self.boxes { "≈" } else { "~" }
    }
}
