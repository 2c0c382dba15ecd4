//! The terminal side: line editing, history, multi-line entries, colours, completion. The only file
//! that names rustyline.

use super::commands::{self, COMMANDS, Effect};
use super::session::Session;
use crate::check::special;
use crate::source::render;
use crate::syntax::parse::is_complete;
use crate::syntax::token::{RESERVED, Token, tokenize};
use rustyline::completion::{Completer, Pair};
use rustyline::config::{ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, Helper};
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;

/// Completes names, colours the line, asks for more while brackets are open.
struct Assistant {
    names: Vec<String>,
    color: bool,
}

impl Assistant {
    fn refresh(&mut self, session: &Session) {
        let mut names: Vec<String> = RESERVED.iter().map(|s| (*s).to_string()).collect();
        names.extend(special::FORMS.iter().map(|(n, _, _)| (*n).to_string()));
        names.extend(COMMANDS.iter().filter_map(|(c, _)| c.split(' ').next()).map(String::from));
        names.extend(session.program.functions.iter().map(|f| f.decl.name.name.clone()));
        names.extend(session.program.lets.keys().cloned());
        for schema in &session.program.datasets {
            names.push(schema.name.clone());
            for column in &schema.columns {
                names.push(column.name.clone());
                if let crate::check::Base::Category(levels) = &column.ty.base {
                    names.extend(
                        levels.names.iter().filter(|n| n.chars().all(|c| c.is_alphanumeric() || c == '_')).cloned(),
                    );
                }
            }
        }
        names.sort();
        names.dedup();
        self.names = names;
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let head = line.get(..pos).unwrap_or("");
        let start = head
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .map_or(0, |i| i + head.get(i..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8));
        let word = head.get(start..).unwrap_or("");
        if word.is_empty() {
            return Ok((pos, Vec::new()));
        }
        let found = self.names.iter().filter(|n| n.starts_with(word));
        Ok((start, found.map(|n| Pair { display: n.clone(), replacement: n.clone() }).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if !self.color || line.starts_with(':') {
            return Cow::Borrowed(line);
        }
        let mut out = String::with_capacity(line.len() * 2);
        for token in tokenize(line) {
            let text = token.text(line);
            let color = match token.token {
                Token::Word if RESERVED.contains(&text) => "35",
                Token::Number | Token::Date => "36",
                Token::Text | Token::Unit => "32",
                Token::LineComment | Token::BlockComment => "90",
                Token::OpenText | Token::Unknown => "31",
                _ => "",
            };
            if color.is_empty() {
                out.push_str(text);
            } else {
                out.push_str(&format!("\u{1b}[{color}m{text}\u{1b}[0m"));
            }
        }
        Cow::Owned(out)
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.color
    }
}

impl Validator for Assistant {
    fn validate(&self, ctx: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let input = ctx.input();
        let done = input.trim_start().starts_with(':') || is_complete(input) || input.ends_with("\n\n");
        Ok(if done { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Helper for Assistant {}

/// Talks until the person leaves. `history` is where entries are remembered between sessions.
pub fn run(session: &mut Session, color: bool, history: Option<&Path>) -> Result<(), String> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .color_mode(if color { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let mut editor: Editor<Assistant, FileHistory> = Editor::with_config(config).map_err(|e| e.to_string())?;
    let mut assistant = Assistant { names: Vec::new(), color };
    assistant.refresh(session);
    editor.set_helper(Some(assistant));
    if let Some(path) = history {
        // No history yet is the normal start.
        let _ = editor.load_history(path);
    }
    let mut out = std::io::stdout();
    loop {
        let line = match editor.readline("dbf> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(why) => return Err(why.to_string()),
        };
        if line.trim().is_empty() {
            continue;
        }
        let _ = editor.add_history_entry(line.as_str());
        let (text, quit) = respond(session, &line, color);
        if !text.is_empty() {
            let _ = writeln!(out, "{}", text.trim_end());
        }
        if quit {
            break;
        }
        if let Some(helper) = editor.helper_mut() {
            helper.refresh(session);
        }
    }
    if let Some(path) = history {
        if let Some(folder) = path.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = editor.save_history(path);
    }
    Ok(())
}

/// The answer to one entry as text, and whether to leave.
fn respond(session: &mut Session, line: &str, color: bool) -> (String, bool) {
    let shown = |session: &Session, found: &[crate::source::Diagnostic]| -> String {
        found.iter().map(|d| render::to_text(d, &session.sources, color)).collect()
    };
    if line.trim_start().starts_with(':') {
        return match commands::run(session, line.trim()) {
            Effect::Say(text) => (text, false),
            Effect::Fail(found) => (shown(session, &found), false),
            Effect::Quit => (String::new(), true),
            Effect::Save(path, text) => match std::fs::write(&path, text) {
                Ok(()) => (format!("saved {path}"), false),
                Err(why) => (format!("cannot write {path}: {why}"), false),
            },
        };
    }
    match session.enter(line) {
        Ok(answer) => (answer.to_text(), false),
        Err(found) => (shown(session, &found), false),
    }
}
