//! Every kernel with every single fault, one at a time: a number or a reason, soon, and never a panic.
//!
//! `tests/kernels.rs` mixes faults at random; here each fault is known, so a failure names it.

use dbf::builtins::{STD, kernels};
use dbf::check::{Base, Level, Levels, Program};
use dbf::eval::{KernelArg, KernelArgs};
use dbf::source::SourceMap;
use dbf::syntax::ast::ExprKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROWS: usize = 12;

/// What may be infinite, and when (each declaration says so).
const INFINITE: &[&str] = &["kullback_leibler", "spiegelhalter", "odds_ratio"];

/// A well-formed column; `salt` makes columns differ.
fn good(of: &Base, salt: usize) -> KernelArg {
    let at = |i: usize| (i * 7 + salt * 5 + i * i) % 11;
    match of {
        Base::Bool => KernelArg::Bools((0..ROWS).map(|i| at(i) % 2 == 0).collect()),
        Base::Text => KernelArg::Texts((0..ROWS).map(|i| Some(format!("word {} of {}", at(i), i % 3))).collect()),
        Base::AnyCategory | Base::Category(_) => {
            let names = ["a", "b", "c"].map(String::from).to_vec();
            let codes = (0..ROWS).map(|i| (at(i) % 3) as u32).collect();
            KernelArg::Levels(codes, Arc::new(Levels { column: "c".into(), names }))
        }
        _ => KernelArg::Numbers((0..ROWS).map(|i| at(i) as f64 / 11.0).collect()),
    }
}

/// The faults of a column, by name.
fn faults(column: &KernelArg) -> Vec<(&'static str, KernelArg)> {
    let mut out = Vec::new();
    match column {
        KernelArg::Bools(v) => {
            out.push(("no rows", KernelArg::Bools(Vec::new())));
            out.push(("one row", KernelArg::Bools(vec![true])));
            out.push(("a row less", KernelArg::Bools(v[1..].to_vec())));
            out.push(("all true", KernelArg::Bools(vec![true; ROWS])));
            out.push(("all false", KernelArg::Bools(vec![false; ROWS])));
        }
        KernelArg::Numbers(v) => {
            let whole = |x: f64| KernelArg::Numbers(vec![x; ROWS]);
            let one = |x: f64| {
                let mut v = v.clone();
                v[3] = x;
                KernelArg::Numbers(v)
            };
            out.push(("no rows", KernelArg::Numbers(Vec::new())));
            out.push(("one row", KernelArg::Numbers(vec![0.5])));
            out.push(("a row less", KernelArg::Numbers(v[1..].to_vec())));
            out.push(("all missing", whole(f64::NAN)));
            out.push(("one missing", one(f64::NAN)));
            out.push(("all 0", whole(0.0)));
            out.push(("all 1", whole(1.0)));
            out.push(("all -0", whole(-0.0)));
            out.push(("infinite", one(f64::INFINITY)));
            out.push(("minus infinite", one(f64::NEG_INFINITY)));
            out.push(("all infinite", whole(f64::INFINITY)));
            out.push(("huge", whole(f64::MAX)));
            out.push(("huge and its negative", one(-f64::MAX)));
            out.push(("tiny", whole(f64::MIN_POSITIVE / 1e10)));
            out.push(("negative", one(-0.5)));
            out.push(("above 1", one(1.5)));
        }
        KernelArg::Levels(codes, levels) => {
            let with = |codes: Vec<u32>, names: usize| {
                let names = (0..names).map(|i| format!("c{i}")).collect();
                KernelArg::Levels(codes, Arc::new(Levels { column: "c".into(), names }))
            };
            out.push(("no rows", with(Vec::new(), 3)));
            out.push(("no levels", with(Vec::new(), 0)));
            out.push(("one row", with(vec![0], 3)));
            out.push(("a row less", with(codes[1..].to_vec(), levels.names.len())));
            out.push(("one level", with(vec![0; ROWS], 1)));
            out.push(("a level without rows", with(vec![0; ROWS], 3)));
            out.push(("all missing", with(vec![u32::MAX; ROWS], 3)));
            out.push(("unknown level", with(vec![99; ROWS], 3)));
            out.push(("a level a row", with((0..ROWS as u32).collect(), ROWS)));
        }
        KernelArg::Texts(v) => {
            out.push(("no rows", KernelArg::Texts(Vec::new())));
            out.push(("one row", KernelArg::Texts(vec![Some("x".into())])));
            out.push(("a row less", KernelArg::Texts(v[1..].to_vec())));
            out.push(("all missing", KernelArg::Texts(vec![None; ROWS])));
            out.push(("all empty", KernelArg::Texts(vec![Some(String::new()); ROWS])));
            out.push(("control characters", KernelArg::Texts(vec![Some("\u{0}\u{1b}\u{feff}".into()); ROWS])));
        }
        _ => {}
    }
    out
}

/// Settings that are out of range for some kernel.
const NUMBERS: [f64; 12] = [-1e300, -1.0, -0.0, 0.0, 0.5, 1.0, 2.5, 1e4, 1e9, 1e300, f64::NAN, f64::INFINITY];

const WORDS: [&str; 4] = ["", "nonsense", "WIDTH", "\u{0}"];

struct Sweep {
    calls: usize,
    refused: usize,
    wrong: Vec<String>,
}

impl Sweep {
    fn try_one(&mut self, name: &str, fault: &str, args: Vec<KernelArg>) {
        let table = kernels();
        let kernel = table.find(name).unwrap();
        let started = Instant::now();
        let answer = kernel.run(&KernelArgs { args, shared: None, seed: 1, interval: None });
        self.calls += 1;
        if started.elapsed() > Duration::from_secs(10) {
            self.wrong.push(format!("{name} with {fault} took {:?}", started.elapsed()));
        }
        match answer {
            Ok(e) if e.value.is_finite() || (e.value.is_infinite() && INFINITE.contains(&name)) => {}
            Ok(e) => self.wrong.push(format!("{name} with {fault} is {}", e.value)),
            Err(why) if why.reason.len() > 8 => self.refused += 1,
            Err(why) => self.wrong.push(format!("{name} with {fault}: {}", why.reason)),
        }
    }
}

#[test]
fn every_single_fault_has_a_number_or_a_reason() {
    let program = Program::bare(&mut SourceMap::default(), STD).program;
    let mut sweep = Sweep { calls: 0, refused: 0, wrong: Vec::new() };
    for f in program.functions.iter().filter(|f| f.decl.body.is_none()) {
        let name = f.decl.name.name.as_str();
        let args: Vec<KernelArg> = f
            .decl
            .params
            .iter()
            .zip(&f.params)
            .enumerate()
            .map(|(salt, (param, ty))| match (&ty.base, ty.level, param.default.as_ref().map(|d| &d.kind)) {
                (Base::List(of), ..) if **of == Base::Prob => {
                    // Probabilities of three classes, which add up to 1.
                    let share = |i: usize, c: usize| [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1]][i % 3][c];
                    let column = |c| KernelArg::Numbers((0..ROWS).map(|i| share(i, c)).collect());
                    KernelArg::Columns((0..3).map(column).collect())
                }
                (Base::List(of), ..) => KernelArg::Columns((0..3).map(|c| good(of, salt + c)).collect()),
                (_, Level::Row, Some(_)) => KernelArg::Number(1.0),
                (of, Level::Row, None) => good(of, salt),
                (_, _, Some(ExprKind::Text(word))) => KernelArg::Text(word.clone()),
                (_, _, Some(ExprKind::Int(v))) => KernelArg::Number(*v as f64),
                (_, _, Some(ExprKind::Real(v) | ExprKind::Percent(v))) => KernelArg::Number(*v),
                (Base::Bool, ..) => KernelArg::Text("false".into()),
                _ => KernelArg::Number(1.0),
            })
            .collect();
        sweep.try_one(name, "nothing wrong", args.clone());
        for (at, arg) in args.iter().enumerate() {
            let mut put = |fault: &str, bad: KernelArg| {
                let mut args = args.clone();
                args[at] = bad;
                sweep.try_one(name, &format!("argument {}: {fault}", at + 1), args);
            };
            match arg {
                KernelArg::Columns(columns) => {
                    put("no columns", KernelArg::Columns(Vec::new()));
                    put("one column", KernelArg::Columns(columns[..1].to_vec()));
                    put("two hundred columns", KernelArg::Columns(vec![columns[0].clone(); 200]));
                    for (fault, bad) in faults(&columns[0]) {
                        put(
                            &format!("one column with {fault}"),
                            KernelArg::Columns([std::slice::from_ref(&bad), &columns[1..]].concat()),
                        );
                        put(&format!("columns with {fault}"), KernelArg::Columns(vec![bad; 3]));
                    }
                }
                KernelArg::Number(_) if f.params[at].level == Level::Row => {
                    // A weight.
                    for (fault, bad) in faults(&good(&Base::real(), at)) {
                        put(fault, bad);
                    }
                }
                KernelArg::Number(_) => NUMBERS.iter().for_each(|v| put(&format!("{v}"), KernelArg::Number(*v))),
                KernelArg::Text(_) => WORDS.iter().for_each(|w| put(&format!("{w:?}"), KernelArg::Text((*w).into()))),
                column => faults(column).into_iter().for_each(|(fault, bad)| put(fault, bad)),
            }
        }
        // The same fault in every column at once.
        for fault in
            ["no rows", "one row", "all missing", "all 0", "all 1", "all true", "all false", "one level", "huge"]
        {
            let everywhere = |arg: &KernelArg| {
                let of = |column: &KernelArg| faults(column).into_iter().find(|f| f.0 == fault).map(|f| f.1);
                match arg {
                    KernelArg::Columns(v) => {
                        KernelArg::Columns(v.iter().map(|c| of(c).unwrap_or_else(|| c.clone())).collect())
                    }
                    column => of(column).unwrap_or_else(|| column.clone()),
                }
            };
            sweep.try_one(name, &format!("{fault} everywhere"), args.iter().map(everywhere).collect());
        }
    }
    assert!(sweep.wrong.is_empty(), "{:#?}", sweep.wrong);
    assert!(sweep.calls > 3_000 && sweep.refused > 1_000, "{} {}", sweep.calls, sweep.refused);
}
