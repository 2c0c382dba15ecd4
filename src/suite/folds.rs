//! Folds: each subject is in exactly one, stratified by label, the same in every scenario.

use super::seeds;
use crate::check::dataset::Schema;
use crate::data::{Column, Table};
use crate::eval::view::cell;
use crate::syntax::ast::Role;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

/// The fold (0-based) of every row.
pub fn assign(schema: &Schema, table: &Table, label: Option<&str>, folds: usize, seed: u64) -> Vec<usize> {
    let subject = schema.columns.iter().find(|c| c.has(Role::Subject)).and_then(|c| table.column(&c.name));
    // Rows of one subject stay together: a subject is its first row's label.
    let mut subjects: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in 0..table.rows {
        let key = match subject {
            Some(column) => cell(column, row).to_string(),
            None => format!("{row:012}"),
        };
        subjects.entry(key).or_default().push(row);
    }
    let positive = |row: usize| match label.and_then(|l| table.column(l)) {
        Some(Column::Bool(flags)) => row < table.rows && flags.value(row),
        _ => false,
    };
    let mut strata: [Vec<&Vec<usize>>; 2] = [Vec::new(), Vec::new()];
    for rows in subjects.values() {
        let is_positive = rows.first().is_some_and(|&r| positive(r));
        if let Some(stratum) = strata.get_mut(usize::from(is_positive)) {
            stratum.push(rows);
        }
    }
    let mut out = vec![0; table.rows];
    let mut rng = seeds::stream(seed, &["folds"]);
    let mut next = 0;
    for stratum in &mut strata {
        stratum.shuffle(&mut rng);
        for rows in stratum.iter() {
            for &row in rows.iter() {
                if let Some(slot) = out.get_mut(row) {
                    *slot = next % folds.max(1);
                }
            }
            next += 1;
        }
    }
    out
}
