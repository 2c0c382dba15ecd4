//! `dbf run FILE`.

use super::world::listen_for_interrupt;
use super::{Format, Voice, check, exit};
use crate::check::Program;
use crate::data::sha256_hex;
use crate::policy::Verdict;
use crate::report;
use crate::source::{Diagnostic, SourceMap, codes};
use crate::suite::lock;
use crate::suite::result::{Results, UsedFile};
use crate::suite::run::{Device, Stages};
use crate::suite::store::Store;
use crate::suite::{self, Options};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `run`.
pub struct Request {
    pub file: PathBuf,
    pub out: Option<PathBuf>,
    pub seed: Option<u64>,
    pub threads: Option<usize>,
    pub device: String,
    pub gate: bool,
    pub fresh: bool,
}

pub fn run(voice: &Voice, request: &Request) -> u8 {
    let (program, sources, text) = match check::load(voice, &request.file, true) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let device = match device(&request.device) {
        Ok(device) => device,
        Err(why) => {
            voice.say(&why);
            return exit::USAGE;
        }
    };
    let folder = request.out.clone().unwrap_or_else(|| Path::new("out").join(name_of(&program, &request.file)));
    let store = match Store::open(&folder, !request.fresh) {
        Ok(store) => store,
        Err(d) => {
            voice.tell(&[d], &sources);
            return exit::FAILED;
        }
    };
    listen_for_interrupt();
    let threads = request.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let world = voice.world(Some(&request.file));
    let options = Options {
        script: shown_path(&request.file),
        script_sha256: sha256_hex(text.as_bytes()),
        uses: lock::used_files(&program, &sources)
            .into_iter()
            .map(|f| UsedFile { path: f.path, sha256: f.sha256 })
            .collect(),
        threads,
        seed: request.seed,
    };
    let stages = Stages { world: &world, device, meter: Arc::new(voice.meter()) };
    // Deep expressions are walked recursively, hence the generous stacks.
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(16 << 20).build() {
        Ok(pool) => pool,
        Err(why) => {
            voice.say(&format!("cannot start {threads} threads: {why}"));
            return exit::FAILED;
        }
    };
    let outcome = match pool.install(|| suite::run(&program, &stages, &store, &options)) {
        Ok(outcome) => outcome,
        Err(found) => {
            voice.tell(&found, &sources);
            return exit::FAILED;
        }
    };
    let results = match report::seal(&outcome.results) {
        Ok(results) => results,
        Err(why) => {
            voice.tell(&[Diagnostic::new(codes::OUTPUT, format!("the results cannot be written: {why}"))], &sources);
            return exit::FAILED;
        }
    };
    let files = match write(voice, &store, &results) {
        Ok(files) => files,
        Err(d) => {
            voice.tell(&[d], &sources);
            return exit::FAILED;
        }
    };
    finish(voice, request, &sources, &results, &outcome.problems, &files)
}

/// What a script's results go by: its benchmark's name, else its own.
pub(super) fn name_of(program: &Program, file: &Path) -> String {
    let stem = || file.file_stem().map_or_else(|| "run".into(), |s| s.to_string_lossy().into_owned());
    program.benchmark().map_or_else(stem, |b| b.name.name.clone())
}

fn write(voice: &Voice, store: &Store, results: &Results) -> Result<[String; 2], Diagnostic> {
    let text = report::write(results)
        .map_err(|why| Diagnostic::new(codes::OUTPUT, format!("the results cannot be written: {why}")))?;
    let page = report::page(results);
    voice.limits.allow_output(text.len() + page.len())?;
    let data = store.write("results.json", text.as_bytes())?;
    let page = store.write("report.html", page.as_bytes())?;
    Ok([page.display().to_string(), data.display().to_string()])
}

fn finish(
    voice: &Voice,
    request: &Request,
    sources: &SourceMap,
    results: &Results,
    problems: &[Diagnostic],
    files: &[String; 2],
) -> u8 {
    match voice.format {
        Format::Json => {
            voice.json(results);
            voice.machine_error(problems, sources);
        }
        Format::Text => {
            voice.say(&report::render(results, voice.screen()));
            let [page, data] = files;
            voice.say(&report::written(&[("page", page), ("data", data)], voice.screen()));
            voice.tell(problems, sources);
        }
    }
    if results.receipt.interrupted {
        let d = Diagnostic::new(
            codes::INTERRUPTED,
            "stopped before the end; what was finished is written and will be reused",
        )
        .help("run the same command again to go on");
        match voice.format {
            Format::Text => voice.tell(&[d], sources),
            Format::Json => voice.machine_error(&[d], sources),
        }
        return exit::INTERRUPTED;
    }
    if problems.iter().any(Diagnostic::is_error) {
        return exit::FAILED;
    }
    let all_passed = results
        .body
        .policies
        .iter()
        .chain(&results.body.checks)
        .flat_map(|p| &p.constraints)
        .all(|c| matches!(c.verdict, Verdict::Pass | Verdict::NotApplicable));
    if request.gate && !all_passed { exit::GATE } else { exit::DONE }
}

/// The path as given when it is relative, else the file's name: results name no machine's folders.
fn shown_path(path: &Path) -> String {
    if path.is_absolute() {
        path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
    } else {
        path.display().to_string()
    }
}

#[cfg(feature = "nets")]
pub(super) fn device(choice: &str) -> Result<Device, String> {
    let picked = crate::nets::device::pick(choice.parse()?)?;
    Ok(Device { label: picked.description.clone(), picked })
}

#[cfg(not(feature = "nets"))]
pub(super) fn device(choice: &str) -> Result<Device, String> {
    match choice {
        "auto" | "cpu" => Ok(Device { label: "none (built without nets)".into() }),
        other => Err(format!("this build has no networks, so no device `{other}`")),
    }
}
