//! The REPL's commands: `:help` and its siblings. Knows the session, not the terminal.

use super::session::Session;
use crate::check::special;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{ItemKind, Role};

/// What a command leads to.
pub enum Effect {
    Say(String),
    Fail(Vec<Diagnostic>),
    /// Write this text to this file.
    Save(String, String),
    Quit,
}

/// Commands with their help, in the order of `:help`.
pub const COMMANDS: &[(&str, &str)] = &[
    (":help", "these lines"),
    (":data", "datasets and their columns"),
    (":type EXPR", "the type of an expression, without evaluating it"),
    (":list", "functions and metrics in scope"),
    (":doc NAME", "what a function or metric does, its source and an example"),
    (":why CONSTRAINT", "everything behind a verdict: clauses, witnesses, what would change it"),
    (":explain CODE", "the page of a diagnostic, for example `:explain DBF0101`"),
    (":save FILE", "write the entries that worked to a file"),
    (":quit", "leave (also Ctrl-D)"),
];

/// Runs a command; `line` starts with `:`.
pub fn run(session: &mut Session, line: &str) -> Effect {
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    match command {
        ":help" | ":h" | ":?" => {
            let lines: Vec<String> = COMMANDS.iter().map(|(c, h)| format!("{c:<16} {h}")).collect();
            Effect::Say(lines.join("\n"))
        }
        ":quit" | ":q" | ":exit" => Effect::Quit,
        ":data" | ":d" => Effect::Say(data(session)),
        ":list" | ":l" => Effect::Say(list(session)),
        ":doc" => Effect::Say(doc(session, rest)),
        ":type" | ":t" => match session.type_of(rest) {
            Ok(text) => Effect::Say(text),
            Err(found) => Effect::Fail(found),
        },
        ":why" | ":w" => match session.why(rest) {
            Ok(text) => Effect::Say(text),
            Err(found) => Effect::Fail(found),
        },
        ":explain" | ":e" => match codes::find(rest) {
            Some(code) => Effect::Say(code.page.trim_end().to_string()),
            None => Effect::Say(format!("there is no code `{rest}`; codes look like DBF0101")),
        },
        ":save" if rest.is_empty() => Effect::Say("where to? `:save FILE`".into()),
        ":save" => Effect::Save(rest.to_string(), session.worked.join("\n") + "\n"),
        other => Effect::Say(format!("unknown command `{other}`; `:help` lists them")),
    }
}

fn data(session: &Session) -> String {
    let mut out = Vec::new();
    for schema in &session.program.datasets {
        let home =
            if session.program.home.as_deref() == Some(&schema.name) { " (bare names mean its columns)" } else { "" };
        out.push(format!("{} from {}, {}{home}", schema.name, schema.path, schema.sensitivity));
        for column in &schema.columns {
            let roles: Vec<&str> = column.roles.iter().map(|r: &Role| r.word()).collect();
            let range = column.range.map_or(String::new(), |(lo, hi)| format!(" in {lo}..{hi}"));
            out.push(format!("  {:<18} {}{range} {}", column.name, column.ty, roles.join(" ")).trim_end().to_string());
        }
    }
    if out.is_empty() { "no dataset; start with `dbf repl FILE`".into() } else { out.join("\n") }
}

fn list(session: &Session) -> String {
    let mut out: Vec<String> = special::FORMS.iter().map(|(_, _, help)| format!("  {help}")).collect();
    for f in &session.program.functions {
        let params: Vec<String> = f.decl.params.iter().map(|p| p.name.name.clone()).collect();
        let line = f.doc.as_deref().and_then(|d| d.lines().next()).unwrap_or("");
        out.push(format!("  {}({}): {line}", f.decl.name.name, params.join(", ")));
    }
    let lets: Vec<&str> = session
        .program
        .file
        .items
        .iter()
        .filter_map(|i| match &i.kind {
            ItemKind::Let(l) => Some(l.name.name.as_str()),
            _ => None,
        })
        .collect();
    if !lets.is_empty() {
        out.push(format!("  defined: {}", lets.join(", ")));
    }
    out.join("\n")
}

fn doc(session: &Session, name: &str) -> String {
    if let Some((_, f)) = session.program.function(name) {
        return f.doc.clone().unwrap_or_else(|| format!("`{name}` has no description"));
    }
    match special::FORMS.iter().find(|(n, _, _)| *n == name) {
        Some((_, _, help)) => (*help).to_string(),
        None => format!("nothing is known of `{name}`; `:list` shows what there is"),
    }
}
