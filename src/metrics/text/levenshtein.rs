//! Levenshtein's distance by bits, 64 characters at a time (Myers 1999; Hyyrö 2003).

use super::lcs::Places;

/// Fewest insertions, deletions and substitutions of characters that turn one text into the other.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b) = numbered(a, b);
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    if a.is_empty() {
        return b.len();
    }
    let mut places = Places::default();
    // How the distance changes from each character of `b` to the next, in the row above the strip: by 1 at the top.
    let mut changes = vec![1_i8; b.len()];
    let mut distance = a.len() as i64;
    for (at, strip) in a.chunks(64).enumerate() {
        places.set(strip);
        let last = 1_u64 << (strip.len() - 1);
        let bottom = (at + 1) * 64 >= a.len();
        let (mut up, mut down) = (u64::MAX, 0_u64);
        for (token, change) in b.iter().zip(&mut changes) {
            let equal = places.of(*token).map_or(0, |set| set[0]);
            let vertical = equal | down;
            let equal = equal | u64::from(*change < 0);
            let horizontal = ((equal & up).wrapping_add(up) ^ up) | equal;
            let mut more = down | !(horizontal | up);
            let mut less = up & horizontal;
            let below = i8::from(more & last != 0) - i8::from(less & last != 0);
            more = more << 1 | u64::from(*change > 0);
            less = less << 1 | u64::from(*change < 0);
            up = less | !(vertical | more);
            down = more & vertical;
            *change = below;
            if bottom {
                distance += i64::from(below);
            }
        }
    }
    usize::try_from(distance).unwrap_or(0)
}

/// Characters as small numbers: ASCII as it is, the others in their order after it.
fn numbered(a: &str, b: &str) -> (Vec<u32>, Vec<u32>) {
    let mut others: Vec<char> = a.chars().chain(b.chars()).filter(|c| !c.is_ascii()).collect();
    others.sort_unstable();
    others.dedup();
    let number = |c: char| if c.is_ascii() { u32::from(c) } else { 128 + others.partition_point(|o| *o < c) as u32 };
    (a.chars().map(number).collect(), b.chars().map(number).collect())
}

#[cfg(test)]
mod tests {
    use super::edit_distance;

    #[test]
    fn edits_are_counted_in_characters() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", ""), 3);
        assert_eq!(edit_distance("", ""), 0);
        assert_eq!(edit_distance("naïve", "naive"), 1);
        assert_eq!(edit_distance("患者👩", "👩患者"), 2);
    }

    #[test]
    fn distances_by_bits_are_those_of_the_table() {
        let mut seed = 11_u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for _ in 0..80 {
            let mut text = || (0..next(200)).map(|_| ['a', 'b', 'ç', '患'][next(4) as usize]).collect::<Vec<char>>();
            let (a, b) = (text(), text());
            let mut row: Vec<usize> = (0..=b.len()).collect();
            for (i, x) in a.iter().enumerate() {
                let mut corner = i;
                row[0] = i + 1;
                for (j, y) in b.iter().enumerate() {
                    let cell = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
                    corner = row[j + 1];
                    row[j + 1] = cell;
                }
            }
            let text = |t: &[char]| t.iter().collect::<String>();
            assert_eq!(edit_distance(&text(&a), &text(&b)), row[b.len()], "{a:?} {b:?}");
        }
    }
}
