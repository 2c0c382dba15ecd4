//! Junction trees: exact marginals of a product of small tables.
//!
//! Sets of columns are joined into cliques along a min-fill order of elimination, the cliques into a tree of largest
//! separators (Lauritzen and Spiegelhalter 1988; Koller and Friedman 2009, chapters 9 and 10). Tables are dense, the
//! last column running fastest. Knows columns by their place and their number of codes only.

/// Cells of a table over `columns`.
pub fn cells(columns: &[usize], sizes: &[usize]) -> usize {
    columns.iter().map(|c| sizes[*c]).product()
}

/// For each cell of a table over `from`, its cell in the table over `to`, whose columns are all in `from`. Both ascend.
pub fn projection(from: &[usize], to: &[usize], sizes: &[usize]) -> Vec<u32> {
    let mut stride = vec![0_usize; from.len()];
    let mut next = 1;
    for column in to.iter().rev() {
        if let Some(at) = from.iter().position(|f| f == column) {
            stride[at] = next;
        }
        next *= sizes[*column];
    }
    let mut out = vec![0_u32];
    for (column, stride) in from.iter().zip(&stride) {
        let size = sizes[*column];
        let mut wider = Vec::with_capacity(out.len() * size);
        for base in &out {
            wider.extend((0..size).map(|k| base + (k * stride) as u32));
        }
        out = wider;
    }
    out
}

/// Sums of the cells of `table` that `map` puts together.
pub fn summed(table: &[f64], map: &[u32], size: usize) -> Vec<f64> {
    let mut out = vec![0.0; size];
    for (x, to) in table.iter().zip(map) {
        out[*to as usize] += x;
    }
    out
}

/// What one clique tells the next.
#[derive(Debug, Clone)]
pub struct Link {
    pub child: usize,
    pub parent: usize,
    /// Columns that both have.
    pub shared: Vec<usize>,
    child_map: Vec<u32>,
    parent_map: Vec<u32>,
    size: usize,
}

/// A tree of cliques.
#[derive(Debug, Clone)]
pub struct Junction {
    pub sizes: Vec<usize>,
    /// Each ascending; every column is in one at least.
    pub cliques: Vec<Vec<usize>>,
    /// Parents come before their children; the first clique is the root.
    pub links: Vec<Link>,
}

impl Junction {
    /// The tree in which each of `sets` lies within a clique; columns of no set stand alone.
    pub fn over(sets: &[Vec<usize>], sizes: &[usize]) -> Junction {
        let cliques = cliques(sets, sizes);
        let links = tree(&cliques)
            .into_iter()
            .map(|(child, parent)| {
                let shared: Vec<usize> =
                    cliques[child].iter().copied().filter(|c| cliques[parent].contains(c)).collect();
                Link {
                    child,
                    parent,
                    child_map: projection(&cliques[child], &shared, sizes),
                    parent_map: projection(&cliques[parent], &shared, sizes),
                    size: cells(&shared, sizes),
                    shared,
                }
            })
            .collect();
        Junction { sizes: sizes.to_vec(), cliques, links }
    }

    /// Cells of all cliques of the tree over `sets`, and of the largest, without making it.
    pub fn cost(sets: &[Vec<usize>], sizes: &[usize]) -> (f64, f64) {
        let product = |c: &Vec<usize>| c.iter().map(|c| sizes[*c] as f64).product::<f64>();
        let all: Vec<f64> = cliques(sets, sizes).iter().map(product).collect();
        (all.iter().sum(), all.iter().copied().fold(0.0, f64::max))
    }

    /// The smallest clique that has all of `set`.
    pub fn home(&self, set: &[usize]) -> Option<usize> {
        let holds = |c: &usize| set.iter().all(|s| self.cliques[*c].contains(s));
        (0..self.cliques.len()).filter(holds).min_by_key(|c| cells(&self.cliques[*c], &self.sizes))
    }

    /// The marginals of the cliques when the joint distribution is in proportion to the product of `tables`, one a
    /// clique and not negative; none where that product is 0 everywhere.
    pub fn calibrate(&self, mut tables: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
        for link in self.links.iter().rev() {
            let mut up = summed(&tables[link.child], &link.child_map, link.size);
            // Scaled, so that long trees neither overflow nor vanish.
            let most = up.iter().copied().fold(0.0, f64::max);
            if most <= 0.0 || !most.is_finite() {
                return None;
            }
            up.iter_mut().for_each(|x| *x /= most);
            for (x, s) in tables[link.parent].iter_mut().zip(&link.parent_map) {
                *x *= up[*s as usize];
            }
        }
        let root = tables.first_mut()?;
        let total = root.iter().sum::<f64>();
        if total <= 0.0 || !total.is_finite() {
            return None;
        }
        root.iter_mut().for_each(|x| *x /= total);
        for link in &self.links {
            let want = summed(&tables[link.parent], &link.parent_map, link.size);
            let have = summed(&tables[link.child], &link.child_map, link.size);
            let ratio: Vec<f64> = want.iter().zip(&have).map(|(w, h)| if *h > 0.0 { w / h } else { 0.0 }).collect();
            for (x, s) in tables[link.child].iter_mut().zip(&link.child_map) {
                *x *= ratio[*s as usize];
            }
        }
        Some(tables)
    }

    /// Marginals of `column` with each other column, from calibrated `tables`: for each clique the table over
    /// (`column`, clique), as `size x cells` numbers; `visit` sees them one after the other.
    pub fn beside(&self, tables: &[Vec<f64>], column: usize, mut visit: impl FnMut(usize, &[f64])) {
        let Some(start) = self.home(&[column]) else { return };
        let size = self.sizes[column];
        let own = projection(&self.cliques[start], &[column], &self.sizes);
        let mut first = vec![0.0; size * own.len()];
        for (cell, (x, code)) in tables[start].iter().zip(&own).enumerate() {
            first[*code as usize * own.len() + cell] = *x;
        }
        visit(start, &first);
        let mut stack = vec![(start, usize::MAX, first)];
        while let Some((at, from, table)) = stack.pop() {
            for link in &self.links {
                let (next, here, there) = if link.parent == at {
                    (link.child, &link.parent_map, &link.child_map)
                } else if link.child == at {
                    (link.parent, &link.child_map, &link.parent_map)
                } else {
                    continue;
                };
                if next == from {
                    continue;
                }
                let have = summed(&tables[next], there, link.size);
                let width = tables[next].len();
                let mut out = vec![0.0; size * width];
                for (row, into) in table.chunks_exact(here.len()).zip(out.chunks_exact_mut(width)) {
                    let told = summed(row, here, link.size);
                    for ((x, p), s) in into.iter_mut().zip(&tables[next]).zip(there) {
                        let base = have[*s as usize];
                        *x = if base > 0.0 { p * told[*s as usize] / base } else { 0.0 };
                    }
                }
                visit(next, &out);
                stack.push((next, at, out));
            }
        }
    }
}

/// Maximal cliques of the graph of `sets` made chordal, in the order of their elimination.
fn cliques(sets: &[Vec<usize>], sizes: &[usize]) -> Vec<Vec<usize>> {
    let n = sizes.len();
    let mut near = vec![vec![false; n]; n];
    for set in sets {
        for a in set {
            for b in set {
                near[*a][*b] = a != b;
            }
        }
    }
    let mut left: Vec<usize> = (0..n).collect();
    let mut out: Vec<Vec<usize>> = Vec::new();
    while !left.is_empty() {
        let mut best: Option<(usize, f64, usize)> = None;
        for &v in &left {
            let around: Vec<usize> = left.iter().copied().filter(|u| near[v][*u]).collect();
            let mut fill = 0;
            for (i, a) in around.iter().enumerate() {
                fill += around[i + 1..].iter().filter(|b| !near[*a][**b]).count();
            }
            let size = around.iter().map(|u| sizes[*u] as f64).product::<f64>() * sizes[v] as f64;
            let better =
                best.is_none_or(|(f, s, u)| (fill, size, v) < (f, s, u) && (fill < f || fill == f && size < s));
            if better {
                best = Some((fill, size, v));
            }
        }
        let Some((_, _, v)) = best else { break };
        let mut clique: Vec<usize> = left.iter().copied().filter(|u| near[v][*u]).collect();
        for a in &clique {
            for b in &clique {
                near[*a][*b] = a != b;
            }
        }
        clique.push(v);
        clique.sort_unstable();
        left.retain(|u| *u != v);
        if !out.iter().any(|c| clique.iter().all(|v| c.contains(v))) {
            out.push(clique);
        }
    }
    out
}

/// A spanning tree of largest separators, by Prim from the first clique: (child, parent), parents first.
fn tree(cliques: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let shared = |a: usize, b: usize| cliques[a].iter().filter(|c| cliques[b].contains(c)).count();
    let mut links = Vec::new();
    // For each clique outside the tree, its best neighbour inside.
    let mut best: Vec<Option<(usize, usize)>> =
        (0..cliques.len()).map(|c| (c > 0).then(|| (shared(c, 0), 0))).collect();
    while let Some((child, (_, parent))) = best
        .iter()
        .enumerate()
        .filter_map(|(c, b)| b.map(|b| (c, b)))
        .max_by(|a, b| a.1.0.cmp(&b.1.0).then(b.0.cmp(&a.0)))
    {
        links.push((child, parent));
        best[child] = None;
        for (c, b) in best.iter_mut().enumerate() {
            if let Some((size, at)) = b {
                let with = shared(c, child);
                if with > *size {
                    (*size, *at) = (with, child);
                }
            }
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A joint table of five columns as the product of pseudo-random tables over `sets`, by brute force.
    fn joint(sets: &[Vec<usize>], sizes: &[usize], table: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let all: Vec<usize> = (0..sizes.len()).collect();
        let mut out = vec![1.0; cells(&all, sizes)];
        for (s, set) in sets.iter().enumerate() {
            let map = projection(&all, set, sizes);
            out.iter_mut().zip(&map).for_each(|(x, c)| *x *= table(s, *c as usize));
        }
        let total: f64 = out.iter().sum();
        out.iter().map(|x| x / total).collect()
    }

    fn weight(s: usize, c: usize) -> f64 {
        0.1 + ((s * 7 + c * 13 + s * c * 5) % 17) as f64
    }

    #[test]
    fn marginals_are_those_of_the_whole_joint_table() {
        let sizes = [2, 3, 4, 2, 3];
        // A loop, which the tree has to close, and a column that stands alone.
        let sets: Vec<Vec<usize>> = vec![vec![0, 1], vec![1, 2], vec![2, 3], vec![0, 3], vec![4]];
        let all: Vec<usize> = (0..5).collect();
        let want = joint(&sets, &sizes, weight);
        let tree = Junction::over(&sets, &sizes);
        let mut tables: Vec<Vec<f64>> = tree.cliques.iter().map(|c| vec![1.0; cells(c, &sizes)]).collect();
        for (s, set) in sets.iter().enumerate() {
            let home = tree.home(set).unwrap();
            let map = projection(&tree.cliques[home], set, &sizes);
            tables[home].iter_mut().zip(&map).for_each(|(x, c)| *x *= weight(s, *c as usize));
        }
        let tables = tree.calibrate(tables).unwrap();
        let close = |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        for (clique, table) in tree.cliques.iter().zip(&tables) {
            assert!(close(table, &summed(&want, &projection(&all, clique, &sizes), table.len())));
        }
        let mut pairs = 0;
        for column in 0..5 {
            tree.beside(&tables, column, |clique, table| {
                let members = &tree.cliques[clique];
                let width = cells(members, &sizes);
                for other in members.iter().filter(|m| **m > column) {
                    let map = projection(members, &[*other], &sizes);
                    let got: Vec<f64> =
                        table.chunks_exact(width).flat_map(|row| summed(row, &map, sizes[*other])).collect();
                    let want = summed(&want, &projection(&all, &[column, *other], &sizes), got.len());
                    assert!(close(&got, &want), "{column} {other}");
                    pairs += 1;
                }
            });
        }
        assert!(pairs >= 10, "every pair was seen: {pairs}");
        assert!(Junction::cost(&sets, &sizes).0 >= tables.iter().map(Vec::len).sum::<usize>() as f64);
        assert!(tree.calibrate(tables.iter().map(|t| vec![0.0; t.len()]).collect()).is_none());
    }

    #[test]
    fn projections_count_through_the_columns() {
        assert_eq!(projection(&[0, 1], &[1], &[2, 3]), [0, 1, 2, 0, 1, 2]);
        assert_eq!(projection(&[0, 1], &[0], &[2, 3]), [0, 0, 0, 1, 1, 1]);
        assert_eq!(projection(&[1, 0], &[0, 1], &[2, 3]), [0, 3, 1, 4, 2, 5], "columns may come in another order");
        assert_eq!(projection(&[0], &[], &[2]), [0, 0]);
    }
}
