//! Intervals at another level than 95 %: those with a closed form against it, and what kernels share.

use dbf::builtins::kernels;
use dbf::data::Column;
use dbf::eval::estimate::Estimate;
use dbf::eval::held::Held;
use dbf::eval::shared::Shared;
use dbf::eval::{KernelArg, KernelArgs};
use std::sync::Arc;

/// Normal quantiles of 95 % and of 5 % in the upper tail.
const Z: [(f64, f64); 2] = [(0.95, 1.959_963_984_540_054), (0.9, 1.644_853_626_951_472_2)];

fn run(name: &str, args: Vec<KernelArg>, level: f64, shared: Option<Arc<Shared>>) -> Estimate {
    kernels().find(name).unwrap().run(&KernelArgs { args, shared, seed: 1, interval: Some(level) }).unwrap()
}

fn flags(of: impl Fn(usize) -> bool) -> KernelArg {
    KernelArg::Bools((0..60).map(of).collect())
}

fn one() -> KernelArg {
    KernelArg::Number(1.0)
}

/// The ends of an interval against two numbers.
fn ends(e: &Estimate, lo: f64, hi: f64) {
    let i = e.interval.as_ref().unwrap();
    assert!((i.lo - lo).abs() < 1e-9 && (i.hi - hi).abs() < 1e-9, "{i:?} is not {lo} to {hi}");
}

fn wilson(k: f64, n: f64, z: f64) -> (f64, f64) {
    let (p, w) = (k / n, z * z / n);
    let half = z * (p * (1.0 - p) / n + w / (4.0 * n)).sqrt();
    ((p + w / 2.0 - half) / (1.0 + w), (p + w / 2.0 + half) / (1.0 + w))
}

#[test]
fn closed_forms_hold_at_any_level() {
    for (level, z) in Z {
        // 45 of 60 right.
        let right = run("accuracy", vec![flags(|i| i % 4 != 0), flags(|_| true), one()], level, None);
        let (lo, hi) = wilson(45.0, 60.0, z);
        ends(&right, lo, hi);
        // Two groups: 15 of 20 against 12 of 40, by Newcombe's method 10.
        let sex = KernelArg::Levels(
            (0..60).map(|i| u32::from(i >= 20)).collect(),
            Arc::new(dbf::check::Levels { column: "sex".into(), names: vec!["F".into(), "M".into()] }),
        );
        let gap = run("dpd", vec![flags(|i| i < 15 || (20..32).contains(&i)), sex], level, None);
        let ((a, b), (c, d)) = (wilson(15.0, 20.0, z), wilson(12.0, 40.0, z));
        let (p, q) = (0.75, 0.3);
        ends(&gap, p - q - (p - a).hypot(d - q), p - q + (b - p).hypot(q - c));
        // DeLong from its variance, plain and on the logit scale.
        let p = || KernelArg::Numbers((0..60).map(|i| f64::from((i * 37 % 61) as u32) / 61.0).collect());
        let plain = run("auroc_delong", vec![p(), flags(|i| i % 3 == 0)], level, None);
        let error = plain.part("variance").unwrap().sqrt();
        ends(&plain, plain.value - z * error, plain.value + z * error);
        let logit = run("auroc", vec![p(), flags(|i| i % 3 == 0), one()], level, None);
        let (a, half) = (plain.value, z * error / (plain.value * (1.0 - plain.value)));
        let back = |x: f64| 1.0 / (1.0 + (-x).exp());
        ends(&logit, back((a / (1.0 - a)).ln() - half), back((a / (1.0 - a)).ln() + half));
        // A normal interval from a variance.
        let g = run("hedges_g", vec![p(), flags(|i| i % 2 == 0)], level, None);
        let error = g.part("variance").unwrap().sqrt();
        ends(&g, g.value - z * error, g.value + z * error);
    }
    // Student's t with four degrees of freedom.
    for (level, t) in [(0.95, 2.776_445_105_197_799), (0.9, 2.131_846_786_326_649)] {
        let (before, after) = ([0.9, 0.8, 0.7, 0.6, 0.5], [0.1, 0.3, 0.2, 0.4, 0.1]);
        let args = vec![
            KernelArg::Numbers(before.to_vec()),
            KernelArg::Numbers(after.to_vec()),
            KernelArg::Columns(Vec::new()),
        ];
        let e = run("comprehensiveness", args, level, None);
        let drops: Vec<f64> = before.iter().zip(after).map(|(a, b)| a - b).collect();
        let mean = drops.iter().sum::<f64>() / 5.0;
        let error = (drops.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 4.0 / 5.0).sqrt();
        ends(&e, mean - t * error, mean + t * error);
    }
}

#[test]
fn what_kernels_share_knows_no_level() {
    let column = |of: &dyn Fn(usize) -> bool| {
        KernelArg::Held(Held::new(Column::Bool((0..200).map(of).collect::<Vec<bool>>().into())))
    };
    let args = vec![column(&|i| i % 3 == 0), column(&|i| i % 4 == 0), one()];
    let shared = Arc::new(Shared::default());
    for name in ["accuracy", "recall", "mcc"] {
        let alone = |level| run(name, args.clone(), level, None).interval;
        let after_others = |level| run(name, args.clone(), level, Some(shared.clone())).interval;
        for level in [0.95, 0.9, 0.99, 0.95] {
            assert_eq!(after_others(level), alone(level), "{name} at {level}");
        }
        assert_ne!(alone(0.95), alone(0.9), "{name}");
    }
}
