//! Scores of texts, distances of columns and the quality of synthetic tables, beside sacreBLEU, rouge-score, SciPy and
//! SDMetrics in the same run.
//!
//! Both sides hold the same texts and numbers, made here and handed to `peers_text.py` in files. Ours is asked in the
//! language: parsing, checking and tokenising count. Scores are compared: BLEU, chrF, TER and ROUGE row by row and to
//! the last bit. The peers run when `DBF_PEERS` names a Python that has them.

use super::columns::Bench;
use arrow_array::{BooleanArray, StringArray};
use dbf::builtins::kernels;
use dbf::check::{Levels, Program};
use dbf::data::Column;
use dbf::eval::{KernelArg, KernelArgs, View};
use dbf::source::SourceMap;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const PAIRS: usize = 5_000;

/// The words of a discharge letter, the frequent ones first.
const WORDS: &str = "patient presented with acute chronic renal failure sepsis pneumonia hypertension diabetes mellitus \
    type stage elevated lactate creatinine white blood cell count mg/dL mmol/L 98.6 F started on vancomycin \
    piperacillin-tazobactam metoprolol lisinopril daily twice blood cultures were drawn and the was discharged home to \
    follow up in clinic within two weeks chest x-ray showed bilateral infiltrates no evidence of effusion CT abdomen \
    revealed small bowel obstruction surgery consulted recommended conservative management nasogastric tube placed pain \
    controlled history family social smoking 20 pack-years denies alcohol use physical exam notable for tachycardia \
    crackles edema lower extremities bilaterally ECG sinus rhythm ST-elevation leads II III aVF troponin positive cath \
    lab stent LAD aspirin clopidogrel atorvastatin 80 mg";

/// Numbers in 0..1, the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()
    }
}

/// References of 60 to 120 words, and texts in which words are missing or changed.
fn texts() -> (Vec<String>, Vec<String>) {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut reach: Vec<f64> = (1..=words.len()).map(|i| (i as f64).powf(-0.6)).collect();
    for i in 1..reach.len() {
        reach[i] += reach[i - 1];
    }
    let whole = reach[reach.len() - 1];
    let mut dice = Dice(7);
    let mut one = || {
        let mut reference: Vec<String> = (0..60 + dice.below(61))
            .map(|_| {
                let (at, mark) = (dice.next() * whole, dice.next());
                let word = words[reach.partition_point(|r| *r < at)];
                format!(
                    "{word}{}",
                    if mark < 0.06 {
                        ","
                    } else if mark < 0.13 {
                        "."
                    } else {
                        ""
                    }
                )
            })
            .collect();
        let first = reference[0].remove(0).to_ascii_uppercase();
        reference[0].insert(0, first);
        let mut text: Vec<&str> = Vec::new();
        for word in &reference {
            if dice.next() > 0.08 {
                text.push(if dice.next() > 0.25 { word } else { words[dice.below(words.len())] });
            }
        }
        (text.join(" "), reference.join(" ") + ".")
    };
    (0..PAIRS).map(|_| one()).unzip()
}

/// What the peers answer for the files that `write` puts into a folder.
fn peers(part: &str, write: impl Fn(&Path) -> std::io::Result<()>) -> Result<Value, String> {
    let python = std::env::var("DBF_PEERS").map_err(|_| "DBF_PEERS names no Python".to_string())?;
    let folder = std::env::temp_dir().join(format!("dbf-peers-{part}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).and_then(|()| write(&folder)).map_err(|e| e.to_string())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers_text.py");
    let answer = std::process::Command::new(python).arg(script).arg(part).arg(&folder).output();
    let _ = std::fs::remove_dir_all(&folder);
    let answer = answer.map_err(|e| e.to_string())?;
    serde_json::from_slice(&answer.stdout).map_err(|_| String::from_utf8_lossy(&answer.stderr).trim().to_string())
}

fn bench(schema: &str, columns: BTreeMap<String, Column>, rows: usize) -> Result<Bench, Value> {
    let mut sources = SourceMap::default();
    let text = format!("language 1\nuse std.metrics\ndataset d from \"none.csv\" {{\n{schema}}}\n");
    let id = sources.add("schema.dbf", text.as_str());
    let checked = Program::load(id, &mut sources, dbf::builtins::STD);
    match checked.diagnostics.first() {
        Some(first) if checked.has_errors() => Err(json!({ "error": first.message })),
        _ => Ok(Bench { program: checked.program, view: View::new(columns, rows) }),
    }
}

/// Times of a list of expressions on one thread and on two, and how often the peer's time that is.
fn figure(bench: &Bench, asked: &[String], theirs: Option<f64>) -> Value {
    let (one, _, _) = bench.time(1, asked);
    let (two, median, value) = bench.time(2, asked);
    json!({
        "value": value, "one_thread_ms": one * 1e3, "two_threads_ms": two * 1e3, "two_threads_median_ms": median * 1e3,
        "peer_ms": theirs, "times_as_fast": theirs.map(|t| t / (two * 1e3)),
    })
}

/// The score of each row by itself.
fn rows(name: &str, texts: &[String], references: &[String], settings: &[KernelArg]) -> Vec<f64> {
    let table = kernels();
    let Some(kernel) = table.find(name) else { return Vec::new() };
    let one = |(text, reference): (&String, &String)| {
        let column = |t: &String| KernelArg::Texts(vec![Some(t.clone())]);
        let mut args = vec![column(text), KernelArg::Columns(vec![column(reference)])];
        args.extend_from_slice(settings);
        kernel.run(&KernelArgs { args, shared: None, seed: 1, interval: None }).map_or(f64::NAN, |e| e.value)
    };
    texts.iter().zip(references).map(one).collect()
}

fn lines(texts: &[String]) -> Vec<String> {
    texts.iter().map(|t| t.replace(". ", ".\n")).collect()
}

/// How many of the peer's figures ours equal to the last bit.
fn equal(ours: &[f64], theirs: &Value) -> String {
    let theirs: Vec<f64> = theirs.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let same = ours.iter().zip(&theirs).filter(|(a, b)| a == b).count();
    format!("{same} of {}", theirs.len())
}

/// BLEU, chrF, TER and ROUGE of 5,000 letters.
pub fn texts_figures() -> Value {
    let (texts, references) = texts();
    let pairs = json!({ "texts": texts, "references": references }).to_string();
    let peers = peers("text", |folder| std::fs::write(folder.join("pairs.json"), &pairs));
    let column = |t: &[String]| Column::Text(t.iter().map(|t| Some(t.as_str())).collect::<StringArray>());
    let bench = |n: usize| {
        let (tl, rl) = (lines(&texts[..n]), lines(&references[..n]));
        let columns = [("t", &texts[..n]), ("r", &references[..n]), ("tl", &tl[..]), ("rl", &rl[..])];
        let columns = columns.map(|(name, texts)| (name.to_string(), column(texts)));
        bench("  t : Text\n  r : Text\n  tl : Text\n  rl : Text\n", BTreeMap::from(columns), n)
    };
    let (all, few) = match (bench(PAIRS), bench(200)) {
        (Ok(all), Ok(few)) => (all, few),
        (Err(why), _) | (_, Err(why)) => return why,
    };
    let peer = |name: &str| peers.as_ref().ok().and_then(|p| p.get(name)?.get("best_ms")?.as_f64());
    let value = |name: &str| peers.as_ref().map_or(Value::Null, |p| p[name]["value"].clone());
    let ask = |text: &str| vec![text.to_string()];
    let both = ["bleu(t, [r])", "sentence_bleu(t, [r])"].map(String::from);
    let rouge = ["1", "2", "L", "Lsum"].map(|kind| format!("rouge(tl, [rl], kind: \"{kind}\", stem: true)"));
    let mut out = json!({
        "bleu, corpus and sentence": figure(&all, &both, peer("bleu").zip(peer("sentence_bleu")).map(|(a, b)| a + b)),
        "bleu": figure(&all, &both[..1], peer("bleu")),
        "chrf": figure(&all, &ask("chrf(t, [r])"), peer("chrf")),
        "ter, 200 pairs": figure(&few, &ask("ter(t, [r])"), peer("ter")),
        "rouge 1, 2, L, Lsum with stemmer": figure(&all, &rouge, peer("rouge")),
    });
    if peers.is_ok() {
        let word = |t: &str| KernelArg::Text(t.into());
        let bleu = |whole: bool| {
            let settings = [word("13a"), word("false"), word("exp"), KernelArg::Number(-1.0)];
            [&settings[..], &[word(if whole { "false" } else { "true" }), KernelArg::Number(4.0)]].concat()
        };
        let mut same = json!({
            "sentence_bleu": equal(&rows("sentence_bleu", &texts, &references, &bleu(false)), &value("sentence_bleu")),
        });
        for (name, kind) in [("rouge1", "1"), ("rouge2", "2"), ("rougeL", "L"), ("rougeLsum", "Lsum")] {
            let ours = rows("rouge", &lines(&texts), &lines(&references), &[word(kind), word("true")]);
            same[name] = json!(equal(&ours, &value("rouge")[name]));
        }
        out["equal to the last bit"] = same;
        out["peer's corpus scores"] = json!({ "bleu": value("bleu"), "chrf": value("chrf"), "ter": value("ter") });
    }
    out["peers"] = peers.map_or_else(|why| json!({ "not run": why }), |p| p["versions"].clone());
    out
}

fn bytes(x: &[f64]) -> Vec<u8> {
    x.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// How far our distances are from the peer's at most.
fn furthest(columns: &[Vec<f64>], rows: usize, peers: &Value) -> Value {
    let table = kernels();
    let Some(kernel) = table.find("marginal_distances") else { return Value::Null };
    let first = KernelArg::Bools((0..2 * rows).map(|i| i < rows).collect());
    let mut out = json!({ "ks": 0.0, "wasserstein": 0.0, "jensen_shannon": 0.0 });
    for (at, x) in columns.iter().enumerate() {
        let args = vec![KernelArg::Numbers(x.clone()), first.clone(), KernelArg::Number(50.0)];
        let Ok(found) = kernel.run(&KernelArgs { args, shared: None, seed: 1, interval: None }) else {
            return Value::Null;
        };
        for name in ["ks", "wasserstein", "jensen_shannon"] {
            let ours = if name == "ks" { Some(found.value) } else { found.part(name) };
            let gap = ours.zip(peers[name]["value"][at].as_f64()).map(|(a, b)| (a - b).abs() / b);
            out[name] = json!(gap.into_iter().chain(out[name].as_f64()).reduce(f64::max));
        }
    }
    out
}

/// Twenty columns of a million values a sample.
pub fn distance_figures() -> Value {
    const ROWS: usize = 1_000_000;
    let mut dice = Dice(4);
    let mut column = || -> Vec<f64> {
        let value = |i| {
            let z = dice.normal();
            if i < ROWS { z } else { 0.05 + 1.02 * z }
        };
        (0..2 * ROWS).map(value).collect()
    };
    let columns: Vec<Vec<f64>> = (0..20).map(|_| column()).collect();
    let peers = peers("distances", |folder| {
        columns.iter().enumerate().try_for_each(|(i, x)| std::fs::write(folder.join(format!("x{i:02}.f64")), bytes(x)))
    });
    let mut schema = String::from("  first : Bool\n");
    let first = BooleanArray::from((0..2 * ROWS).map(|i| i < ROWS).collect::<Vec<bool>>());
    let mut view = BTreeMap::from([("first".to_string(), Column::Bool(first))]);
    for (i, x) in columns.iter().enumerate() {
        schema += &format!("  x{i} : Real\n");
        view.insert(format!("x{i}"), Column::numbers(x.iter().map(|v| Some(*v))));
    }
    let apart = peers.as_ref().map_or(Value::Null, |peers| furthest(&columns, ROWS, peers));
    drop(columns);
    let bench = match bench(&schema, view, 2 * ROWS) {
        Ok(bench) => bench,
        Err(why) => return why,
    };
    let peer = |name: &str| peers.as_ref().ok().and_then(|p| p.get(name)?.get("best_ms")?.as_f64());
    let all = [peer("ks"), peer("wasserstein"), peer("jensen_shannon")];
    let asked = |name: &str| (0..20).map(|i| format!("{name}(x{i}, first)")).collect::<Vec<_>>();
    let mut out = json!({
        "ks, wasserstein and jensen-shannon": figure(&bench, &asked("marginal_distances"), all.into_iter().sum()),
        "ks": figure(&bench, &asked("kolmogorov_smirnov"), peer("ks")),
        "wasserstein": figure(&bench, &asked("wasserstein"), peer("wasserstein")),
    });
    out["largest relative difference"] = apart;
    out["peers"] = peers.map_or_else(|why| json!({ "not run": why }), |p| p["versions"].clone());
    out["quality"] = quality_figures();
    out
}

/// The quality of a table of 10,000 rows and 60 columns, half of them numbers.
fn quality_figures() -> Value {
    const ROWS: usize = 10_000;
    let mut dice = Dice(5);
    let mut schema = String::from("  first : Bool\n");
    let first = BooleanArray::from((0..2 * ROWS).map(|i| i < ROWS).collect::<Vec<bool>>());
    let mut view = BTreeMap::from([("first".to_string(), Column::Bool(first))]);
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for i in 0..30 {
        let x: Vec<f64> = (0..2 * ROWS).map(|_| dice.normal()).collect();
        schema += &format!("  n{i} : Real\n");
        files.push((format!("n{i:02}.f64"), bytes(&x)));
        view.insert(format!("n{i}"), Column::numbers(x.iter().map(|v| Some(*v))));
    }
    for i in 0..30 {
        let codes: Vec<u8> = (0..2 * ROWS).map(|_| dice.below(8) as u8).collect();
        let names = (0..8).map(|l| format!("l{l}")).collect();
        let levels = Arc::new(Levels { column: format!("c{i}"), names });
        schema += &format!("  c{i} : Category {{ l0, l1, l2, l3, l4, l5, l6, l7 }}\n");
        view.insert(format!("c{i}"), Column::levels(codes.iter().map(|c| Some(u32::from(*c))), levels));
        files.push((format!("c{i:02}.u8"), codes));
    }
    let peers =
        peers("quality", |folder| files.iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes)));
    let bench = match bench(&schema, view, 2 * ROWS) {
        Ok(bench) => bench,
        Err(why) => return why,
    };
    let peer = peers.as_ref().ok().and_then(|p| p["quality"]["best_ms"].as_f64());
    let names: Vec<String> = ["n", "c"].iter().flat_map(|k| (0..30).map(move |i| format!("{k}{i}"))).collect();
    let thresholds = "correlation_threshold: 0, association_threshold: 0";
    let mut out = figure(&bench, &[format!("synthetic_quality([{}], first, {thresholds})", names.join(", "))], peer);
    out["peer"] = peers.map_or_else(|why| json!({ "not run": why }), |p| json!([p["quality"]["value"], p["versions"]]));
    out
}
