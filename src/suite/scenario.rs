//! From a scenario's recipe to a test set that meets its mix and prevalence exactly, or says which
//! cell has too few rows.

use super::result::{Count, MixEntry, ScenarioInfo};
use super::{seeds, shown};
use crate::check::Program;
use crate::check::dataset::Schema;
use crate::data::{Column, Table};
use crate::eval::view::cell;
use crate::eval::{Env, Value};
use crate::policy::cells;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::Scenario;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

/// A scenario with everything it inherits.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub name: String,
    pub span: Span,
    pub size: Option<usize>,
    /// Column, and the share of each named level.
    pub mixes: Vec<(String, Vec<(String, f64)>)>,
    /// Flag and its share.
    pub prevalence: Option<(String, f64)>,
    pub prevalence_by: Option<ByGroup>,
}

/// A prevalence within groups.
#[derive(Debug, Clone)]
pub struct ByGroup {
    pub flag: String,
    pub column: String,
    /// The flag's share in each level that is named.
    pub shares: Vec<(String, f64)>,
}

/// A cell of the mix: (column, code) pairs, and how many rows it gets.
pub type Quota = (Vec<(String, u32)>, usize);

/// A drawn test set.
#[derive(Debug, Clone)]
pub struct Drawn {
    pub recipe: Recipe,
    /// Rows of the dataset, ascending.
    pub rows: Vec<u32>,
    /// The cells that the scenario controls; empty when it controls none.
    pub quotas: Vec<Quota>,
}

/// Resolves `with` and evaluates the numbers.
pub fn recipe(program: &Program, env: &Env, name: &str) -> Option<Recipe> {
    let mut chain: Vec<&Scenario> = Vec::new();
    let mut at = name;
    while let Some(scenario) = program.scenario(at) {
        if chain.len() > 64 {
            return None;
        }
        chain.push(scenario);
        at = &scenario.base.name;
    }
    let first = chain.first()?;
    let mut out = Recipe {
        name: first.name.name.clone(),
        span: first.name.span,
        size: None,
        mixes: Vec::new(),
        prevalence: None,
        prevalence_by: None,
    };
    let number = |e| match env.one(e) {
        Value::Number(v) => v,
        _ => f64::NAN,
    };
    for scenario in chain.iter().rev() {
        if let Some(size) = &scenario.size {
            out.size = Some(number(size).max(0.0) as usize);
        }
        if let Some((column, share)) = &scenario.prevalence {
            out.prevalence = Some((column.name.clone(), number(share)));
            out.prevalence_by = None;
        }
        if let Some(by) = &scenario.prevalence_by {
            let shares = by.shares.iter().map(|(l, e)| (l.name.clone(), number(e))).collect();
            let (flag, column) = (by.label.name.clone(), by.by.name.clone());
            out.prevalence_by = Some(ByGroup { flag, column, shares });
            out.prevalence = None;
        }
        for mix in &scenario.mixes {
            let shares = mix.shares.iter().map(|(l, e)| (l.name.clone(), number(e))).collect();
            out.mixes.retain(|(c, _)| *c != mix.column.name);
            out.mixes.push((mix.column.name.clone(), shares));
        }
    }
    Some(out)
}

/// The code of a row in a category or flag column.
fn code(column: &Column, row: usize) -> Option<u32> {
    match cell(column, row) {
        Value::Level(code, _) => Some(code),
        Value::Bool(flag) => Some(u32::from(flag)),
        _ => None,
    }
}

/// Names of a controlled column's levels.
fn level_names(column: &Column) -> Vec<String> {
    match column {
        Column::Level(_, levels) => levels.names.clone(),
        _ => vec!["false".into(), "true".into()],
    }
}

/// One controlled column: its data and the target share of each code.
struct Margin<'a> {
    name: String,
    column: &'a Column,
    shares: BTreeMap<u32, f64>,
    /// Whether the shares are what the rows happen to have, not targets.
    free: bool,
}

/// Prevalences by group, as places of margins: in each level of one the share of the rows whose flag is true.
struct Within {
    group: usize,
    flag: usize,
    shares: BTreeMap<u32, f64>,
}

/// All rows of a table, as if a scenario had drawn them.
pub fn whole(name: &str, span: Span, table: &Table) -> Drawn {
    let recipe =
        Recipe { name: name.to_string(), span, size: None, mixes: Vec::new(), prevalence: None, prevalence_by: None };
    Drawn { recipe, rows: (0..table.rows as u32).collect(), quotas: Vec::new() }
}

/// Draws the test set.
pub fn draw(recipe: &Recipe, table: &Table, seed: u64) -> Result<Drawn, Diagnostic> {
    let mut rng = seeds::stream(seed, &["scenario", &recipe.name]);
    let (margins, within) = margins(recipe, table)?;
    if margins.is_empty() {
        let size = recipe.size.unwrap_or(table.rows);
        let mut all: Vec<u32> = (0..table.rows as u32).collect();
        if size > all.len() {
            return Err(too_few(recipe, "the whole table", size, all.len()));
        }
        all.shuffle(&mut rng);
        all.truncate(size);
        all.sort_unstable();
        return Ok(Drawn { recipe: recipe.clone(), rows: all, quotas: Vec::new() });
    }
    // Rows by cell; rows with a missing part belong to none.
    let mut cells: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
    for row in 0..table.rows {
        let key: Option<Vec<u32>> = margins.iter().map(|m| code(m.column, row)).collect();
        if let Some(key) = key
            && margins.iter().zip(&key).all(|(m, c)| m.shares.get(c).is_some_and(|s| *s > 0.0))
        {
            cells.entry(key).or_default().push(row as u32);
        }
    }
    let keys = combinations(&margins);
    let seeds: Vec<f64> = keys.iter().map(|k| cells.get(k).map_or(0.0, |r| r.len() as f64)).collect();
    let fitted = rake(&margins, within.as_ref(), &keys, &seeds, recipe)?;
    let size = match recipe.size {
        Some(size) => size,
        None => largest(&fitted, &seeds),
    };
    let mut counts = whole_rows(&margins, within.as_ref(), &keys, &fitted, size);
    let fits = |counts: &[usize]| counts.iter().zip(&seeds).all(|(c, s)| *c as f64 <= *s);
    // The largest set can miss by the rounding of a cell.
    for less in 1..=(2 * keys.len()).min(size) {
        if recipe.size.is_some() || fits(&counts) {
            break;
        }
        counts = whole_rows(&margins, within.as_ref(), &keys, &fitted, size - less);
    }
    let mut rows = Vec::with_capacity(size);
    let mut quotas = Vec::new();
    for (key, &count) in keys.iter().zip(&counts) {
        let mut pool = cells.get(key).cloned().unwrap_or_default();
        if pool.len() < count {
            return Err(too_few(recipe, &describe(&margins, key), count, pool.len()));
        }
        pool.shuffle(&mut rng);
        rows.extend(pool.into_iter().take(count));
        let names = margins.iter().zip(key).map(|(m, c)| (m.name.clone(), *c)).collect();
        quotas.push((names, count));
    }
    rows.sort_unstable();
    Ok(Drawn { recipe: recipe.clone(), rows, quotas })
}

fn margins<'a>(recipe: &Recipe, table: &'a Table) -> Result<(Vec<Margin<'a>>, Option<Within>), Diagnostic> {
    let mut out: Vec<Margin> = Vec::new();
    let column = |name: &str| {
        table.column(name).ok_or_else(|| {
            Diagnostic::new(codes::BAD_SCENARIO, format!("`{name}` is not in the data")).at(recipe.span, "asks for it")
        })
    };
    for (name, shares) in &recipe.mixes {
        let column = column(name)?;
        let names = level_names(column);
        let shares = shares
            .iter()
            .filter_map(|(level, share)| names.iter().position(|n| n == level).map(|c| (c as u32, *share)))
            .collect();
        out.push(Margin { name: name.clone(), column, shares, free: false });
    }
    if let Some((name, share)) = &recipe.prevalence {
        let shares = BTreeMap::from([(0, 1.0 - share), (1, *share)]);
        out.push(Margin { name: name.clone(), column: column(name)?, shares, free: false });
    }
    let Some(by) = &recipe.prevalence_by else { return Ok((out, None)) };
    // A column without a mix keeps the shares that its rows have.
    let mut place = |name: &String| -> Result<usize, Diagnostic> {
        if let Some(at) = out.iter().position(|m| m.name == *name) {
            return Ok(at);
        }
        let column = column(name)?;
        let shares = (0..level_names(column).len() as u32).map(|code| (code, 1.0)).collect();
        out.push(Margin { name: name.clone(), column, shares, free: true });
        Ok(out.len() - 1)
    };
    let (group, flag) = (place(&by.column)?, place(&by.flag)?);
    let names = out.get(group).map_or_else(Vec::new, |m| level_names(m.column));
    let code = |level: &String| names.iter().position(|n| n == level).map(|c| c as u32);
    let shares = by.shares.iter().filter_map(|(level, share)| Some((code(level)?, *share))).collect();
    Ok((out, Some(Within { group, flag, shares })))
}

fn combinations(margins: &[Margin]) -> Vec<Vec<u32>> {
    let mut out: Vec<Vec<u32>> = vec![Vec::new()];
    for margin in margins {
        let wanted: Vec<u32> = margin.shares.iter().filter(|(_, s)| **s > 0.0).map(|(c, _)| *c).collect();
        out = out.into_iter().flat_map(|k| wanted.iter().map(move |c| [k.as_slice(), &[*c]].concat())).collect();
    }
    out
}

/// Shares of the cells that meet every margin and keep the data's associations: iterative proportional
/// fitting (Deming & Stephan 1940) from the observed counts. A prevalence within a group moves shares between the
/// cells of that group only.
fn rake(
    margins: &[Margin],
    within: Option<&Within>,
    keys: &[Vec<u32>],
    seeds: &[f64],
    recipe: &Recipe,
) -> Result<Vec<f64>, Diagnostic> {
    let mut shares = seeds.to_vec();
    // The first margin that is met turns counts into shares.
    let total: f64 = seeds.iter().sum();
    if margins.iter().all(|m| m.free) && total > 0.0 {
        shares.iter_mut().for_each(|s| *s /= total);
    }
    for _ in 0..1000 {
        let mut worst: f64 = 0.0;
        for (at, margin) in margins.iter().enumerate().filter(|(_, m)| !m.free) {
            for (level, target) in margin.shares.iter().filter(|(_, s)| **s > 0.0) {
                let here = |k: &Vec<u32>| k.get(at) == Some(level);
                let total: f64 = keys.iter().zip(&shares).filter(|(k, _)| here(k)).map(|(_, s)| s).sum();
                if total <= 0.0 {
                    let names = level_names(margin.column);
                    let level = names.get(*level as usize).map_or("?", String::as_str);
                    return Err(too_few(recipe, &format!("{} = {level}", margin.name), 1, 0));
                }
                worst = worst.max((total - target).abs());
                for (key, share) in keys.iter().zip(shares.iter_mut()) {
                    if here(key) {
                        *share *= target / total;
                    }
                }
            }
        }
        if let Some(within) = within {
            worst = worst.max(fit_within(margins, within, keys, &mut shares, recipe)?);
        }
        if worst < 1e-12 {
            break;
        }
    }
    Ok(shares)
}

/// One step towards the prevalences within groups; how far the worst was from its target.
fn fit_within(
    margins: &[Margin],
    within: &Within,
    keys: &[Vec<u32>],
    shares: &mut [f64],
    recipe: &Recipe,
) -> Result<f64, Diagnostic> {
    let mut worst: f64 = 0.0;
    for (level, target) in &within.shares {
        let here = |k: &[u32], flag: u32| k.get(within.group) == Some(level) && k.get(within.flag) == Some(&flag);
        let sum = |flag: u32, shares: &[f64]| -> f64 {
            keys.iter().zip(shares).filter(|(k, _)| here(k, flag)).map(|(_, s)| s).sum()
        };
        let (no, yes) = (sum(0, shares), sum(1, shares));
        let whole = no + yes;
        if whole <= 0.0 {
            match margins.get(within.group) {
                // Its mix leaves the group out.
                Some(group) if !group.free => continue,
                _ => return Err(too_few(recipe, &described(margins, &[(within.group, *level)]), 1, 0)),
            }
        }
        for (flag, have, wanted) in [(0, no, 1.0 - target), (1, yes, *target)] {
            worst = worst.max((have / whole - wanted).abs());
            if have <= 0.0 && wanted > 0.0 {
                let key: Vec<(usize, u32)> = vec![(within.group, *level), (within.flag, flag)];
                return Err(too_few(recipe, &described(margins, &key), 1, 0));
            }
            for (_, share) in keys.iter().zip(shares.iter_mut()).filter(|(k, _)| here(k, flag)) {
                *share *= if have > 0.0 { wanted * whole / have } else { 0.0 };
            }
        }
    }
    Ok(worst)
}

/// Whole numbers of rows a cell, with every target met.
fn whole_rows(
    margins: &[Margin],
    within: Option<&Within>,
    keys: &[Vec<u32>],
    shares: &[f64],
    size: usize,
) -> Vec<usize> {
    let mut counts = round(margins, keys, shares, size);
    if let Some(within) = within {
        round_within(within, keys, shares, &mut counts);
    }
    counts
}

/// Makes the prevalence within each group exact: of the group's rows as many have the flag as largest remainder says.
/// Rows move between cells that differ in the flag only, so that no mix changes.
fn round_within(within: &Within, keys: &[Vec<u32>], shares: &[f64], counts: &mut [usize]) {
    let size: usize = counts.iter().sum();
    let excess = |i: usize, counts: &[usize]| {
        counts.get(i).copied().unwrap_or(0) as f64 - shares.get(i).copied().unwrap_or(0.0) * size as f64
    };
    for (level, target) in &within.shares {
        let of = |flag: u32| -> Vec<usize> {
            let here = |k: &Vec<u32>| k.get(within.group) == Some(level) && k.get(within.flag) == Some(&flag);
            (0..keys.len()).filter(|&i| keys.get(i).is_some_and(here)).collect()
        };
        let (no, yes) = (of(0), of(1));
        let sum = |cells: &[usize], counts: &[usize]| -> usize { cells.iter().filter_map(|&i| counts.get(i)).sum() };
        let whole = sum(&no, counts) + sum(&yes, counts);
        let wanted = apportion(&[1.0 - target, *target], whole).get(1).copied().unwrap_or(0);
        loop {
            let have = sum(&yes, counts);
            let (from, to) = match have.cmp(&wanted) {
                std::cmp::Ordering::Equal => break,
                std::cmp::Ordering::Greater => (&yes, 0),
                std::cmp::Ordering::Less => (&no, 1),
            };
            // Take the row where the cell stands farthest above its exact share.
            let taken = from
                .iter()
                .copied()
                .filter(|&i| counts.get(i).is_some_and(|c| *c > 0))
                .max_by(|&a, &b| excess(a, counts).total_cmp(&excess(b, counts)).then(b.cmp(&a)));
            let given = taken.and_then(|i| keys.get(i)).and_then(|key| {
                let mut other = key.clone();
                *other.get_mut(within.flag)? = to;
                keys.iter().position(|k| *k == other)
            });
            let (Some(taken), Some(given)) = (taken, given) else { break };
            if let Some(c) = counts.get_mut(taken) {
                *c -= 1;
            }
            if let Some(c) = counts.get_mut(given) {
                *c += 1;
            }
        }
    }
}

/// The largest test set that the rows of every cell allow.
fn largest(shares: &[f64], available: &[f64]) -> usize {
    let limit =
        shares.iter().zip(available).filter(|(s, _)| **s > 0.0).map(|(s, a)| a / s).fold(f64::INFINITY, f64::min);
    if limit.is_finite() { (limit + 1e-9) as usize } else { 0 }
}

/// `total` split by largest remainder.
fn apportion(shares: &[f64], total: usize) -> Vec<usize> {
    let exact: Vec<f64> = shares.iter().map(|s| s * total as f64).collect();
    let mut out: Vec<usize> = exact.iter().map(|e| (e + 1e-9) as usize).collect();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    let rest = |i: usize| exact.get(i).copied().unwrap_or(0.0) - out.get(i).copied().unwrap_or(0) as f64;
    let rests: Vec<f64> = order.iter().map(|&i| rest(i)).collect();
    order.sort_by(|&a, &b| rests.get(b).unwrap_or(&0.0).total_cmp(rests.get(a).unwrap_or(&0.0)).then(a.cmp(&b)));
    let short = total.saturating_sub(out.iter().sum());
    for &i in order.iter().cycle().take(short) {
        if let Some(slot) = out.get_mut(i) {
            *slot += 1;
        }
    }
    out
}

/// Whole numbers of rows a cell, with every margin met exactly: cells by largest remainder, then moves
/// of single rows between cells that differ in one column only, which leave the other margins alone.
fn round(margins: &[Margin], keys: &[Vec<u32>], shares: &[f64], size: usize) -> Vec<usize> {
    let mut counts = apportion(shares, size);
    for (at, margin) in margins.iter().enumerate().filter(|(_, m)| !m.free) {
        let levels: Vec<u32> = margin.shares.iter().filter(|(_, s)| **s > 0.0).map(|(c, _)| *c).collect();
        let wanted: Vec<f64> = levels.iter().map(|l| margin.shares.get(l).copied().unwrap_or(0.0)).collect();
        let targets = apportion(&wanted, size);
        loop {
            let have: Vec<usize> = levels
                .iter()
                .map(|l| keys.iter().zip(&counts).filter(|(k, _)| k.get(at) == Some(l)).map(|(_, c)| c).sum())
                .collect();
            let over = levels.iter().zip(have.iter().zip(&targets)).find(|(_, (h, t))| h > t).map(|(l, _)| *l);
            let under = levels.iter().zip(have.iter().zip(&targets)).find(|(_, (h, t))| h < t).map(|(l, _)| *l);
            let (Some(over), Some(under)) = (over, under) else { break };
            // Take the row where the cell stands farthest above its exact share.
            let excess = |i: usize| {
                counts.get(i).copied().unwrap_or(0) as f64 - shares.get(i).copied().unwrap_or(0.0) * size as f64
            };
            let from = (0..keys.len())
                .filter(|&i| {
                    keys.get(i).is_some_and(|k| k.get(at) == Some(&over)) && counts.get(i).is_some_and(|c| *c > 0)
                })
                .max_by(|&a, &b| excess(a).total_cmp(&excess(b)).then(b.cmp(&a)));
            let Some(from) = from else { break };
            let to = keys.get(from).and_then(|k| {
                let mut other = k.clone();
                if let Some(slot) = other.get_mut(at) {
                    *slot = under;
                }
                keys.iter().position(|k| *k == other)
            });
            let Some(to) = to else { break };
            if let Some(c) = counts.get_mut(from) {
                *c -= 1;
            }
            if let Some(c) = counts.get_mut(to) {
                *c += 1;
            }
        }
    }
    counts
}

fn describe(margins: &[Margin], key: &[u32]) -> String {
    described(margins, &key.iter().copied().enumerate().collect::<Vec<_>>())
}

/// Some columns of a cell: places of margins, and codes.
fn described(margins: &[Margin], key: &[(usize, u32)]) -> String {
    let part = |(at, code): &(usize, u32)| {
        let margin = margins.get(*at)?;
        let names = level_names(margin.column);
        Some(format!("{} = {}", margin.name, names.get(*code as usize).map_or("?", String::as_str)))
    };
    key.iter().filter_map(part).collect::<Vec<_>>().join(", ")
}

fn too_few(recipe: &Recipe, cell: &str, wanted: usize, have: usize) -> Diagnostic {
    Diagnostic::new(
        codes::EMPTY_CELL,
        format!(
            "the scenario `{}` needs {wanted} {} with {cell}; the data has {have}",
            recipe.name,
            if wanted == 1 { "row" } else { "rows" }
        ),
    )
    .at(recipe.span, "cannot be drawn")
    .help(
        "ask for a smaller `size`, another `mix` or `prevalence`, or leave `size` out to get the largest possible set",
    )
}

/// The label's share in each level of a column; of patients only where no cell of the table of both is small.
fn by_level(flags: Option<&Column>, column: &Column, rows: usize, is_phi: bool) -> Vec<Option<f64>> {
    let Some(flags @ Column::Bool(_)) = flags else { return Vec::new() };
    let levels = level_names(column).len();
    // By level, rows without one last: negative, positive, not known.
    let mut table = vec![vec![0usize; 3]; levels + 1];
    for row in 0..rows {
        let level = code(column, row).map_or(levels, |c| c as usize);
        let flag = code(flags, row).map_or(2, |c| c as usize);
        if let Some(cell) = table.get_mut(level).and_then(|r| r.get_mut(flag)) {
            *cell += 1;
        }
    }
    if is_phi && table.iter().flatten().any(|n| cells::is_small(*n)) {
        return Vec::new();
    }
    let share = |row: &Vec<usize>| match row.as_slice() {
        [no, yes, _] if no + yes > 0 => Some(*yes as f64 / (no + yes) as f64),
        _ => None,
    };
    table.iter().take(levels).map(share).collect()
}

/// What was declared and what was drawn.
pub fn describe_drawn(drawn: &Drawn, schema: &Schema, table: &Table, label: Option<&str>) -> ScenarioInfo {
    let set = table.take(&drawn.rows);
    let share = |n: usize| if set.rows == 0 { 0.0 } else { n as f64 / set.rows as f64 };
    let mut mix = Vec::new();
    let shown = schema
        .columns
        .iter()
        .filter(|c| c.has(crate::syntax::ast::Role::Protected) || drawn.recipe.mixes.iter().any(|(m, _)| *m == c.name));
    for declared in shown {
        let Some(column) = set.column(&declared.name) else { continue };
        if !matches!(column, Column::Level(..) | Column::Bool(_)) {
            continue;
        }
        let wanted = drawn.recipe.mixes.iter().find(|(m, _)| *m == declared.name);
        let flags = label.filter(|l| *l != declared.name).and_then(|l| set.column(l));
        let prevalences = by_level(flags, column, set.rows, shown::is_phi(schema));
        for (at, level) in level_names(column).into_iter().enumerate() {
            let n = (0..set.rows).filter(|&r| code(column, r) == Some(at as u32)).count();
            let declared_share =
                wanted.map(|(_, shares)| shares.iter().find(|(l, _)| *l == level).map_or(0.0, |(_, s)| *s));
            mix.push(MixEntry {
                column: declared.name.clone(),
                level,
                declared: declared_share,
                drawn: Some(share(n)),
                n: n.into(),
                prevalence: prevalences.get(at).copied().flatten(),
            });
        }
    }
    let positives = match label.and_then(|l| set.column(l)) {
        Some(Column::Bool(flags)) => flags.true_count(),
        _ => 0,
    };
    let name = drawn.recipe.name.clone();
    if shown::is_phi(schema) {
        shown::mix(&mut mix, set.rows);
        let rows = if cells::is_small(set.rows) { Count::Few } else { set.rows.into() };
        return ScenarioInfo { name, rows, prevalence: shown::share(positives, set.rows, share(positives)), mix };
    }
    ScenarioInfo { name, rows: set.rows.into(), prevalence: Some(share(positives)), mix }
}
