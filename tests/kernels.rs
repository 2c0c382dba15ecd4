//! Every kernel with every kind of bad input: an answer or a reason, never a panic, never a NaN.

use dbf::builtins::{STD, kernels};
use dbf::check::{Base, Level, Levels, Program};
use dbf::eval::estimate::Interval;
use dbf::eval::{KernelArg, KernelArgs};
use dbf::source::SourceMap;
use dbf::syntax::ast::ExprKind;
use std::sync::Arc;

/// A small generator, the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// Mostly tame numbers, now and then one that breaks things.
    fn number(&mut self, wild: bool) -> f64 {
        if wild && self.below(12) == 0 {
            let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e308, -1e308, 5e-324, -0.0, 1e16, 3.5];
            return self.one(&bad);
        }
        self.one(&[0.0, 0.1, 0.25, 0.5, 0.5, 0.75, 0.9, 1.0, 0.3333])
    }
}

const WORDS: &[&str] = &[
    "macro",
    "micro",
    "weighted",
    "all",
    "positive",
    "left",
    "right",
    "torch",
    "torch32",
    "width",
    "mass",
    "l1",
    "l2",
    "max",
    "mean",
    "two-sided",
    "less",
    "greater",
    "nominal",
    "ordinal",
    "interval",
    "ratio",
    "exact",
    "asymptotic",
    "auto",
    "pratt",
    "zsplit",
    "wilcox",
    "between_groups",
    "to_overall",
    "keep",
    "refuse",
    "worst_case",
    "rest",
    "pairs",
    "linear",
    "quadratic",
    "none",
    "exp",
    "floor",
    "add-k",
    "13a",
    "intl",
    "char",
    "zh",
    "1",
    "2",
    "L",
    "Lsum",
    "1k",
    "2k",
    "3k",
    "3",
    "holm",
    "hommel",
    "by",
    "bh",
    "hochberg",
    "sidak",
    "holm-sidak",
    "bonferroni",
    "jeffreys",
    "clopper_pearson",
    "agresti_coull",
    "normal",
    "precision",
    "false_positive_rate",
    "count",
    "nearest",
    "density",
    "same_visit",
    "sequential",
    "nonsense",
    "",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "The patient was well.",
    "K+ 6.8 mmol/L, 1,000 mg",
    "患者入院。",
    "\u{1c}x\u{85}y",
    "İ ß K",
    "👩‍⚕️ ½",
    "a a a a a a",
    "&quot;x&quot; -\n y",
    "1,2,3.4.5-6",
    "sky skies dying eed ied yyy",
];

fn column(dice: &mut Dice, of: &Base, rows: u64, wild: bool) -> KernelArg {
    let rows = if wild && dice.below(25) == 0 { rows + 1 } else { rows };
    match of {
        Base::Bool => KernelArg::Bools((0..rows).map(|_| dice.below(2) == 0).collect()),
        Base::Text => KernelArg::Texts(
            (0..rows).map(|_| (!wild || dice.below(9) > 0).then(|| dice.one(TEXTS).to_string())).collect(),
        ),
        Base::AnyCategory | Base::Category(_) => {
            // Now and then the parts of a pooled table.
            let names: Vec<String> = match dice.below(3) {
                0 => ["train", "synthetic", "holdout"].map(String::from).to_vec(),
                _ => (0..1 + dice.below(4)).map(|i| format!("c{i}")).collect(),
            };
            let code = |dice: &mut Dice| match wild && dice.below(20) == 0 {
                true => dice.one(&[u32::MAX, 99]),
                false => dice.below(names.len() as u64) as u32,
            };
            let codes = (0..rows).map(|_| code(dice)).collect();
            KernelArg::Levels(codes, Arc::new(Levels { column: "c".into(), names }))
        }
        _ => KernelArg::Numbers((0..rows).map(|_| dice.number(wild)).collect()),
    }
}

/// Kernels with a level among their parameters, which they keep.
const OWN_LEVEL: [&str; 5] = ["bootstrap_mean", "bootstrap_rate", "bootstrap_auroc", "odds_ratio", "proportion"];

/// A 90 % interval lies inside the 95 % one.
fn nested(name: &str, wide: &Interval, narrow: &Interval) {
    if OWN_LEVEL.contains(&name) {
        assert_eq!(narrow, wide, "{name}");
        return;
    }
    assert_eq!((wide.level, narrow.level), (0.95, 0.9), "{name}");
    let slack = 1e-12 * (wide.hi - wide.lo).abs().max(1.0);
    assert!(wide.lo <= narrow.lo + slack && narrow.hi <= wide.hi + slack, "{name}: {narrow:?} not in {wide:?}");
}

#[test]
fn no_input_breaks_a_kernel() {
    let program = Program::bare(&mut SourceMap::default(), STD).program;
    let table = kernels();
    let (mut answers, mut refusals, mut seen) = (0, 0, 0);
    let mut silent = Vec::new();
    let mut levelled = std::collections::BTreeSet::new();
    for f in program.functions.iter().filter(|f| f.decl.body.is_none()) {
        let name = f.decl.name.name.as_str();
        let kernel = table.find(name).unwrap();
        let mut own = 0;
        for seed in 0..300_u64 {
            let mut dice = Dice(seed * 7919 + name.len() as u64);
            // A third of the inputs is well-formed.
            let wild = seed % 3 != 0;
            let rows = if wild { dice.below(7) } else { 4 + dice.below(9) };
            let mut args = Vec::new();
            for (param, ty) in f.decl.params.iter().zip(&f.params) {
                let default = param.default.as_ref().map(|d| &d.kind);
                args.push(match (&ty.base, ty.level, default) {
                    (Base::List(of), _, _) => {
                        let width = if wild { dice.below(4) } else { 3 };
                        if **of == Base::Prob && !wild {
                            // Probabilities of three classes, which add up to 1.
                            let shares =
                                (0..rows).map(|_| dice.one(&[[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1]]));
                            let shares: Vec<[f64; 3]> = shares.collect();
                            let of = |c: usize| KernelArg::Numbers(shares.iter().map(|s| s[c]).collect());
                            KernelArg::Columns(vec![of(0), of(1), of(2)])
                        } else {
                            KernelArg::Columns((0..width).map(|_| column(&mut dice, of, rows, wild)).collect())
                        }
                    }
                    (_, Level::Row, Some(_)) if dice.below(2) == 0 => KernelArg::Number(1.0),
                    (of, Level::Row, _) => column(&mut dice, of, rows, wild),
                    (Base::Text, _, Some(ExprKind::Text(word))) if dice.below(3) > 0 => KernelArg::Text(word.clone()),
                    (Base::Text, _, _) => KernelArg::Text(dice.one(WORDS).to_string()),
                    (Base::Bool, _, _) => KernelArg::Text(dice.one(&["true", "false"]).to_string()),
                    (_, _, Some(ExprKind::Int(v))) if dice.below(3) > 0 => KernelArg::Number(*v as f64),
                    (_, _, Some(ExprKind::Real(v) | ExprKind::Percent(v))) if dice.below(3) > 0 => {
                        KernelArg::Number(*v)
                    }
                    _ if wild => KernelArg::Number(dice.one(&[
                        -1.0,
                        0.0,
                        1.0,
                        2.0,
                        0.5,
                        3.0,
                        f64::NAN,
                        f64::INFINITY,
                        1e9,
                        1e300,
                    ])),
                    _ => KernelArg::Number(dice.one(&[1.0, 2.0, 0.5])),
                });
            }
            let call = KernelArgs { args, shared: None, seed: 1, interval: (seed % 60 == 0).then_some(0.95) };
            match kernel.run(&call) {
                Ok(e) => {
                    assert!(!e.value.is_nan(), "{name} is NaN for {call:?}");
                    if let Some(i) = &e.interval {
                        assert!(i.lo <= i.hi && !i.lo.is_nan(), "{name}: {i:?} for {call:?}");
                    }
                    if let (Some(wide), Some(_)) = (&e.interval, call.interval) {
                        let narrow = kernel.run(&KernelArgs { interval: Some(0.9), ..call.clone() }).unwrap();
                        assert_eq!(narrow.value, e.value, "{name}");
                        nested(name, wide, &narrow.interval.unwrap());
                        levelled.insert(name.to_string());
                        for (wide, narrow) in e.parts.iter().zip(&narrow.parts) {
                            if let (Some(wide), Some(narrow)) = (&wide.interval, &narrow.interval) {
                                nested(name, wide, narrow);
                            }
                        }
                    }
                    own += 1;
                    answers += 1;
                }
                Err(why) => {
                    assert!(why.reason.len() > 8, "{name}: {}", why.reason);
                    assert!(!why.reason.ends_with('.'), "{name}: {}", why.reason);
                    refusals += 1;
                }
            }
        }
        if own == 0 {
            silent.push(name);
        }
        seen += 1;
    }
    assert!(silent.is_empty(), "these refuse everything: {silent:?}");
    assert!(levelled.len() > 40, "few kernels gave an interval: {levelled:?}");
    assert!(seen > 90 && answers > 5_000 && refusals > 5_000, "{seen} {answers} {refusals}");
}
