//! A dense numeric view of a table: what generators and native models learn from.
//!
//! Every column is `f64`; a missing cell is NaN, a category is its code, a flag is a category with
//! the levels `false` and `true`. A frame knows nothing of units, roles or files.

/// What the numbers of a column mean.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameKind {
    /// A quantity, with the bounds its schema declares (inclusive).
    Number { lo: Option<f64>, hi: Option<f64>, integer: bool },
    /// One of `levels`; the value is the index into it.
    Category { levels: Vec<String> },
}

/// One column of a [`Frame`].
#[derive(Debug, Clone, PartialEq)]
pub struct FrameColumn {
    pub name: String,
    pub kind: FrameKind,
    /// Whether the schema allows missing cells.
    pub nullable: bool,
    /// One value per row; NaN is missing.
    pub values: Vec<f64>,
}

/// Columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    pub columns: Vec<FrameColumn>,
    pub rows: usize,
}

impl Frame {
    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&FrameColumn> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The rows at `index`, in that order; an index past the end is left out.
    pub fn take(&self, index: &[usize]) -> Frame {
        let columns = self
            .columns
            .iter()
            .map(|c| FrameColumn {
                values: index.iter().filter_map(|&i| c.values.get(i).copied()).collect(),
                ..c.clone_shape()
            })
            .collect();
        Frame { columns, rows: index.iter().filter(|&&i| i < self.rows).count() }
    }

    /// `other` below `self`; both have the same columns in the same order.
    pub fn stack(&self, other: &Frame) -> Frame {
        let columns = self
            .columns
            .iter()
            .zip(&other.columns)
            .map(|(a, b)| FrameColumn {
                values: a.values.iter().chain(&b.values).copied().collect(),
                ..a.clone_shape()
            })
            .collect();
        Frame { columns, rows: self.rows + other.rows }
    }
}

impl FrameColumn {
    /// The same column without rows.
    pub fn clone_shape(&self) -> FrameColumn {
        FrameColumn { name: self.name.clone(), kind: self.kind.clone(), nullable: self.nullable, values: Vec::new() }
    }
}
