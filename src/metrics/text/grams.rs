//! How many n-grams texts share, of all orders at once.
//!
//! Each text becomes the runs of tokens that start at its places, packed into integers and sorted once. The n-grams
//! are the first n tokens of the runs, in the same order; those that two texts share are counted by walking along
//! both.

/// For n = 1 to `orders`: the n-grams of `text`, each counted at most as often as the one of `others` has it that
/// has it most often.
pub fn shared(text: &[u32], others: &[&[u32]], orders: usize) -> Vec<usize> {
    if orders == 0 {
        return Vec::new();
    }
    let most = others.iter().flat_map(|s| s.iter()).chain(text).max().copied().unwrap_or(0);
    // Tokens are counted from 2 on; 0 and 1 stand behind the end.
    let bits = 64 - (u64::from(most) + 2).leading_zeros();
    match orders as u32 * bits {
        0..=64 => {
            let keep = u64::MAX << (64 - orders as u32 * bits);
            let field = |token: u64| token << (64 - bits);
            let runs = |text: &[u32], end: u64| -> Vec<u64> {
                let mut next = (0..orders).fold(0, |next, _| field(end) | (next >> bits));
                let run = |t: &u32| {
                    next = (field(u64::from(*t) + 2) | (next >> bits)) & keep;
                    next
                };
                sorted(text.iter().rev().map(run))
            };
            let others: Vec<Vec<u64>> = others.iter().map(|o| runs(o, 1)).collect();
            by_order(&runs(text, 0), &others, orders, |n| move |run| run >> (64 - n as u32 * bits))
        }
        65..=128 => {
            let keep = u128::MAX << (128 - orders as u32 * bits);
            let field = |token: u128| token << (128 - bits);
            let runs = |text: &[u32], end: u128| -> Vec<u128> {
                let mut next = (0..orders).fold(0, |next, _| field(end) | (next >> bits));
                let run = |t: &u32| {
                    next = (field(u128::from(*t) + 2) | (next >> bits)) & keep;
                    next
                };
                sorted(text.iter().rev().map(run))
            };
            let others: Vec<Vec<u128>> = others.iter().map(|o| runs(o, 1)).collect();
            by_order(&runs(text, 0), &others, orders, |n| move |run| run >> (128 - n as u32 * bits))
        }
        _ => {
            let whole = |n: usize| {
                let others: Vec<Vec<&[u32]>> = others.iter().map(|o| sorted(o.windows(n))).collect();
                common(&sorted(text.windows(n)), &most_of(&others, |g| g), |g| g)
            };
            (1..=orders).map(whole).collect()
        }
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut out: Vec<T> = items.collect();
    out.sort_unstable();
    out
}

/// `cut(n)` makes n-grams of runs.
fn by_order<T: Copy + Ord, C: Fn(T) -> T>(
    text: &[T],
    others: &[Vec<T>],
    orders: usize,
    cut: impl Fn(usize) -> C,
) -> Vec<usize> {
    let of = |n| match others {
        [only] => common(text, only, cut(n)),
        several => common(&text.iter().copied().map(cut(n)).collect::<Vec<T>>(), &most_of(several, cut(n)), |g| g),
    };
    (1..=orders).map(of).collect()
}

/// How many items both lists have, each as often as the list that has it less often. The steps are free of
/// branches, since which list is behind cannot be guessed.
fn common<T: Copy + Ord>(a: &[T], b: &[T], cut: impl Fn(T) -> T) -> usize {
    let (mut i, mut j, mut out) = (0, 0, 0);
    while let (Some(&x), Some(&y)) = (a.get(i), b.get(j)) {
        let (x, y) = (cut(x), cut(y));
        out += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    out
}

/// The items of all lists, each as often as the list that has it most often.
fn most_of<T: Copy + Ord>(lists: &[Vec<T>], cut: impl Fn(T) -> T) -> Vec<T> {
    let mut out: Vec<T> = Vec::new();
    for list in lists {
        let mut both = Vec::with_capacity(out.len() + list.len());
        let (mut i, mut j) = (0, 0);
        loop {
            let (x, y) = (out.get(i).copied(), list.get(j).map(|y| cut(*y)));
            let (Some(least), a, b) = (match (x, y) {
                (Some(x), Some(y)) => (Some(x.min(y)), x <= y, y <= x),
                (x, y) => (x.or(y), x.is_some(), y.is_some()),
            }) else {
                break;
            };
            both.push(least);
            i += usize::from(a);
            j += usize::from(b);
        }
        out = both;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::shared;
    use std::collections::BTreeMap;

    /// The definition.
    fn counted(text: &[u32], others: &[&[u32]], orders: usize) -> Vec<usize> {
        let tally = |text: &[u32], n| {
            let mut out: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
            text.windows(n).for_each(|w| *out.entry(w.to_vec()).or_insert(0) += 1);
            out
        };
        let of = |n| {
            let others: Vec<_> = others.iter().map(|o| tally(o, n)).collect();
            let most = |gram: &Vec<u32>| others.iter().filter_map(|o| o.get(gram)).max().copied().unwrap_or(0);
            tally(text, n).iter().map(|(gram, count)| most(gram).min(*count)).sum()
        };
        (1..=orders).map(of).collect()
    }

    #[test]
    fn shared_grams_are_those_of_the_definition() {
        let mut seed = 3_u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for round in 0..400_u64 {
            // Alphabets and orders for all three ways to keep a run.
            let (letters, top) = [(2, 2), (5, 5), (9, 70_000), (4, u32::MAX)][(round % 4) as usize];
            let orders = [1, 2, 4, 6, 13][next(5) as usize];
            let mut text = || -> Vec<u32> { (0..next(40)).map(|_| top - next(letters) as u32).collect() };
            let (a, b, c) = (text(), text(), text());
            assert_eq!(shared(&a, &[&b], orders), counted(&a, &[&b], orders), "{a:?} {b:?} {orders}");
            let three: [&[u32]; 3] = [&b, &c, &a[..a.len() / 2]];
            assert_eq!(shared(&a, &three, orders), counted(&a, &three, orders), "{a:?} {b:?} {c:?} {orders}");
            assert_eq!(shared(&a, &[], orders), vec![0; orders]);
        }
    }
}
