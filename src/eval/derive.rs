//! Fills the derived columns of a loaded table (`name : Type = expression`).

use super::env::Env;
use super::kernel::Kernels;
use super::limits::Meter;
use super::value::{Out, Value};
use super::view::View;
use crate::check::Program;
use crate::check::dataset::Schema;
use crate::data::{Column, Table};
use crate::source::{Diagnostic, codes};
use std::collections::BTreeMap;

/// Computes the derived columns in the order of their declaration.
pub fn derive(
    program: &Program,
    kernels: &Kernels,
    schema: &Schema,
    table: &mut Table,
    meter: &Meter,
) -> Result<(), Diagnostic> {
    let datasets = BTreeMap::new();
    for column in &schema.columns {
        let Some(expr) = &column.derived else { continue };
        let view = View::of(table);
        let env = Env { program, kernels, datasets: &datasets, view, locals: Vec::new(), seed: 0, meter };
        let made = match env.eval(expr) {
            Out::Rows(column) => column,
            Out::One(Value::Undefined(why)) => {
                if let Some(stopped) = meter.stopped() {
                    return Err(stopped);
                }
                return Err(Diagnostic::new(
                    codes::UNDEFINED,
                    format!("`{}` has no value: {}", column.name, why.reason),
                )
                .at(expr.span, "computed here"));
            }
            Out::One(value) => super::view::column_of(&vec![value; table.rows])
                .unwrap_or_else(|| Column::numbers(vec![None; table.rows])),
        };
        if made.missing() > 0 && !column.ty.optional {
            return Err(Diagnostic::new(
                codes::CELL_MISSING,
                format!("`{}` has {} rows without a value", column.name, made.missing()),
            )
            .at(expr.span, "computed here")
            .help(format!("declare it `{} : {}?`", column.name, column.ty.base)));
        }
        if let (Some((lo, hi)), Column::Number(values)) = (column.range, &made) {
            let bad = values.iter().flatten().filter(|v| *v < lo || *v > hi).count();
            if bad > 0 {
                return Err(Diagnostic::new(
                    codes::CELL_RANGE,
                    format!(
                        "{bad} {} of `{}` outside {lo}..{hi}",
                        if bad == 1 { "value" } else { "values" },
                        column.name
                    ),
                )
                .at(expr.span, "computed here"));
            }
        }
        table.set(&column.name, made.compact());
    }
    Ok(())
}
