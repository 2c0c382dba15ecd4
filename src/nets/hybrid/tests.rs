//! Tests of the autoencoder with its adversary: gradients, shards, private steps.

use super::super::device::cpu;
use super::super::heads::HeadGroup;
use super::super::weights::to_host;
use super::*;

/// Two numbers, one of them with two modes, and a category of three levels, one of which never occurs.
fn plan(encoder: bool, adversary: bool, shards: usize) -> Plan {
    let group = |width, asked| HeadGroup { count: 1, width, asked };
    let heads = Heads { offsets: 2, groups: vec![group(3, true), group(2, false)] };
    let values = ValueMap {
        at: HostMatrix { rows: 5, columns: 2, values: vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0] },
        per_offset: HostMatrix { rows: 5, columns: 2, values: vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.5, 0.0] },
        at_always: HostMatrix::filled(1, 2, 0.0),
        per_offset_always: HostMatrix { rows: 1, columns: 2, values: vec![0.0, 1.0] },
    };
    Plan {
        heads,
        values,
        barred: vec![false, false, true, false, false],
        latent: 4,
        condition: 3,
        hidden: 8,
        encoder,
        adversary,
        likelihood: 2.0,
        verdict: 1.0,
        features: 1.0,
        penalty: 10.0,
        moments: 1.0,
        temperature: 0.5,
        average: 0.9,
        rate: 2e-3,
        decay: 1e-5,
        shards,
    }
}

/// A number near 0.5 with the first level, near -0.5 with the second; the second number is missing in a tenth.
fn rows(n: usize, seed: u64) -> Rows {
    let mut rng = noise::stream(seed, 0);
    let mut out = Rows { rows: n, ..Rows::default() };
    for _ in 0..n {
        let (second, mode, gone) = (rng.random::<bool>(), rng.random::<bool>(), rng.random::<f32>() < 0.1);
        let one = |b: bool| if b { 1.0 } else { 0.0 };
        let x = if second { -0.5 } else { 0.5 } + 0.1 * (rng.random::<f32>() - 0.5);
        let y = if gone { 0.0 } else { x * 0.5 };
        out.real.extend([x, y, one(!second), one(second), 0.0, one(!mode), one(mode)]);
        out.present.extend([1.0, one(!gone)]);
        let asked = rng.random::<bool>();
        out.condition.extend([one(asked && !second), one(asked && second), 0.0]);
        out.target.extend([one(asked && !second), one(asked && second), 0.0]);
    }
    out
}

fn flat(gradients: &[HostMatrix]) -> Vec<f32> {
    gradients.iter().flat_map(|m| m.values.clone()).collect()
}

#[test]
fn gradients_of_shards_add_up_to_that_of_the_whole() {
    let device = cpu().device;
    for (encoder, adversary) in [(true, false), (false, true), (true, true)] {
        let gradients = |shards: usize| {
            let mut hybrid = Hybrid::new(plan(encoder, adversary, shards), 3, &device);
            hybrid.learn_moments(&rows(200, 1), 1.0);
            flat(&hybrid.gradients(rows(37, 2)))
        };
        let whole = gradients(1);
        let size = whole.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert!(size > 0.0);
        for shards in [2, 3, 5, 37, 100] {
            let cut = gradients(shards);
            assert_eq!(cut.len(), whole.len());
            let far = cut.iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far <= 1e-5 * size.max(1.0), "{encoder} {adversary} {shards}: {far} of {size}");
        }
    }
}

#[test]
fn the_encoder_does_not_follow_the_verdict() {
    let device = cpu().device;
    let encoder_part = |verdict: f64| {
        let mut hybrid = Hybrid::new(Plan { verdict, features: 0.0, moments: 0.0, ..plan(true, true, 1) }, 3, &device);
        let all = hybrid.gradients(rows(20, 2));
        flat(&all[all.len() - 8..])
    };
    assert_eq!(encoder_part(0.0), encoder_part(50.0));
}

#[test]
fn likelihood_and_divergence_are_what_they_say() {
    let device = cpu().device.without_autodiff();
    let heads = Heads { offsets: 1, groups: vec![HeadGroup { count: 1, width: 2, asked: false }] };
    let matrix = |values: Vec<f32>, columns: usize| noise::matrix(values, 2, columns, &device);
    let one = |values: Vec<f32>| {
        let n = values.len();
        noise::matrix(values, 1, n, &device)
    };
    let raw = matrix(vec![0.3, 1.0, -1.0, 0.0, 0.0, 2.0], 3);
    let real = matrix(vec![0.5, 1.0, 0.0, 0.0, 0.0, 1.0], 3);
    let loss = reconstruction(&heads, raw, real, matrix(vec![1.0, 0.0], 1), one(vec![0.2]), one(vec![0.0, 0.0]));
    let entropy = |a: f64, b: f64| (a.exp() + b.exp()).ln() - a;
    let want = (0.5 - 0.3_f64.tanh()).powi(2) / 0.08 + 0.2_f64.ln() + entropy(1.0, -1.0) + entropy(2.0, 0.0);
    assert!((scalar(loss) - want).abs() < 1e-4, "{want}");
    let (mean, log) = (matrix(vec![1.0, 0.0], 1), matrix(vec![0.0, 2.0_f32.ln()], 1));
    let want = 0.5 + 0.5 * (2.0 - 1.0 - 2.0_f64.ln());
    assert!((scalar(divergence(&mean, &log)) - want).abs() < 1e-6);
}

#[test]
fn each_half_learns_that_the_number_follows_the_level() {
    for (encoder, adversary) in [(true, false), (false, true), (true, true)] {
        let device = cpu().device;
        let mut hybrid = Hybrid::new(Plan { rate: 4e-3, ..plan(encoder, adversary, 1) }, 1, &device);
        hybrid.learn_moments(&rows(500, 9), 1.0);
        for step in 0..600 {
            let loss = hybrid.step(rows(100, 100 + step));
            assert!(loss.critic.is_finite() && loss.generator.is_finite() && loss.likelihood.is_finite());
        }
        let device = device.without_autodiff();
        let z = noise::matrix(noise::normal(600, 4, &mut noise::stream(5, 5)), 600, 4, &device);
        let c = noise::matrix(vec![0.0; 1_800], 600, 3, &device);
        let raw = to_host(decode(&hybrid.averaged().values, z, Some(c)));
        let mean = |first: bool| {
            let of = raw.chunks(7).filter(|row| (row[2] > row[3]) == first).map(|row| row[0].tanh());
            let of: Vec<f32> = of.collect();
            assert!(of.len() > 100, "{encoder} {adversary}: {} rows", of.len());
            of.iter().sum::<f32>() / of.len() as f32
        };
        let (first, second) = (mean(true), mean(false));
        assert!(first > 0.3 && second < -0.3, "{encoder} {adversary}: {first} {second}");
        assert!(hybrid.held_out(&rows(100, 7), 1).is_finite());
    }
}
