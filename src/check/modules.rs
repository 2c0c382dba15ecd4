//! `use "./file.dbf"`: files loaded once each, circles refused, names of one file known to another.
//!
//! Pure: files come through a door that is handed in. Every item of a used file has one name in the whole
//! program, its file's prefix and a dot before it (`cohorts.base`); the script's own have none.

use super::link;
use super::program::{Checker, FunctionInfo, Program, StdModule};
use super::scope::Scope;
use crate::source::diagnostic::nearest;
use crate::source::world::{Door, folder_of, plain_path};
use crate::source::{Diagnostic, SourceId, SourceMap, Span, codes};
use crate::syntax::ast::{File, Ident, Item, ItemKind, Use, UseFile};
use crate::syntax::parse_file;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many files may stand between the script and the deepest used one.
const DEEPEST: usize = 64;

/// A file of the program: the script first, then what it uses.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// From the script's folder: `lib/cohorts.dbf`.
    pub path: String,
    pub source: Option<SourceId>,
    /// What stands before its names: `cohorts`; empty for the script.
    pub prefix: String,
    /// A used file's items. The script's are [`Program::file`].
    pub file: File,
    pub home: Option<String>,
    /// Names after `as`, and the files they stand for.
    pub aliases: BTreeMap<String, usize>,
    /// Names taken from a file one by one, and that file.
    pub names: BTreeMap<String, usize>,
    /// Paths of the standard modules it uses.
    pub std: Vec<String>,
}

impl Program {
    /// The name that `name`, as written in file `at`, has in the whole program.
    pub fn global(&self, at: usize, name: &str) -> String {
        let Some(origin) = self.origins.get(at) else { return name.to_string() };
        let (target, local) = match name.split_once('.') {
            Some((alias, local)) => match origin.aliases.get(alias) {
                Some(target) => (*target, local),
                None => return name.to_string(),
            },
            None => (origin.names.get(name).copied().unwrap_or(at), name),
        };
        self.origins.get(target).map_or_else(|| name.to_string(), |o| joined(&o.prefix, local))
    }

    /// The file that a global name belongs to.
    pub fn origin_of(&self, global: &str) -> usize {
        let Some((prefix, _)) = global.rsplit_once('.') else { return 0 };
        self.origins.iter().position(|o| o.prefix == prefix).unwrap_or(0)
    }

    /// The dataset that bare column names mean in the file of a global name.
    pub fn home_of(&self, global: &str) -> Option<&String> {
        match self.origin_of(global) {
            0 => self.home.as_ref(),
            at => self.origins.get(at).and_then(|o| o.home.as_ref()),
        }
    }

    /// A function by its name as written in file `at`: that file's own, one it uses, or a standard one.
    pub fn function_at(&self, at: usize, name: &str) -> Option<(usize, &FunctionInfo)> {
        let origin = self.origins.get(at);
        let (target, local) = match name.split_once('.') {
            Some((alias, local)) => (*origin?.aliases.get(alias)?, local),
            None => (origin.and_then(|o| o.names.get(name)).copied().unwrap_or(at), name),
        };
        let fits = |f: &FunctionInfo| match f.module {
            Some(_) => target == at,
            None => f.origin == target,
        };
        self.last_function(local, fits)
    }

    /// The items of the script and of every used file.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.file.items.iter().chain(self.origins.iter().flat_map(|o| &o.file.items)).map(|i| i.as_ref())
    }

    /// The names that used files go by in the script, for the prompt.
    pub fn aliases(&self) -> Vec<String> {
        self.origins.first().map_or_else(Vec::new, |o| o.aliases.keys().cloned().collect())
    }

    /// The used files, without the script.
    pub fn used_files(&self) -> impl Iterator<Item = &Origin> {
        self.origins.iter().skip(1).filter(|o| o.source.is_some() && !o.path.starts_with("std."))
    }
}

/// `examples/` of `examples/a.dbf`.
fn folder_with_slash(name: &str) -> &str {
    name.get(..name.rfind(['/', '\\']).map_or(0, |i| i + 1)).unwrap_or("")
}

fn joined(prefix: &str, local: &str) -> String {
    if prefix.is_empty() { local.to_string() } else { format!("{prefix}.{local}") }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
    /// Could not be read, or lost its datasets: what it would have brought is not unknown as well.
    Broken,
    /// Nothing in it could be read as an item.
    NoScript,
}

/// Loads a script with everything it uses.
pub(super) struct Loader<'a> {
    pub program: &'a mut Program,
    pub sources: &'a mut SourceMap,
    pub std: &'a [StdModule],
    pub door: Door<'a>,
    pub found: Vec<Diagnostic>,
    states: Vec<State>,
    /// The files being loaded, outermost first, and the `use` that leads from each to the next.
    open: Vec<usize>,
    links: Vec<Span>,
    /// The folder of the script as shown to people, with its final slash.
    shown: String,
}

impl<'a> Loader<'a> {
    pub fn new(program: &'a mut Program, sources: &'a mut SourceMap, std: &'a [StdModule], door: Door<'a>) -> Self {
        Loader {
            program,
            sources,
            std,
            door,
            found: Vec::new(),
            states: Vec::new(),
            open: Vec::new(),
            links: Vec::new(),
            shown: String::new(),
        }
    }

    /// Loads the script and everything below it.
    pub fn script(&mut self, source: SourceId) {
        let name = self.sources.file(source).map_or_else(String::new, |f| f.name.clone());
        self.shown = folder_with_slash(&name).to_string();
        let path = name.get(self.shown.len()..).unwrap_or("").to_string();
        self.program.origins.push(Origin { path, source: Some(source), ..Origin::default() });
        self.states.push(State::Open);
        self.file(0, source);
    }

    fn path(&self, at: usize) -> String {
        self.program.origins.get(at).map_or_else(String::new, |o| o.path.clone())
    }

    fn set(&mut self, at: usize, state: State) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = state;
        }
    }

    fn state(&self, at: usize) -> State {
        self.states.get(at).copied().unwrap_or(State::Broken)
    }

    /// Parses a file, loads what it uses, then checks it in its own names.
    fn file(&mut self, at: usize, source: SourceId) {
        let text = self.sources.file(source).map(|f| f.text.clone()).unwrap_or_default();
        let (mut file, mut found) = parse_file(source, &text, &mut self.program.ids);
        if at > 0 && file.items.is_empty() && found.iter().any(Diagnostic::is_error) {
            self.set(at, State::NoScript);
            return;
        }
        self.found.append(&mut found);
        self.open.push(at);
        let uses: Vec<UseFile> = file
            .items
            .iter()
            .filter_map(|i| match &i.kind {
                ItemKind::UseFile(used) => Some(used.clone()),
                ItemKind::Use(used) => self.policy_module(used),
                _ => None,
            })
            .collect();
        let folder = folder_of(&self.path(at)).to_string();
        // All names first: the script's own words for its files come before those of the files below.
        let targets: Vec<Option<usize>> = uses.iter().map(|used| self.target(at, &folder, used)).collect();
        for (used, target) in uses.iter().zip(targets) {
            let whole = target.is_some_and(|target| self.follow(at, target, used));
            if !whole {
                let lost = used.name.iter().chain(&used.names).map(|n| (String::new(), n.name.clone()));
                file.lost.extend(lost);
            }
        }
        self.open.pop();
        if file.lost.iter().any(|(word, _)| word == "dataset") {
            // Without its columns, nearly every name below would be called unknown.
            self.set(at, State::Broken);
            if at == 0 {
                self.program.file = file;
            }
            return;
        }
        link::file(&mut file, &folder, &|name| self.program.global(at, name), &self.prefix(at));
        self.check(at, file);
        self.set(at, State::Done);
    }

    /// A standard module of policies is read as a file of its own, when somebody asks for it.
    fn policy_module(&self, used: &Use) -> Option<UseFile> {
        let path = &used.path;
        let known = self.std.iter().any(|m| m.path == path.name && m.is_policies());
        let last = path.name.rsplit('.').next().unwrap_or("");
        let name = Ident { name: last.to_string(), span: path.span };
        known.then(|| UseFile {
            path: (path.name.clone(), path.span),
            name: Some(name),
            names: used.names.clone(),
            version: None,
        })
    }

    fn prefix(&self, at: usize) -> String {
        self.program.origins.get(at).map_or_else(String::new, |o| o.prefix.clone())
    }

    fn check(&mut self, at: usize, file: File) {
        self.program.file = file;
        self.program.index_items();
        self.program.home = None;
        self.program.sources = self.sources.clone();
        let prefix = self.prefix(at);
        let mut checker = Checker::new(self.program, Scope::default(), Some(Vec::new()));
        checker.at = at;
        checker.items(self.std);
        let mut found = std::mem::take(&mut checker.found);
        if at > 0 {
            // What people read says `base`, as the file does, not `cohorts.base`.
            let own = format!("`{prefix}.");
            found.iter_mut().for_each(|d| without(d, &own));
            let (file, home) = (std::mem::take(&mut self.program.file), self.program.home.take());
            if let Some(origin) = self.program.origins.get_mut(at) {
                (origin.file, origin.home) = (file, home);
            }
        }
        self.found.append(&mut found);
    }

    /// The file that a `use` means; registered when it is met for the first time.
    fn target(&mut self, at: usize, folder: &str, used: &UseFile) -> Option<usize> {
        let (written, span) = &used.path;
        let own = self.std.iter().any(|m| m.path == written && m.is_policies());
        let path = if own { Some(written.clone()) } else { plain_path(folder, written) };
        let Some(path) = path.filter(|p| !p.is_empty()) else {
            self.found.push(
                Diagnostic::new(codes::OUTSIDE_ROOT, format!("`{written}` is not a path below the script"))
                    .at(*span, if written.is_empty() { "no path at all" } else { "an absolute path" })
                    .help("paths start at the folder of the file that says `use`: `use \"./cohorts.dbf\" as cohorts`"),
            );
            return None;
        };
        if let Some(known) = self.program.origins.iter().position(|o| o.path == path) {
            return Some(known);
        }
        let stem = path.rsplit('/').next().unwrap_or("").trim_end_matches(".dbf");
        let local = used.name.as_ref().map_or(stem, |n| n.name.as_str());
        let mut prefix = joined(&self.prefix(at), local);
        if self.program.origins.iter().any(|o| o.prefix == prefix) {
            prefix = path.clone();
        }
        self.program.origins.push(Origin { path, prefix, ..Origin::default() });
        self.states.push(State::New);
        Some(self.program.origins.len() - 1)
    }

    /// Loads the used file if that has not happened yet, and takes over its names. Says whether it is there.
    fn follow(&mut self, at: usize, target: usize, used: &UseFile) -> bool {
        let span = used.path.1;
        match self.state(target) {
            State::Open => {
                self.circle(target, span);
                return false;
            }
            State::New => {
                self.set(target, State::Open);
                self.links.push(span);
                self.read(target, used);
                self.links.pop();
            }
            State::Done | State::Broken | State::NoScript => {}
        }
        if self.state(target) != State::Done {
            return false;
        }
        self.version(target, used);
        if let (Some(name), Some(origin)) = (&used.name, self.program.origins.get_mut(at)) {
            origin.aliases.insert(name.name.clone(), target);
        }
        for name in &used.names {
            self.take(at, target, name);
        }
        true
    }

    fn read(&mut self, target: usize, used: &UseFile) {
        let (written, span) = &used.path;
        let path = self.path(target);
        let broken = |this: &mut Self, d: Diagnostic| {
            this.found.push(d);
            this.set(target, State::Broken);
        };
        if self.open.len() >= DEEPEST {
            let d = Diagnostic::new(codes::NO_MODULE_FILE, format!("files use files more than {DEEPEST} deep"))
                .at(*span, "one too many");
            return broken(self, d);
        }
        if let Some(module) = self.std.iter().find(|m| m.path == path && m.is_policies()) {
            let source = self.sources.add(module.file, module.text);
            if let Some(origin) = self.program.origins.get_mut(target) {
                origin.source = Some(source);
            }
            self.file(target, source);
            return;
        }
        let bytes = match (self.door)(&path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let told = why.told();
                let code = if told.code == codes::NO_FILE { codes::NO_MODULE_FILE } else { told.code };
                let mut d = Diagnostic::new(code, format!("`{written}` cannot be used: {}", why.message))
                    .at(*span, "this file")
                    .help("paths start at the folder of the file that says `use`");
                if code != codes::NO_MODULE_FILE {
                    d.help = told.help;
                }
                return broken(self, d);
            }
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let d = Diagnostic::new(codes::NO_MODULE_FILE, format!("`{written}` cannot be used: it is not UTF-8 text"))
                .at(*span, "this file")
                .help("`use` takes scripts; data is declared with `dataset NAME from \"FILE\" { … }`");
            return broken(self, d);
        };
        let source = self.sources.add(format!("{}{path}", self.shown), text);
        if let Some(origin) = self.program.origins.get_mut(target) {
            origin.source = Some(source);
        }
        self.file(target, source);
        if self.state(target) == State::NoScript {
            let d = Diagnostic::new(codes::NO_MODULE_FILE, format!("`{written}` cannot be used: it is not a script"))
                .at(*span, "this file")
                .help("data is declared with `dataset NAME from \"FILE\" { … }`");
            broken(self, d);
        }
    }

    /// A file that leads back to itself: every step of the way is shown.
    fn circle(&mut self, target: usize, last: Span) {
        let from = self.open.iter().position(|o| *o == target).unwrap_or(0);
        let round: Vec<String> = self.open.iter().skip(from).chain([&target]).map(|at| self.path(*at)).collect();
        let names: Vec<String> = round.iter().map(|n| format!("`{n}`")).collect();
        let mut d = Diagnostic::new(
            codes::USE_CYCLE,
            match names.as_slice() {
                [one, _] => format!("{one} uses itself"),
                many => format!("files use each other in a circle: {}", many.join(" → ")),
            },
        )
        .at(last, "leads back to the start");
        for (step, span) in self.links.iter().skip(from).enumerate() {
            let pair = (round.get(step), round.get(step + 1));
            if let (Some(a), Some(b)) = pair {
                d = d.also(*span, format!("`{a}` uses `{b}`"));
            }
        }
        self.found.push(d.help("move what both need into a third file that uses neither"));
    }

    /// `version "1.2"` fits 1.2, 1.2.0 and 1.2.7, but not 1.20.
    fn version(&mut self, target: usize, used: &UseFile) {
        let Some((wanted, span)) = &used.version else { return };
        let Some(origin) = self.program.origins.get(target) else { return };
        let module = origin.file.items.iter().find_map(|i| match &i.kind {
            ItemKind::Module { version, .. } => Some((version.clone(), i.span)),
            _ => None,
        });
        let path = &origin.path;
        let d = match module {
            Some((found, _)) if fits_version(&found, wanted) => return,
            Some((found, at)) => {
                Diagnostic::new(codes::OTHER_VERSION, format!("`{path}` has version {found}, not {wanted}"))
                    .at(*span, format!("asks for {wanted}"))
                    .also(at, "says its version here")
                    .help(format!("get the version you mean, or write `version \"{found}\"`"))
            }
            None => Diagnostic::new(codes::OTHER_VERSION, format!("`{path}` does not say its version"))
                .at(*span, format!("asks for {wanted}"))
                .help(format!("add `module NAME version \"{wanted}\"` to that file")),
        };
        self.found.push(d);
    }

    /// `use "./x.dbf".{name}`.
    fn take(&mut self, at: usize, target: usize, name: &Ident) {
        let known = self.program.names_of(target);
        if known.contains(&name.name) {
            if let Some(origin) = self.program.origins.get_mut(at) {
                origin.names.insert(name.name.clone(), target);
            }
            return;
        }
        let path = self.path(target);
        self.found.push(no_such_name(&path, &name.name, name.span, &known));
        if let Some(origin) = self.program.origins.get_mut(at) {
            // Told once: later uses of the name are not unknown as well.
            origin.names.insert(name.name.clone(), usize::MAX);
        }
    }
}

impl Program {
    /// Brings in a file at the prompt.
    pub fn add_use(
        &mut self,
        item: Arc<Item>,
        sources: &mut SourceMap,
        std: &[StdModule],
        door: Door,
    ) -> Vec<Diagnostic> {
        let policies = match &item.kind {
            ItemKind::Use(used) => Loader::new(self, sources, std, door).policy_module(used),
            _ => None,
        };
        let used = match (&item.kind, &policies) {
            (ItemKind::UseFile(used), _) | (_, Some(used)) => used,
            _ => return self.add_item(item),
        };
        if self.origins.is_empty() {
            self.origins.push(Origin::default());
        }
        let shown = self.origins.first().and_then(|o| o.source).and_then(|s| sources.file(s));
        let shown = shown.map_or_else(String::new, |f| folder_with_slash(&f.name).to_string());
        let (file, home) = (std::mem::take(&mut self.file), self.home.take());
        let mut loader = Loader::new(self, sources, std, door);
        loader.shown = shown;
        loader.states = vec![State::Done; loader.program.origins.len()];
        loader.set(0, State::Open);
        loader.open.push(0);
        if let Some(target) = loader.target(0, "", used) {
            loader.follow(0, target, used);
        }
        let found = std::mem::take(&mut loader.found);
        (self.file, self.home) = (file, home);
        if !found.iter().any(Diagnostic::is_error) {
            self.file.items.push(item);
            Checker::new(self, Scope::default(), None).home();
        }
        found
    }

    /// The names that a used file has to give.
    pub(super) fn names_of(&self, at: usize) -> Vec<String> {
        let Some(origin) = self.origins.get(at) else { return Vec::new() };
        let items = if at == 0 { &self.file.items } else { &origin.file.items };
        let names = items.iter().filter(|i| !matches!(i.kind, ItemKind::UseFile(_))).filter_map(|i| {
            let name = i.kind.name()?;
            Some(name.name.rsplit('.').next().unwrap_or("").to_string())
        });
        names.collect()
    }
}

/// `cohorts` has no `bas`.
pub(super) fn no_such_name(file: &str, name: &str, span: Span, known: &[String]) -> Diagnostic {
    let mut d =
        Diagnostic::new(codes::UNKNOWN_MODULE, format!("`{file}` has no `{name}`")).at(span, "not in that file");
    d = match known {
        [] => d.note("it defines nothing"),
        known => d.note(format!("it has: {}", known.join(", "))),
    };
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => d.meant(span, near),
        None => d,
    }
}

/// Whether a version begins like the wanted one, part by part.
pub(super) fn fits_version(found: &str, wanted: &str) -> bool {
    let mut found = found.split('.');
    wanted.split('.').all(|part| found.next() == Some(part))
}

fn without(d: &mut Diagnostic, prefix: &str) {
    let clean = |text: &mut String| {
        if text.contains(prefix) {
            *text = text.replace(prefix, "`");
        }
    };
    clean(&mut d.message);
    d.labels.iter_mut().for_each(|l| clean(&mut l.message));
    d.notes.iter_mut().for_each(clean);
    if let Some(help) = d.help.take() {
        let mut help = help.into_string();
        clean(&mut help);
        d.help = Some(help.into());
    }
}

#[cfg(test)]
mod tests {
    use super::fits_version;

    #[test]
    fn versions_fit_part_by_part() {
        for (found, wanted, fits) in [
            ("1.2.0", "1.2", true),
            ("1.2.0", "1", true),
            ("1.2.0", "1.2.0", true),
            ("1.20.0", "1.2", false),
            ("1.2", "1.2.0", false),
            ("2.0.0", "1", false),
        ] {
            assert_eq!(fits_version(found, wanted), fits, "{found} {wanted}");
        }
    }
}
