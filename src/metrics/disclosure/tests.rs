//! Classes by key against plain grouping, on tables that are counted and tables that are sorted.

use super::*;
use crate::metrics::resampling::{Lane, below, stream};
use std::collections::BTreeMap;

fn column(rows: usize, values: usize, step: u32, ordered: bool, seed: u64) -> Codes<'static> {
    let mut rng = stream(seed, Lane::Draw, values);
    Codes { codes: (0..rows).map(|_| below(&mut rng, values) as u32 * step).collect::<Vec<_>>().into(), ordered }
}

fn grouped(quasi: &[Codes]) -> Vec<Vec<usize>> {
    let mut out: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    for row in 0..quasi[0].codes.len() {
        out.entry(quasi.iter().map(|c| c.codes[row]).collect()).or_default().push(row);
    }
    out.into_values().collect()
}

/// The answers by their definitions, over every value of the table.
fn plainly(quasi: &[Codes], column: &Codes, question: Question) -> f64 {
    let mut values = column.codes.to_vec();
    values.sort_unstable();
    values.dedup();
    let share =
        |rows: &[usize], v: u32| rows.iter().filter(|r| column.codes[**r] == v).count() as f64 / rows.len() as f64;
    let all: Vec<usize> = (0..column.codes.len()).collect();
    let p: Vec<f64> = values.iter().map(|v| share(&all, *v)).collect();
    let of = |rows: &Vec<usize>| {
        let q: Vec<f64> = values.iter().map(|v| share(rows, *v)).collect();
        let pairs = || q.iter().zip(&p).map(|(q, p)| (*q, *p));
        match question {
            Question::Alpha => q.iter().copied().fold(0.0, f64::max),
            Question::Distinct => q.iter().filter(|q| **q > 0.0).count() as f64,
            Question::Entropy => {
                std::f64::consts::E.powf(-q.iter().filter(|q| **q > 0.0).map(|q| q * q.ln()).sum::<f64>()).floor()
            }
            Question::Closeness if column.ordered => {
                let mut carried = 0.0;
                let step = |(q, p): (f64, f64)| {
                    carried += q - p;
                    f64::abs(carried)
                };
                pairs().map(step).sum::<f64>() / (values.len() - 1) as f64
            }
            Question::Closeness => pairs().map(|(q, p)| (q - p).abs()).sum::<f64>() / 2.0,
            Question::Beta => pairs().map(|(q, p)| (q - p) / p).fold(0.0, f64::max),
            Question::Delta => pairs().filter(|(q, _)| *q > 0.0).map(|(q, p)| (q / p).ln().abs()).fold(0.0, f64::max),
        }
    };
    let answers = grouped(quasi).iter().map(of).collect::<Vec<f64>>();
    match question {
        Question::Distinct | Question::Entropy => answers.into_iter().fold(f64::INFINITY, f64::min),
        _ => answers.into_iter().fold(f64::NEG_INFINITY, f64::max),
    }
}

const QUESTIONS: [Question; 6] =
    [Question::Alpha, Question::Distinct, Question::Entropy, Question::Closeness, Question::Beta, Question::Delta];

#[test]
fn counted_and_sorted_tables_give_the_plain_answers() {
    // Few keys, many keys, and keys that do not fit into 64 bits.
    for (step, columns) in [(1, 2), (1_000, 2), (1 << 28, 4)] {
        for ordered in [false, true] {
            let quasi: Vec<Codes> = (0..columns).map(|i| column(300, 3 + i, step, false, 1)).collect();
            let secret = column(300, 7, step.min(100_000), ordered, 2);
            let sizes: Vec<usize> = grouped(&quasi).iter().map(Vec::len).collect();
            let e = k_anonymity(&quasi, 4).unwrap();
            assert_eq!(e.value, *sizes.iter().min().unwrap() as f64);
            assert_eq!(e.part("classes"), Some(sizes.len() as f64));
            assert_eq!(e.part("rows_below"), Some(sizes.iter().filter(|s| **s < 4).sum::<usize>() as f64));
            for question in QUESTIONS {
                let got = sensitive(&quasi, std::slice::from_ref(&secret), question).unwrap().value;
                let want = plainly(&quasi, &secret, question);
                assert!((got - want).abs() < 1e-12, "{question:?} {step}: {got} {want}");
            }
        }
    }
}

#[test]
fn numbers_become_ranks_by_table_and_by_sorting() {
    let whole = [3.0, -2.0, f64::NAN, 3.0, -0.0, 0.0];
    assert_eq!(*Codes::of_numbers(&whole).codes, [2, 0, 3, 2, 1, 1]);
    let far: Vec<f64> = whole.iter().map(|v| v * 1e12 + if *v > 0.0 { 0.5 } else { 0.0 }).collect();
    assert_eq!(*Codes::of_numbers(&far).codes, [2, 0, 3, 2, 1, 1]);
    // All lanes of a block: present and absent steps, NaN and halves at its end.
    let wide: Vec<f64> = (0..1000).map(|i| f64::from(i % 37 * 3 - 50)).collect();
    assert!(Codes::of_numbers(&wide).codes.iter().zip(0..).all(|(c, i)| *c == i % 37));
    let narrow: Vec<i16> = wide.iter().map(|v| *v as i16).collect();
    assert_eq!(Codes::of_numbers(&narrow), Codes::of_numbers(&wide));
    let mut half = wide.clone();
    half.push(0.5);
    assert_eq!(*Codes::of_numbers(&half).codes.last().unwrap(), 17);
    let odd = [f64::INFINITY, f64::NEG_INFINITY, 1e308, f64::NAN];
    assert_eq!(*Codes::of_numbers(&odd).codes, [2, 0, 1, 3]);
    assert!(Codes::of_numbers::<f64>(&[]).codes.is_empty());
    assert_eq!(*Codes::of_numbers(&[f64::NAN, f64::NAN]).codes, [0, 0]);
}

#[test]
fn threads_do_not_matter_and_refusals_are_plain() {
    let quasi = [column(50_000, 9, 1, false, 3), column(50_000, 11, 1, false, 4)];
    let secret = [column(50_000, 5, 1, true, 5)];
    let run = || (k_anonymity(&quasi, 5), sensitive(&quasi, &secret, Question::Distinct));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(run);
    assert_eq!(one, rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(run));
    assert_eq!(k_anonymity(&[], 5).unwrap_err().reason, "there are no quasi-identifiers");
    assert!(k_anonymity(&[column(0, 1, 1, false, 1)], 5).is_err());
    assert!(k_anonymity(&[column(3, 2, 1, false, 1), column(4, 2, 1, false, 1)], 5).is_err());
    assert!(sensitive(&quasi, &[], Question::Alpha).is_err());
}

#[test]
fn chances_to_find_a_person_in_a_population() {
    // Classes of the population: 4, 2 and 1 people, of whom 2, 1 and 0 are released.
    let quasi = [Codes { codes: vec![0, 0, 0, 0, 1, 1, 2].into(), ordered: false }];
    let released = [true, true, false, false, true, false, false];
    let e = population::k_map(&quasi, &released, 3).unwrap();
    assert_eq!((e.value, e.part("rows_below"), e.part("classes")), (2.0, Some(1.0), Some(2.0)));
    let e = population::journalist(&quasi, &released, 0.3).unwrap();
    // 2 classes by 6 people; rows 2/4 + 1/2 of 3.
    assert_eq!((e.value, e.part("mean"), e.part("above")), (0.5, Some(1.0 / 3.0), Some(1.0 / 3.0)));
    assert!((population::marketer(&quasi, &released).unwrap().value - 1.0 / 3.0).abs() < 1e-15);
    let e = population::prosecutor(&quasi, 0.3).unwrap();
    assert_eq!((e.value, e.part("mean"), e.part("above")), (1.0, Some(3.0 / 7.0), Some(3.0 / 7.0)));
    assert_eq!(population::uniqueness(&quasi).unwrap().value, 1.0 / 7.0);
    assert_eq!(population::marketer(&quasi, &[false; 7]).unwrap_err().reason, "there are no released rows");
    assert!(population::prosecutor(&quasi, f64::NAN).is_err());
    assert!(population::k_map(&quasi, &[true; 3], 3).is_err());
}
