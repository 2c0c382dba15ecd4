//! Privacy: the accountant, budgets and bounds, attacks, and what private rows are still good for.

use crate::tables::{Open, alike, open};
use crate::{Item, Outcome, Run};
use dbf::data::frame::Frame;
use dbf::data::matrix::HostMatrix;
use dbf::nets::adversarial::{Batch, Game, Plan, PrivateNoise, Real};
use dbf::nets::device::cpu;
use dbf::nets::heads::{HeadGroup, Heads};
use dbf::nets::values::ValueMap;
use dbf::source::world::Silent;
use dbf::synth::privacy::Unit;
use dbf::synth::privacy::accountant::{Accounting, Mechanism, epsilon};
use dbf::synth::privacy::audit::{Guesses, canaries, coins, nearness, planted};
use dbf::synth::privacy::clip::add_clipped;
use dbf::synth::privacy::noise::Meter;
use dbf::synth::{Asked, Fitting, Generator, Given, NoCheckpoints, Private};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::time::Instant;

/// Ranges of flchain's numbers, as the study's protocol gives them: residents of 50 years and more, blood drawn from 1995 on
/// and followed to 2010.
const FLCHAIN: &[(&str, f64, f64, bool)] = &[
    ("age", 50.0, 110.0, true),
    ("kappa", 0.0, 30.0, false),
    ("lambda", 0.0, 30.0, false),
    ("creatinine", 0.0, 12.0, false),
    ("futime", 0.0, 5_500.0, true),
];

/// The list, item by item.
pub fn rows(_: &Run) -> Vec<Item> {
    let item = |number, what, threshold, run| Item { system: "privacy", number, what, threshold, run };
    vec![
        item(1, "accountant beside Opacus and dp-accounting", "within 1 % of both in every setting", accountant),
        item(2, "budgets in random trials of (q, sigma, epsilon)", "0 of 1,000 overshot", overshoot),
        item(3, "norm of what a row adds to a step", "at most the bound + 1e-5, 10,000 rows", clipping),
        item(4, "attack on a generator that copies rows", "bound on epsilon above 3, the largest claim", power),
        item(5, "attack on marginal at epsilon 1 and 3", "bound on epsilon at most the claim", marginal_attacked),
        item(6, "attack on conditional_gan at epsilon 1 and 3", "bound on epsilon at most the claim", gan_attacked),
        item(
            7,
            "marginal on flchain at epsilon 1 and 3",
            "median TSTR AUROC (LR) >= 0.80, quality >= 0.85, death rates by sex within 0.03",
            marginal_useful,
        ),
        item(
            8,
            "conditional_gan on flchain at epsilon 1 and 3",
            "median TSTR AUROC (LR) above DP-CTGAN (0.718, 0.544) and within 0.02 of marginal",
            gan_useful,
        ),
        item(9, "cost of a private step beside a plain one", "at most 4 times", step_cost),
    ]
}

fn outcome(value: Value, pass: bool, seeds: u64) -> Outcome {
    Outcome { value, pass: Some(pass), seeds }
}

fn absent(what: &str) -> Outcome {
    Outcome { value: json!(what), pass: None, seeds: 0 }
}

fn accountant(_: &Run) -> Outcome {
    let text = include_str!("../../tests/fixtures/privacy/accountant.json");
    let Ok(fixture) = serde_json::from_str::<Value>(text) else { return absent("the fixture is not JSON") };
    let mut worst = [0.0_f64; 2];
    let start = Instant::now();
    let settings: Vec<&Value> = fixture["settings"].as_array().into_iter().flatten().collect();
    for s in &settings {
        let number = |key: &str| s[key].as_f64().unwrap_or(f64::NAN);
        let steps = s["steps"].as_u64().unwrap_or(0);
        let all = [Mechanism::SampledGaussian { q: number("q"), sigma: number("sigma"), steps }];
        for (i, (accounting, key)) in
            [(Accounting::Renyi, "eps_rdp_opacus"), (Accounting::Tight, "eps_pld")].into_iter().enumerate()
        {
            let far = (epsilon(&all, number("delta"), accounting) / number(key) - 1.0).abs();
            worst[i] = worst[i].max(if far.is_nan() { f64::INFINITY } else { far });
        }
    }
    let each = start.elapsed().as_secs_f64() * 1e3 / settings.len().max(1) as f64;
    let value = json!({"settings": settings.len(), "worst_rdp": worst[0], "worst_pld": worst[1], "ms_a_setting": each});
    outcome(value, worst[0].max(worst[1]) <= 0.01 && settings.len() >= 28, 1)
}

fn overshoot(_: &Run) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = |lo: f64, hi: f64| (lo.ln() + rng.random::<f64>() * (hi / lo).ln()).exp();
    let (mut over, mut refused) = (0, 0);
    for _ in 0..1_000 {
        let (q, sigma) = (draw(1e-4, 1.0), draw(0.3, 20.0));
        let budget = dbf::synth::privacy::Budget { epsilon: draw(0.05, 30.0), delta: draw(1e-9, 1e-3) };
        let mut meter = Meter::with_noise(budget, q, sigma, Vec::new(), Accounting::Renyi);
        let allowed = meter.steps().1;
        over += u32::from(meter.take(allowed).is_err() || allowed > 0 && meter.spent() > budget.epsilon);
        refused += u32::from(meter.take(1).is_err());
    }
    outcome(json!({"overshot": over, "next_step_refused": refused}), over == 0 && refused > 900, 1)
}

fn clipping(_: &Run) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut worst = f64::NEG_INFINITY;
    for row in 0..10_000 {
        let most = 10_f64.powf(rng.random_range(-3.0..3.0));
        let size = 10_f64.powf(rng.random_range(-8.0..12.0));
        let mut gradient: Vec<f64> = (0..1 + row % 40).map(|_| size * rng.random_range(-1.0..1.0)).collect();
        if row % 100 == 0 {
            gradient[0] = f64::NAN;
        }
        let mut sum = vec![0.0; gradient.len()];
        add_clipped(&mut sum, &gradient, most);
        let norm = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
        worst = worst.max(if norm.is_nan() { f64::INFINITY } else { norm - most });
    }
    outcome(json!({"norm_less_bound_at_most": worst}), worst <= 1e-5, 1)
}

/// A private fit of `kind`, or an open one without a budget.
fn fitted(kind: &str, frame: &Frame, budget: Option<f64>, label: &str, seed: u64) -> Option<Box<dyn Generator>> {
    let delta = (frame.rows as f64).powf(-1.5);
    let private = budget.map(|epsilon| Private { epsilon, delta, unit: Unit::Record, norm: 1.0 });
    let mut asked = Asked { private, ..Asked::plain(kind, seed) };
    asked.roles.label = Some(label.to_string());
    let (device, go) = (cpu(), || false);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
    dbf::synth::fit(frame, &asked, &fitting).ok()
}

/// Canaries among 1,500 rows, half of them trained on; `release` turns the table into what the attacker sees. The bound
/// on ε at 95 % confidence.
fn attacked(table: &Open, seed: u64, release: &dyn Fn(&Frame) -> Option<Frame>) -> Option<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let base = table.frame.take(&(0..table.frame.rows).step_by(5).take(1_500).collect::<Vec<_>>());
    let planted_rows = canaries(&base, 300, &mut rng);
    let inside = coins(300, &mut rng);
    let seen = release(&planted(&base, &planted_rows, &inside))?;
    let guesses = Guesses::of(&nearness(&planted_rows, &seen), &inside, 200);
    Some(guesses.epsilon(1e-5, 0.95))
}

fn power(run: &Run) -> Outcome {
    let Some(table) = open(&run.data, "flchain", FLCHAIN) else { return absent("flchain is not there") };
    let seeds = run.seeds(3);
    let copy = |seed: u64| {
        move |t: &Frame| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed + 100);
            Some(t.take(&(0..5 * t.rows).map(|_| rng.random_range(0..t.rows)).collect::<Vec<_>>()))
        }
    };
    let found: Vec<Option<f64>> = (0..seeds).map(|s| attacked(&table, s, &copy(s))).collect();
    let pass = found.iter().all(|f| f.is_some_and(|f| f > 3.0));
    outcome(json!({"bounds": found}), pass, seeds)
}

fn both_attacked(run: &Run, kind: &'static str) -> Outcome {
    let Some(table) = open(&run.data, "flchain", FLCHAIN) else { return absent("flchain is not there") };
    let seeds = run.seeds(3);
    let mut found = Vec::new();
    let mut pass = true;
    for claim in [1.0, 3.0] {
        for seed in 0..seeds {
            let release = |t: &Frame| {
                let made = fitted(kind, t, Some(claim), &table.target, seed)?;
                made.sample(5 * t.rows, &Given::nothing(), seed).ok()
            };
            let bound = attacked(&table, seed, &release);
            pass &= bound.is_some_and(|b| b <= claim);
            found.push(json!({"claim": claim, "seed": seed, "bound": bound}));
        }
    }
    outcome(json!(found), pass, seeds)
}

fn marginal_attacked(run: &Run) -> Outcome {
    both_attacked(run, "marginal")
}

fn gan_attacked(run: &Run) -> Outcome {
    both_attacked(run, "conditional_gan")
}

/// What rows of a private generator are good for.
struct Useful {
    linear: f64,
    trees: f64,
    quality: f64,
    rates: [f64; 2],
    spent: f64,
}

fn useful(table: &Open, kind: &str, claim: f64, seed: u64) -> Option<Useful> {
    let (train, test) = table.split(0);
    let made = fitted(kind, &train, Some(claim), &table.target, seed)?;
    let drawn = made.sample(train.rows, &Given::nothing(), seed + 100).ok()?;
    let (linear, trees) = table.aurocs(&drawn, &test)?;
    Some(Useful {
        linear,
        trees,
        quality: alike(&train, &drawn)?,
        rates: table.rates(&drawn, "sex")?,
        spent: made.privacy()?.meter.spent(),
    })
}

fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x.get(x.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Every seed of `kind` at `claim`, and the record of them.
fn seeds_of(table: &Open, kind: &str, claim: f64, seeds: u64) -> Option<(Vec<Useful>, Value)> {
    let all: Vec<Useful> = (0..seeds).map(|s| useful(table, kind, claim, s)).collect::<Option<_>>()?;
    let list = |f: fn(&Useful) -> f64| all.iter().map(f).map(|x| (1e3 * x).round() / 1e3).collect::<Vec<_>>();
    let value = json!({
        "claim": claim, "spent": list(|u| u.spent), "lr": list(|u| u.linear), "gb": list(|u| u.trees),
        "quality": list(|u| u.quality), "deaths_f": list(|u| u.rates[0]), "deaths_m": list(|u| u.rates[1]),
    });
    Some((all, value))
}

fn marginal_useful(run: &Run) -> Outcome {
    let Some(table) = open(&run.data, "flchain", FLCHAIN) else { return absent("flchain is not there") };
    let seeds = run.seeds(3);
    let real = table.rates(&table.split(0).0, "sex").unwrap_or_default();
    let (mut pass, mut values) = (true, Vec::new());
    for claim in [1.0, 3.0] {
        let Some((all, value)) = seeds_of(&table, "marginal", claim, seeds) else {
            return outcome(json!("a fit failed"), false, seeds);
        };
        pass &= median(all.iter().map(|u| u.linear).collect()) >= 0.80;
        pass &= median(all.iter().map(|u| u.quality).collect()) >= 0.85;
        pass &= all.iter().all(|u| u.spent <= claim);
        pass &= all.iter().all(|u| (0..2).all(|g| (u.rates[g] - real[g]).abs() <= 0.03));
        values.push(value);
    }
    outcome(json!({"real_deaths": real, "runs": values}), pass, seeds)
}

fn gan_useful(run: &Run) -> Outcome {
    let Some(table) = open(&run.data, "flchain", FLCHAIN) else { return absent("flchain is not there") };
    let seeds = run.seeds(3);
    let (mut pass, mut values) = (true, Vec::new());
    for (claim, peer) in [(1.0, 0.718), (3.0, 0.544)] {
        let both = ["conditional_gan", "marginal"].map(|kind| seeds_of(&table, kind, claim, seeds));
        let [Some((gan, value)), Some((best, _))] = both else {
            return outcome(json!("a fit failed"), false, seeds);
        };
        let linear = |all: &[Useful]| median(all.iter().map(|u| u.linear).collect());
        pass &= linear(&gan) > peer && linear(&gan) >= linear(&best) - 0.02;
        pass &= gan.iter().all(|u| u.spent <= claim);
        values.push(json!({"runs": value, "marginal_lr": linear(&best)}));
    }
    outcome(json!(values), pass, seeds)
}

/// Networks of CTGAN's sizes on flchain (75 slots, 256 hidden units, 500 rows a step), without packs: those would mix rows.
fn step_cost(_: &Run) -> Outcome {
    let heads = Heads {
        offsets: 5,
        groups: vec![HeadGroup { count: 5, width: 10, asked: true }, HeadGroup { count: 5, width: 4, asked: false }],
    };
    let (slots, rows) = (heads.width(), 500);
    let values = ValueMap {
        at: HostMatrix::filled(slots - 5, 5, 0.1),
        per_offset: HostMatrix::filled(slots - 5, 5, 0.1),
        at_always: HostMatrix::filled(1, 5, 0.0),
        per_offset_always: HostMatrix::filled(1, 5, 0.0),
    };
    let plan = Plan {
        values,
        barred: vec![false; slots - 5],
        latent: 128,
        condition: 50,
        hidden: 256,
        pack: 1,
        dropout: 0.0,
        penalty: 10.0,
        moments: 0.0,
        temperature: 0.2,
        average: 0.99,
        rate: 2e-4,
        heads,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut numbers = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random()).collect() };
    let batch = Batch { rows, real: numbers(rows * slots), condition: numbers(rows * 50), target: numbers(rows * 50) };
    let real = Real { rows, slots: numbers(rows * slots), condition: numbers(rows * 50) };
    let noise = PrivateNoise { norm: 1.0, sigma: 4.0, expected: rows as f64 };
    let mut game = Game::new(plan, 1, &cpu().device);
    // The least of some dozens in turn: other programs only ever add time.
    let mut least = [f64::INFINITY; 2];
    for _ in 0..40 {
        for (private, least) in least.iter_mut().enumerate() {
            let start = Instant::now();
            match private {
                0 => game.step(batch.clone()),
                _ => game.private_step(batch.clone(), real.clone(), noise),
            };
            *least = least.min(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    let ratio = least[1] / least[0];
    outcome(json!({"plain_ms": least[0], "private_ms": least[1], "ratio": ratio}), ratio <= 4.0, 1)
}
