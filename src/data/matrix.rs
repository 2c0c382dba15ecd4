//! A dense matrix of single-precision numbers on the host: what networks are saved as.

/// One matrix, row by row; `values` has `rows * columns` entries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HostMatrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f32>,
}

impl HostMatrix {
    /// A matrix of one value.
    pub fn filled(rows: usize, columns: usize, value: f32) -> HostMatrix {
        HostMatrix { rows, columns, values: vec![value; rows * columns] }
    }
}
