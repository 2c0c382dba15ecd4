//! What the guide and the README show is true: scripts check, commands print what is printed there, links lead
//! somewhere.
//!
//! The words after three backticks say what a block is:
//! - `dbf`: a whole file, checked.
//! - `dbf PATH`: a whole file that the reader writes; `dbf append PATH` adds to it, `dbf replace PATH` changes the
//!   one line that begins alike up to `:` or `=`. The commands below see the file.
//! - `dbf part`: items, checked at the end of `examples/support.dbf`; `dbf part generator`: before its tasks, so
//!   that the generator is the only one; `dbf part dataset`: columns.
//! - `console`: `$ dbf …` commands and their output, from the repository's root. A line `…` stands for any lines.
//!   `dbf> ` lines are entries of a REPL.

use crate::support::{check, check_file, files, root, shown};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A fenced block: where it starts, the words after the backticks, its lines.
struct Block {
    line: usize,
    info: Vec<String>,
    text: Vec<String>,
}

/// The README and the pages of the guide.
fn pages() -> Vec<PathBuf> {
    let mut out = files(&root().join("docs/guide"), ".md");
    out.push(root().join("README.md"));
    assert!(out.len() >= 4, "the guide has lost its pages");
    out
}

fn blocks(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let info = info.split_whitespace().map(String::from).collect();
                open = Some(Block { line: number + 1, info, text: Vec::new() });
            }
            (Some(_), Some(_)) => out.extend(open.take()),
            (None, Some(block)) => block.text.push(line.trim_end().to_string()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    out
}

/// A copy of what a reader has: the examples, and the files of the page so far.
struct Reader {
    folder: tempfile::TempDir,
}

impl Reader {
    fn new() -> Reader {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("examples/data");
        fs::create_dir_all(&data).unwrap();
        fs::copy(root().join("examples/data/support2.csv.gz"), data.join("support2.csv.gz")).unwrap();
        for script in ["support.dbf", "governance.dbf"] {
            fs::copy(root().join("examples").join(script), folder.path().join("examples").join(script)).unwrap();
        }
        Reader { folder }
    }

    /// Follows an instruction to write; says what is wrong with it.
    fn write(&self, how: &str, path: &str, lines: &[String]) -> Result<(), String> {
        let path = self.folder.path().join(path);
        let text = lines.join("\n") + "\n";
        let before = fs::read_to_string(&path).unwrap_or_default();
        let after = match how {
            "append" => before + &text,
            "replace" => {
                let key = |l: &str| l.split([':', '=']).next().unwrap_or("").to_string();
                let [new] = lines else { return Err("only one line can be replaced".into()) };
                let hits = before.lines().filter(|l| key(l) == key(new)).count();
                if hits != 1 {
                    return Err(format!("{hits} lines begin like `{new}`"));
                }
                before.lines().map(|l| if key(l) == key(new) { new.clone() } else { l.into() } + "\n").collect()
            }
            _ => text,
        };
        fs::write(path, after).map_err(|e| e.to_string())
    }

    /// What the program prints, both streams as they come.
    fn run(&self, arguments: &[String], input: &str) -> Vec<String> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dbf"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("NO_COLOR", "1").env("HOME", self.folder.path()).env("XDG_DATA_HOME", self.folder.path());
        command.env_remove("COLUMNS").stdin(Stdio::piped());
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = command.spawn().unwrap();
        drop(command);
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let mut out = String::new();
        reader.read_to_string(&mut out).unwrap();
        child.wait().unwrap();
        out.lines().map(|l| l.trim_end().to_string()).collect()
    }
}

/// The words of a command line, with double quotes as in a shell.
fn words(command: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (at, part) in command.split('"').enumerate() {
        match at % 2 {
            0 => out.extend(part.split_whitespace().map(String::from)),
            _ => out.push(part.to_string()),
        }
    }
    out
}

/// Whether `shown` is what was printed, where `…` stands for any lines. Without one the whole output counts.
fn matches(shown: &[String], printed: &[String]) -> bool {
    match shown {
        [] => printed.iter().all(String::is_empty),
        [dots, rest @ ..] if dots == "…" => {
            rest.is_empty() || (0..printed.len()).any(|at| matches(rest, printed.get(at..).unwrap_or(&[])))
        }
        [line, rest @ ..] => printed.first() == Some(line) && matches(rest, printed.get(1..).unwrap_or(&[])),
    }
}

/// The commands of a console block that differ from what is shown, and how many ran.
fn console(reader: &Reader, block: &Block) -> (Vec<String>, usize) {
    let mut bad = Vec::new();
    let mut ran = 0;
    let starts: Vec<usize> = (0..block.text.len()).filter(|&i| block.text[i].starts_with("$ ")).collect();
    for (i, &at) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(block.text.len());
        let Some(command) = block.text[at].strip_prefix("$ dbf ") else { continue };
        let lines = &block.text[at + 1..end];
        let entries: String = lines.iter().filter_map(|l| l.strip_prefix("dbf> ")).map(|l| format!("{l}\n")).collect();
        let shown: Vec<String> = lines.iter().filter(|l| !l.starts_with("dbf> ")).cloned().collect();
        let printed = reader.run(&words(command), &entries);
        ran += 1;
        if !matches(&shown, &printed) {
            let (shown, printed) = (shown.join("\n"), printed.join("\n"));
            bad.push(format!("`dbf {command}` prints\n{printed}\nand the page shows\n{shown}"));
        }
    }
    (bad, ran)
}

/// What is wrong with a script.
fn mistakes(text: &str) -> Option<String> {
    let (checked, sources) = check(text);
    checked.has_errors().then(|| shown(&checked, &sources))
}

#[test]
fn what_the_pages_show_is_true() {
    let (mut scripts, mut commands) = (0, 0);
    let mut bad = Vec::new();
    let support = fs::read_to_string(root().join("examples/support.dbf")).unwrap();
    for page in pages() {
        let reader = Reader::new();
        let text = fs::read_to_string(&page).unwrap();
        for block in blocks(&text) {
            let info: Vec<&str> = block.info.iter().map(String::as_str).collect();
            let body = block.text.join("\n");
            let found: Vec<String> = match info.as_slice() {
                ["dbf"] => mistakes(&body).into_iter().collect(),
                ["dbf", "part"] => mistakes(&format!("{support}\n{body}\n")).into_iter().collect(),
                ["dbf", "part", "dataset"] => {
                    mistakes(&format!("language 1\ndataset guide from \"guide.csv\" {{\n{body}\n}}\n"))
                        .into_iter()
                        .collect()
                }
                ["dbf", "part", "generator"] => {
                    let before = support.split("\ntask ").next().unwrap();
                    mistakes(&format!("{before}\n{body}\n")).into_iter().collect()
                }
                ["dbf", path] => reader.write("new", path, &block.text).err().into_iter().collect(),
                ["dbf", how @ ("append" | "replace"), path] => {
                    reader.write(how, path, &block.text).err().into_iter().collect()
                }
                ["dbf", ..] => vec!["unknown words after the backticks".into()],
                ["console"] => {
                    let (found, ran) = console(&reader, &block);
                    commands += ran;
                    found
                }
                _ => continue,
            };
            scripts += usize::from(info.first() == Some(&"dbf"));
            bad.extend(found.into_iter().map(|why| format!("{}:{}: {why}", page.display(), block.line)));
        }
        // What the reader has written by the end of the page is a good file.
        for path in files(reader.folder.path(), ".dbf") {
            let (checked, sources) = check_file(&path);
            let found = checked.has_errors().then(|| shown(&checked, &sources));
            bad.extend(found.map(|why| format!("{}: {}: {why}", page.display(), path.display())));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    assert!(scripts >= 15 && commands >= 30, "only {scripts} scripts and {commands} commands were found");
}

/// Relative targets of Markdown links and pictures.
fn links(text: &str) -> Vec<String> {
    let inside_code = |at: usize| text[..at].lines().filter(|l| l.starts_with("```")).count() % 2 == 1;
    text.match_indices("](")
        .filter(|(at, _)| !inside_code(*at))
        .filter_map(|(at, _)| text[at + 2..].split(')').next().map(String::from))
        .filter(|l| !l.contains("://"))
        .collect()
}

/// The anchors that GitHub gives to the headings of a page.
fn anchors(text: &str) -> Vec<String> {
    text.lines()
        .filter(|l| l.starts_with('#'))
        .map(|l| l.trim_start_matches('#').trim().to_lowercase())
        .map(|l| l.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut seen = 0;
    for page in pages().into_iter().chain([root().join("examples/data/README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: the link `{link}` leads nowhere", page.display());
            let there = || anchors(&fs::read_to_string(&target).unwrap()).contains(&anchor.to_string());
            assert!(anchor.is_empty() || there(), "{}: there is no heading `#{anchor}`", page.display());
        }
    }
    assert!(seen >= 20, "only {seen} links were found");
}

#[test]
fn the_checks_of_this_file_can_fail() {
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    assert!(matches(&lines("a\n…\nc"), &lines("a\nb\nb\nc")));
    assert!(!matches(&lines("a\n…\nd"), &lines("a\nb\nc")));
    assert!(!matches(&lines("a"), &lines("a\nb")), "what is not shown must be marked");
    assert!(!matches(&lines("a\nb"), &lines("a")));
    assert_eq!(words(r#"eval "E[a | b == c]" --file x.dbf"#), ["eval", "E[a | b == c]", "--file", "x.dbf"]);
    let reader = Reader::new();
    let block = |text: &str| Block { line: 1, info: Vec::new(), text: lines(text) };
    assert_eq!(console(&reader, &block("$ dbf eval \"1 + 1\"\n2")), (Vec::new(), 1));
    assert_eq!(console(&reader, &block("$ dbf eval \"1 + 1\"\n3")).0.len(), 1);
    assert!(mistakes("language 1\nlet a = nothing\n").is_some());
    let new = lines("  b : Int ?");
    reader.write("new", "a.dbf", &lines("  a : Int\n  b : Int")).unwrap();
    reader.write("replace", "a.dbf", &new).unwrap();
    assert_eq!(fs::read_to_string(reader.folder.path().join("a.dbf")).unwrap(), "  a : Int\n  b : Int ?\n");
    assert!(reader.write("replace", "a.dbf", &lines("  c : Int")).is_err());
    assert!(!Path::new("docs/guide/99-nowhere.md").exists());
}
