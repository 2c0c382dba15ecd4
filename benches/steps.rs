//! What a step of training costs: a GAN of CTGAN's sizes beside CTGAN itself and beside the bare arithmetic of its
//! networks in torch, private steps beside plain ones, encoding, sampling, peak memory.
//!
//! `-- steps FOLDER`: FOLDER holds `flchain` as CSV with a JSON card. A step is the difference of two fits that differ in
//! their epochs alone, by the steps between them, so that all that a fit does at each step is in it. Processor
//! milliseconds of one thread; rows a second of wall time on all threads. `peers_steps.py` measures the peers in the same
//! run where DBF_PYTHON names an interpreter that has them.

use crate::synthesis::{cpu_seconds, read_table};
use dbf::data::frame::Frame;
use dbf::metrics::resampling::{Lane, stream};
use dbf::nets::device::cpu;
use dbf::source::world::Silent;
use dbf::synth::encoder::Encoder;
use dbf::synth::gan::fit_settings;
use dbf::synth::privacy::Unit;
use dbf::synth::settings::FitSettings;
use dbf::synth::{Asked, Fitting, Generator, Given, NoCheckpoints, Private, Roles, SynthError, fit};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Epochs of the two fits.
const FEW: usize = 2;
const MANY: usize = 12;
/// Rows drawn against the clock.
const DRAWN: usize = 200_000;

type Made = Result<Box<dyn Generator>, SynthError>;

pub fn figures(args: &[String]) -> Value {
    let Some(folder) = args.first() else { return json!({ "skipped": "name the folder of tables" }) };
    let Some((frame, roles)) = read_table(Path::new(folder), Path::new(folder), "flchain") else {
        return json!({ "skipped": "flchain.csv and flchain.json are not there" });
    };
    let (device, go) = (cpu(), || false);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
    let private = || Private { epsilon: 3.0, delta: 1e-5, unit: Unit::Record, norm: 1.0 };
    let sizes = FitSettings {
        batch: 500,
        latent: 128,
        hidden: 256,
        pack: 10,
        dropout: 0.5,
        moments: 0.0,
        modes: 10,
        ..FitSettings::default()
    };
    let gan = |epochs, sizes: &FitSettings| fit_settings(&frame, &FitSettings { epochs, ..sizes.clone() }, &fitting);
    // Packs hold rows of several people, so that a private critic sees one row at a time.
    let single = FitSettings { pack: 1, dropout: 0.0, ..sizes.clone() };
    let closed = FitSettings { private: Some(private()), ..single.clone() };
    let argn = |epochs: usize, private: Option<Private>| {
        let asked = Asked { roles: roles.clone(), private, ..Asked::plain("argn", 1) };
        fit(&frame, &asked.with("epochs", epochs as f64).with("patience", epochs as f64), &fitting)
    };
    let steps = frame.rows.div_ceil(sizes.batch);
    let packed = step(steps, |epochs| gan(epochs, &sizes));
    let plain = step(steps, |epochs| gan(epochs, &single));
    let dp = step(steps, |epochs| gan(epochs, &closed));
    let epoch = [None, Some(private())].map(|p| step(1, |epochs| argn(epochs, p.clone())));
    json!({
        "cpu_ms_a_gan_step_at_ctgan_sizes": packed,
        "cpu_ms_a_gan_step_with_single_rows": plain,
        "cpu_ms_a_private_gan_step": dp,
        "private_by_plain_gan_step": dp.zip(plain).map(|(a, b)| a / b),
        "private_by_plain_argn_epoch": epoch[1].zip(epoch[0]).map(|(a, b)| a / b),
        "encode": encoding(&frame),
        "rows_a_second": sampling(&frame, &roles, &fitting),
        "peak_mib": crate::peak_of("self"),
        "peers": peers(folder),
    })
}

/// Processor milliseconds of a step.
fn step(steps_an_epoch: usize, fit: impl Fn(usize) -> Made) -> Option<f64> {
    let seconds = |epochs| {
        let start = cpu_seconds();
        fit(epochs).ok().map(|_| cpu_seconds() - start)
    };
    let (few, many) = (seconds(FEW)?, seconds(MANY)?);
    Some(1000.0 * (many - few) / ((MANY - FEW) * steps_an_epoch) as f64)
}

fn encoding(frame: &Frame) -> Value {
    let start = Instant::now();
    let Ok(encoder) = Encoder::fit(frame, 10) else { return json!(null) };
    let fitted = start.elapsed().as_secs_f64();
    let made = encoder.encode(frame, &mut stream(1, Lane::Draw, 0));
    let seconds = start.elapsed().as_secs_f64();
    drop(made);
    json!({ "rows": frame.rows, "columns": frame.columns.len(), "fit_seconds": fitted, "fit_and_transform_seconds": seconds })
}

fn sampling(frame: &Frame, roles: &Roles, fitting: &Fitting) -> Value {
    let mut out = serde_json::Map::new();
    for kind in ["argn", "conditional_gan", "sdg", "marginal", "gaussian_copula"] {
        let asked = Asked { roles: roles.clone(), ..Asked::plain(kind, 1) };
        let Ok(made) = fit(frame, &asked.with("epochs", 3.0), fitting) else { continue };
        let (start, spent) = (Instant::now(), cpu_seconds());
        let rows = made.sample(DRAWN, &Given::nothing(), 5).map_or(0, |f| f.rows) as f64;
        let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - spent);
        out.insert(kind.into(), json!({ "wall": rows / wall, "cpu": rows / cpu.max(0.01) }));
    }
    out.into()
}

fn peers(folder: &str) -> Value {
    let Ok(python) = std::env::var("DBF_PYTHON") else { return json!("DBF_PYTHON names no interpreter") };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers_steps.py");
    let done = Command::new(python).arg(script).arg(folder).output();
    let text = done.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_else(|_| json!("peers_steps.py printed no figures"))
}
