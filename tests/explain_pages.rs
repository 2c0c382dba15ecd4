//! The pages of `dbf explain` keep what they promise: the wrong script gives the page's code and no
//! other, the right one gives nothing.
//!
//! The word after ```` ```dbf ```` says how a script is tried: nothing for a check (or for loading the data,
//! when the page has a `csv` block), `run …` and `test` for the command, with its further arguments; `lock then
//! check …` runs `dbf lock` first. A block ```` ```file NAME ```` is a file beside the script of its section.

use crate::support::{check_file, dbf_in, files, root, stderr, stdout};
use dbf::source::codes::{self, Code};
use std::path::Path;

/// A fenced block of a page.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    section: String,
    fence: String,
    text: String,
}

/// The headings of a page, and its blocks.
type Parts = (Vec<String>, Vec<Block>);

/// Codes that no script can show: a mistake of ours, a build without networks, Ctrl-C.
const WITHOUT_SCRIPT: [&str; 3] = ["DBF0099", "DBF0804", "DBF0902"];

fn parts(page: &str) -> Result<Parts, String> {
    let mut headings = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match &mut open {
            Some(block) if line == "```" => {
                blocks.push(block.clone());
                open = None;
            }
            Some(block) => block.text.push_str(&format!("{line}\n")),
            None => {
                if let Some(heading) = line.strip_prefix("## ") {
                    headings.push(heading.to_string());
                } else if let Some(fence) = line.strip_prefix("```") {
                    let section = headings.last().ok_or("a block above the first section")?.clone();
                    open = Some(Block { section, fence: fence.to_string(), text: String::new() });
                }
            }
        }
    }
    if open.is_some() { Err("a block that is never closed".into()) } else { Ok((headings, blocks)) }
}

/// The one script of a section, with how it is tried.
fn script<'a>(blocks: &'a [Block], section: &str) -> Result<(&'a str, Vec<&'a str>), String> {
    let mut found = blocks.iter().filter(|b| b.section == section).filter_map(|b| {
        let mut words = b.fence.split_whitespace();
        (words.next() == Some("dbf")).then(|| (b.text.as_str(), words.collect()))
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!("`{section}` has no script")),
        _ => Err(format!("`{section}` has two scripts")),
    }
}

/// The page's form: title, a meaning, three sections, and in each of the first two what it takes.
fn form(code: &Code, page: &str) -> Result<Parts, String> {
    let title = format!("# {}: {}", code.id, code.title);
    let rest = page.strip_prefix(&title).ok_or(format!("the title is not `{title}`"))?;
    let (meaning, _) = rest.split_once("\n## ").ok_or("no sections")?;
    if meaning.split_whitespace().count() < 8 {
        return Err("it does not say what the code means".into());
    }
    let (headings, blocks) = parts(page)?;
    if headings != ["Wrong", "Right", "Why"] {
        return Err(format!("the sections are {headings:?}"));
    }
    let why = page.rsplit_once("## Why").map_or("", |(_, why)| why);
    if why.split_whitespace().count() < 15 || why.contains("```") {
        return Err("it does not say why".into());
    }
    for block in &blocks {
        let word = block.fence.split_whitespace().next().unwrap_or("");
        if !["dbf", "csv", "file", "text"].contains(&word) || block.text.trim().is_empty() {
            return Err(format!("a block `{}` that nobody tries", block.fence));
        }
    }
    for section in ["Wrong", "Right"] {
        if WITHOUT_SCRIPT.contains(&code.id) {
            if !blocks.iter().any(|b| b.section == section && b.fence == "text") {
                return Err(format!("`{section}` describes nothing"));
            }
        } else {
            script(&blocks, section)?;
        }
    }
    Ok((headings, blocks))
}

/// The codes of what a command told.
fn told(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|l| l.strip_prefix('[')?.split_once("] "));
    lines.map(|(code, _)| code.to_string()).filter(|c| c.starts_with("DBF")).collect()
}

/// The codes that trying a section's script gives.
fn tried(code: &Code, blocks: &[Block], section: &str) -> Result<Vec<String>, String> {
    let (text, how) = script(blocks, section)?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    write_files(folder.path(), blocks, section);
    let path = folder.path().join("script.dbf");
    std::fs::write(&path, text).map_err(|e| e.to_string())?;
    let (checked, _) = check_file(&path);
    let found: Vec<String> = checked.diagnostics.iter().map(|d| d.code.id.to_string()).collect();
    let tables: Vec<&Block> = blocks.iter().filter(|b| b.fence == "csv").collect();
    // A section's own table, else the page's.
    let table = tables.iter().find(|b| b.section == section).or(tables.first());
    if how.is_empty() && table.is_none() {
        return Ok(found);
    }
    if !found.is_empty() {
        return Err(format!("`{section}`: {found:?} before any data is read"));
    }
    if let Some(table) = table {
        std::fs::write(folder.path().join("data.csv"), &table.text).map_err(|e| e.to_string())?;
    }
    match how.as_slice() {
        [] => Ok(loaded(&path, text)),
        ["lock", "then", command, more @ ..] => {
            let output = dbf_in(folder.path(), &["lock", "script.dbf"]);
            if !output.status.success() {
                return Err(stderr(&output));
            }
            command_told(folder.path(), command, more, 0)
        }
        [command, more @ ..] => {
            let fails = section == "Wrong" && code.severity == codes::Severity::Error;
            command_told(folder.path(), command, more, i32::from(fails))
        }
    }
}

/// Loads the data as `dbf eval 'n()' --file` does.
fn loaded(path: &Path, text: &str) -> Vec<String> {
    let world = Box::new(dbf::cli::FsWorld::of(Some(path)));
    let (mut session, _) = dbf::repl::Session::open(world, "script.dbf", text);
    let found = session.enter("n()").err().unwrap_or_default();
    found.iter().map(|d| d.code.id.to_string()).collect()
}

/// The files that stand beside a section's script.
fn write_files(folder: &Path, blocks: &[Block], section: &str) {
    for block in blocks.iter().filter(|b| b.section == section) {
        if let Some(name) = block.fence.strip_prefix("file ") {
            std::fs::write(folder.join(name), &block.text).unwrap();
        }
    }
}

fn command_told(folder: &Path, command: &str, more: &[&str], wanted: i32) -> Result<Vec<String>, String> {
    let mut args = vec![command, "script.dbf"];
    args.extend(more);
    if command == "run" && !more.contains(&"--out") {
        args.extend(["--out", "results"]);
    }
    let output = dbf_in(folder, &args);
    if output.status.code() != Some(wanted) {
        return Err(format!("`dbf {command}` ends with {}:\n{}{}", output.status, stdout(&output), stderr(&output)));
    }
    Ok(told(&stderr(&output)))
}

fn page_holds(code: &Code, page: &str) -> Result<(), String> {
    let (_, blocks) = form(code, page)?;
    if WITHOUT_SCRIPT.contains(&code.id) {
        return Ok(());
    }
    let wrong = tried(code, &blocks, "Wrong")?;
    // A build without networks refuses to train any generator, and has a page for that.
    let trains = ["DBF0802", "DBF0803"].contains(&code.id);
    if trains && cfg!(not(feature = "nets")) {
        return if wrong == ["DBF0804"] { Ok(()) } else { Err(format!("without networks: {wrong:?}")) };
    }
    if wrong != [code.id] {
        return Err(format!("`Wrong` gives {wrong:?}"));
    }
    let right = tried(code, &blocks, "Right")?;
    if right.is_empty() { Ok(()) } else { Err(format!("`Right` gives {right:?}")) }
}

#[test]
fn every_page_shows_its_code_and_the_way_out() {
    let problems: Vec<String> = codes::ALL
        .iter()
        .filter_map(|code| page_holds(code, code.page).err().map(|why| format!("{}: {why}", code.id)))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_code_has_one_page_and_every_page_a_code() {
    let names: Vec<String> = files(&root().join("docs/errors"), ".md")
        .iter()
        .map(|p| p.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut ids: Vec<&str> = codes::ALL.iter().map(|c| c.id).collect();
    ids.sort_unstable();
    assert_eq!(names, ids);
}

#[test]
fn explain_prints_the_page() {
    for code in codes::ALL {
        let output = dbf_in(&root(), &["explain", code.id]);
        assert!(output.status.success());
        assert_eq!(stdout(&output).trim_end(), code.page.trim_end(), "{}", code.id);
    }
}

/// A page that does not keep its promise is caught.
#[test]
fn a_page_that_is_wrong_is_caught() {
    let code = codes::UNKNOWN_NAME;
    assert_eq!(page_holds(code, code.page), Ok(()));
    let (_, blocks) = parts(code.page).unwrap();
    let (wrong, right) = (script(&blocks, "Wrong").unwrap().0, script(&blocks, "Right").unwrap().0);
    for (from, to) in [
        ("an unknown name", "another title"),
        ("## Why", "## Because"),
        ("```dbf", "```dbt"),
        (wrong, right),
        (right, wrong),
        (wrong, "let a = E[b]\nlet c = P(3)\n"),
    ] {
        let page = code.page.replacen(from, to, 1);
        assert!(page_holds(code, &page).is_err(), "{from} to {to}");
    }
    let code = codes::CELL_RANGE;
    assert_eq!(page_holds(code, code.page), Ok(()));
    assert!(page_holds(code, &code.page.replacen("\n999,", "\n99,", 1)).is_err());
    let code = codes::EMPTY_CELL;
    assert!(page_holds(code, &code.page.replacen("size 5", "size 2", 1)).is_err());
}

/// What a person sees for every code: the page's wrong script and the diagnostic, side by side.
#[test]
fn every_diagnostic_looks_as_it_did() {
    for code in codes::ALL.iter().filter(|c| !WITHOUT_SCRIPT.contains(&c.id)) {
        let (_, blocks) = form(code, code.page).unwrap();
        let (text, how) = script(&blocks, "Wrong").unwrap();
        if cfg!(not(feature = "nets")) && text.contains("generator ") {
            continue; // Such a build says DBF0804 instead, which `page_holds` asks for.
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("script.dbf"), text).unwrap();
        write_files(folder.path(), &blocks, "Wrong");
        if let Some(table) = blocks.iter().find(|b| b.fence == "csv") {
            std::fs::write(folder.path().join("data.csv"), &table.text).unwrap();
        }
        let more: &[&str] = if let ["check", more @ ..] = how.as_slice() { more } else { &[] };
        let mut output = dbf_in(folder.path(), &[&["check", "script.dbf"], more].concat());
        let mut said = stderr(&output);
        if said.is_empty() {
            let mut args = match how.as_slice() {
                [] => vec!["eval", "n()", "--file", "script.dbf"],
                [command, more @ ..] => [&[*command, "script.dbf"], more].concat(),
            };
            if args.first() == Some(&"run") && !args.contains(&"--out") {
                args.extend(["--out", "results"]);
            }
            output = dbf_in(folder.path(), &args);
            said = stderr(&output);
        }
        assert!(said.contains(&format!("[{}]", code.id)), "{}: {said}", code.id);
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(format!("page__{}", code.id), format!("{}\n-----\n{said}", text.trim_end()));
        });
    }
}
