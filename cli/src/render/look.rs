//! How text looks: colours where they are wanted, and what else screens need to know of the terminal.

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Something is wrong.
    Error,
    /// Something may be wrong.
    Warning,
    /// Something is well.
    Good,
    /// What matters on a screen.
    Strong,
    /// What does not.
    Dim,
}

/// Applies styles, or leaves text as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub bool);

impl Paint {
    /// The text in a style (ECMA-48 "select graphic rendition").
    pub(crate) fn with(self, style: Style, text: &str) -> String {
        if !self.0 {
            return text.to_owned();
        }
        let code = match style {
            Style::Error => "1;31",
            Style::Warning => "1;33",
            Style::Good => "32",
            Style::Strong => "1",
            Style::Dim => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// What screens need to know of the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Columns.
    pub width: usize,
    /// Box-drawing characters may be used.
    pub boxes: bool,
    /// Colours.
    pub paint: Paint,
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
