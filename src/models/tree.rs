//! One regression tree on binned columns, grown leaf by leaf from gradient histograms.
//!
//! Knows gradients and second derivatives, not the loss that they come from.

use crate::models::histogram::{Binned, MISSING, Shape};

/// Limits of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    pub leaves: usize,
    pub depth: usize,
    pub rows_per_leaf: usize,
    pub weight_per_leaf: f64,
    pub ridge: f64,
    /// Added to the ridge and to the weights that order the levels, for categories of more than four
    /// levels: their best subset is chosen among many.
    pub level_ridge: f64,
}

/// A grown tree; the first node is the root.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Leaf(f64),
    Fork { column: usize, rule: Rule, missing_left: bool, left: usize, right: usize },
}

/// Which bins go left.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    UpTo(u8),
    Levels([u64; 4]),
}

impl Rule {
    fn goes_left(self, bin: u8, missing_left: bool) -> bool {
        match self {
            _ if bin == MISSING => missing_left,
            Rule::UpTo(last) => bin <= last,
            Rule::Levels(words) => words.get(bin as usize / 64).is_some_and(|word| word >> (bin % 64) & 1 == 1),
        }
    }
}

/// Sums over the rows of a bin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cell {
    gradient: f64,
    weight: f64,
    rows: f64,
}

impl Cell {
    fn plus(self, other: Cell) -> Cell {
        Cell {
            gradient: self.gradient + other.gradient,
            weight: self.weight + other.weight,
            rows: self.rows + other.rows,
        }
    }

    fn minus(self, other: Cell) -> Cell {
        Cell {
            gradient: self.gradient - other.gradient,
            weight: self.weight - other.weight,
            rows: self.rows - other.rows,
        }
    }

    /// How much a leaf of these rows lowers the loss, twice over.
    fn score(self, ridge: f64) -> f64 {
        self.gradient * self.gradient / (self.weight + ridge)
    }
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    gain: f64,
    column: usize,
    rule: Rule,
    missing_left: bool,
}

/// A leaf that may still be split.
struct Open {
    node: usize,
    depth: usize,
    rows: Vec<u32>,
    total: Cell,
    /// One histogram a column of the tree, its missing bin last.
    histograms: Vec<Vec<Cell>>,
    best: Option<Candidate>,
}

/// What a tree grows from.
pub struct Ground<'a> {
    pub binned: &'a Binned,
    /// Columns that this tree may use.
    pub columns: &'a [usize],
    pub gradients: &'a [f64],
    pub weights: &'a [f64],
    pub limits: Limits,
}

impl Tree {
    /// The value of every row of `binned` is handed to `add` in row order.
    pub fn walk(&self, binned: &Binned, mut add: impl FnMut(usize, f64)) {
        for row in 0..binned.rows {
            let mut node = self.nodes.first();
            while let Some(Node::Fork { column, rule, missing_left, left, right }) = node {
                let bin = binned.columns.get(*column).and_then(|c| c.get(row));
                let left_side = rule.goes_left(bin.copied().unwrap_or(MISSING), *missing_left);
                node = self.nodes.get(if left_side { *left } else { *right });
            }
            if let Some(Node::Leaf(value)) = node {
                add(row, *value);
            }
        }
    }

    /// How many leaves the tree has.
    pub fn leaves(&self) -> usize {
        self.nodes.iter().filter(|n| matches!(n, Node::Leaf(_))).count()
    }
}

impl Ground<'_> {
    /// Grows a tree on `rows`, always splitting the leaf that gains most (the first of equals). Leaf
    /// values are Newton steps times `rate`.
    pub fn grow(&self, rows: Vec<u32>, rate: f64) -> Tree {
        let histograms = self.histograms(&rows);
        let total = rows.iter().fold(Cell::default(), |sum, &row| sum.plus(self.cell(row)));
        let mut nodes = vec![Node::Leaf(self.leaf(total, rate))];
        let mut open = vec![self.open(0, 0, rows, total, histograms)];
        let mut leaves = 1;
        while leaves < self.limits.leaves {
            let gain = |leaf: &Open| leaf.best.map_or(0.0, |b| b.gain);
            let Some(most) = open.iter().map(gain).reduce(f64::max).filter(|&g| g > 0.0) else {
                break;
            };
            let Some(at) = open.iter().position(|leaf| gain(leaf) == most) else { break };
            let leaf = open.remove(at);
            let Some(best) = leaf.best else { break };
            let (left, right) = (nodes.len(), nodes.len() + 1);
            let [first, second] = self.split(leaf, best, [left, right], &mut nodes);
            nodes.push(Node::Leaf(self.leaf(first.total, rate)));
            nodes.push(Node::Leaf(self.leaf(second.total, rate)));
            open.push(first);
            open.push(second);
            leaves += 1;
        }
        Tree { nodes }
    }

    fn leaf(&self, total: Cell, rate: f64) -> f64 {
        // Without a ridge, rows that are all but certain have no weight and an endless step.
        let step = -total.gradient / (total.weight + self.limits.ridge).max(f64::MIN_POSITIVE);
        rate * step.clamp(-20.0, 20.0)
    }

    fn cell(&self, row: u32) -> Cell {
        let at = |x: &[f64]| x.get(row as usize).copied().unwrap_or(0.0);
        Cell { gradient: at(self.gradients), weight: at(self.weights), rows: 1.0 }
    }

    fn split(&self, leaf: Open, best: Candidate, ids: [usize; 2], nodes: &mut [Node]) -> [Open; 2] {
        let bins: &[u8] = self.binned.columns.get(best.column).map_or(&[], |c| c);
        let (left, right): (Vec<u32>, Vec<u32>) = leaf.rows.iter().partition(|&&row| {
            let bin = bins.get(row as usize).copied().unwrap_or(MISSING);
            best.rule.goes_left(bin, best.missing_left)
        });
        if let Some(slot) = nodes.get_mut(leaf.node) {
            *slot = Node::Fork {
                column: best.column,
                rule: best.rule,
                missing_left: best.missing_left,
                left: ids[0],
                right: ids[1],
            };
        }
        // Only the smaller side is counted; the larger is the parent less the smaller.
        let left_smaller = left.len() <= right.len();
        let counted = self.histograms(if left_smaller { &left } else { &right });
        let mut rest = leaf.histograms;
        for (mine, theirs) in rest.iter_mut().zip(&counted) {
            for (cell, other) in mine.iter_mut().zip(theirs) {
                *cell = cell.minus(*other);
            }
        }
        let sum = |rows: &[u32]| rows.iter().fold(Cell::default(), |s, &r| s.plus(self.cell(r)));
        let (left_total, right_total) = (sum(&left), sum(&right));
        let (a, b) = if left_smaller { (counted, rest) } else { (rest, counted) };
        let depth = leaf.depth + 1;
        [self.open(ids[0], depth, left, left_total, a), self.open(ids[1], depth, right, right_total, b)]
    }

    fn open(&self, node: usize, depth: usize, rows: Vec<u32>, total: Cell, histograms: Vec<Vec<Cell>>) -> Open {
        let splittable = depth < self.limits.depth && rows.len() >= 2 * self.limits.rows_per_leaf;
        let best = if splittable { self.best(total, &histograms) } else { None };
        Open { node, depth, rows, total, histograms, best }
    }

    fn histograms(&self, rows: &[u32]) -> Vec<Vec<Cell>> {
        let cells: Vec<Cell> = rows.iter().map(|&row| self.cell(row)).collect();
        self.columns
            .iter()
            .map(|&column| {
                let bins: &[u8] = self.binned.columns.get(column).map_or(&[], |c| c);
                let own = self.shape(column).bins;
                // A fixed length spares the bounds check in the hot loop: a bin is a byte.
                let mut all = [Cell::default(); 256];
                for (&row, cell) in rows.iter().zip(&cells) {
                    if let Some(&bin) = bins.get(row as usize)
                        && let Some(slot) = all.get_mut(bin as usize)
                    {
                        slot.gradient += cell.gradient;
                        slot.weight += cell.weight;
                        slot.rows += 1.0;
                    }
                }
                let missing = all.last().copied().unwrap_or_default();
                all.iter().take(own).copied().chain([missing]).collect()
            })
            .collect()
    }

    fn shape(&self, column: usize) -> Shape {
        self.binned.shapes.get(column).copied().unwrap_or(Shape { bins: 0, category: false })
    }

    /// The best split of a leaf; among equals the first column and the lowest bin.
    fn best(&self, total: Cell, histograms: &[Vec<Cell>]) -> Option<Candidate> {
        let mut best: Option<Candidate> = None;
        for (&column, histogram) in self.columns.iter().zip(histograms) {
            let Some((&missing, cells)) = histogram.split_last() else { continue };
            let scan = Scan { column, total, missing, limits: self.limits };
            let found = if self.shape(column).category { scan.levels(cells) } else { scan.numbers(cells) };
            if let Some(found) = found
                && best.is_none_or(|b| found.gain > b.gain)
            {
                best = Some(found);
            }
        }
        best
    }
}

/// The search for the best split of one column.
struct Scan {
    column: usize,
    total: Cell,
    missing: Cell,
    limits: Limits,
}

impl Scan {
    fn numbers(&self, cells: &[Cell]) -> Option<Candidate> {
        let order = cells.iter().copied().enumerate().filter(|(_, cell)| cell.rows > 0.5);
        let (at, missing_left, gain) = self.prefixes(order.clone(), self.limits.ridge)?;
        let (last, _) = order.clone().nth(at)?;
        Some(Candidate { gain, column: self.column, rule: Rule::UpTo(last as u8), missing_left })
    }

    /// The best set of levels: for a convex loss it is a prefix of the levels ordered by their mean
    /// gradient (Fisher 1958).
    fn levels(&self, cells: &[Cell]) -> Option<Candidate> {
        let mut order: Vec<(usize, Cell)> =
            cells.iter().copied().enumerate().filter(|(_, cell)| cell.rows > 0.5).collect();
        let extra = if order.len() > 4 { self.limits.level_ridge } else { 0.0 };
        let mean = |cell: &Cell| cell.gradient / (cell.weight + extra).max(f64::MIN_POSITIVE);
        order.sort_by(|(i, a), (j, b)| mean(a).total_cmp(&mean(b)).then(i.cmp(j)));
        let present = order.iter().copied();
        let (at, missing_left, gain) = self.prefixes(present, self.limits.ridge + extra)?;
        let mut words = [0_u64; 4];
        let mut include = |bin: usize| {
            if let Some(word) = words.get_mut(bin / 64) {
                *word |= 1 << (bin % 64);
            }
        };
        order.iter().take(at + 1).for_each(|&(bin, _)| include(bin));
        if missing_left {
            // Levels that no row here has go where the missing cells go.
            cells.iter().enumerate().filter(|(_, c)| c.rows < 0.5).for_each(|(bin, _)| include(bin));
        }
        Some(Candidate { gain, column: self.column, rule: Rule::Levels(words), missing_left })
    }

    /// The best prefix of the ordered bins to send left: its last position, whether missing cells join
    /// it, and the gain. Without missing cells their side is that of more rows.
    fn prefixes(&self, order: impl Iterator<Item = (usize, Cell)>, ridge: f64) -> Option<(usize, bool, f64)> {
        let parent = self.total.score(self.limits.ridge);
        let has_missing = self.missing.rows > 0.5;
        let least = self.limits.rows_per_leaf as f64 - 0.5;
        let mut best: Option<(usize, bool, f64)> = None;
        let mut without = Cell::default();
        for (at, (_, cell)) in order.enumerate() {
            without = without.plus(cell);
            for missing_left in [false, true] {
                if missing_left && !has_missing {
                    continue;
                }
                let left = if missing_left { without.plus(self.missing) } else { without };
                let right = self.total.minus(left);
                let light = left.weight.min(right.weight) < self.limits.weight_per_leaf;
                if left.rows.min(right.rows) < least || light {
                    continue;
                }
                let gain = left.score(ridge) + right.score(ridge) - parent;
                if gain > best.map_or(1e-10, |b| b.2) {
                    let side = if has_missing { missing_left } else { left.rows > right.rows };
                    best = Some((at, side, gain));
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { leaves: 4, depth: 8, rows_per_leaf: 1, weight_per_leaf: 0.0, ridge: 0.0, level_ridge: 10.0 };

    fn grow(column: Vec<u8>, shape: Shape, gradients: &[f64], limits: Limits) -> Vec<f64> {
        let rows = column.len();
        let binned = Binned { columns: vec![column], shapes: vec![shape], rows };
        let weights = vec![1.0; rows];
        let ground = Ground { binned: &binned, columns: &[0], gradients, weights: &weights, limits };
        let tree = ground.grow((0..rows as u32).collect(), 1.0);
        let mut values = Vec::new();
        tree.walk(&binned, |_, v| values.push(v));
        values
    }

    #[test]
    fn missing_cells_learn_their_side() {
        let shape = Shape { bins: 3, category: false };
        let limits = Limits { leaves: 2, ..LIMITS };
        let gradients = [1.0, 1.0, -1.0, -1.0, 1.0];
        let values = grow(vec![0, 1, 2, 2, MISSING], shape, &gradients, limits);
        assert_eq!(values, [-1.0, -1.0, 1.0, 1.0, -1.0]);
        let values = grow(vec![0, 1, 2, 2, MISSING], shape, &[1.0, 1.0, -1.0, -1.0, -1.0], limits);
        assert_eq!(values, [-1.0, -1.0, 1.0, 1.0, 1.0]);
        let values = grow(vec![0, 1, 2, 2, MISSING], shape, &[1.0, 1.0, 1.0, 1.0, -4.0], limits);
        assert_eq!(values, [-1.0, -1.0, -1.0, -1.0, 4.0]);
    }

    #[test]
    fn levels_of_either_kind_part_in_one_split() {
        let shape = Shape { bins: 4, category: true };
        let limits = Limits { leaves: 2, ..LIMITS };
        let gradients = [1.0, -1.0, 1.0, -1.0];
        assert_eq!(grow(vec![0, 1, 2, 3], shape, &gradients, limits), [-1.0, 1.0, -1.0, 1.0]);
    }

    #[test]
    fn limits_hold() {
        let shape = Shape { bins: 4, category: false };
        let gradients = [1.0, 2.0, 3.0, 4.0];
        let root = Limits { rows_per_leaf: 3, ..LIMITS };
        assert_eq!(grow(vec![0, 1, 2, 3], shape, &gradients, root), [-2.5; 4]);
        let stump = Limits { depth: 1, ..LIMITS };
        assert_eq!(grow(vec![0, 1, 2, 3], shape, &gradients, stump), [-1.5, -1.5, -3.5, -3.5]);
        assert_eq!(grow(vec![0, 1, 2, 3], shape, &gradients, LIMITS), [-1.0, -2.0, -3.0, -4.0]);
        let flat = Limits { depth: 0, ..LIMITS };
        assert_eq!(grow(vec![0, 1, 2, 3], shape, &[1.0; 4], flat), [-1.0; 4]);
    }
}
