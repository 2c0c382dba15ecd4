//! A session: a program, its data, and questions about them. Knows no terminal; `dbf eval`, `dbf test`
//! and the REPL all ask here.

use super::answer::{Answer, Summary};
use crate::builtins::STD;
use crate::builtins::measure::measure;
use crate::check::flow::Flows;
use crate::check::{Base, Checked, Level, Program, Sensitivity, StdModule, Type};
use crate::eval::estimate::withhold_single;
use crate::eval::limits::Meter;
use crate::eval::value::{Out, Value};
use crate::policy::decide::WITNESSES;
use crate::policy::telling::{WITHHELD, gives_away, told};
use crate::report::{self, Screen};
use crate::source::file::BYTE_ORDER_MARK;
use crate::source::world::World;
use crate::source::{Diagnostic, SourceMap, codes};
use crate::suite::Loaded;
use crate::suite::checks::constraint_names;
use crate::suite::coverage::{RuleSeen, coverage};
use crate::suite::mutate::{Fate, Mutant, mutants};
use crate::suite::trial::trials;
use crate::suite::why::{Question, of_checks};
use crate::syntax::ast::{Expr, ItemKind, Test, TestPart};
use crate::syntax::{Entry, parse_entry_with, show};
use std::sync::Arc;

/// A test's name, and what was wrong.
pub type TestResult = (String, Result<(), Diagnostic>);

/// What a person is working with.
pub struct Session {
    world: Box<dyn World>,
    pub sources: SourceMap,
    pub program: Program,
    loaded: Option<Loaded>,
    /// Entries that worked, for `:save`.
    pub worked: Vec<String>,
    entries: usize,
    meter: Arc<Meter>,
    /// Makes a meter for each entry.
    meters: Box<dyn Fn() -> Meter>,
}

impl Session {
    /// A session over the standard library alone.
    pub fn bare(world: Box<dyn World>) -> Session {
        let mut sources = SourceMap::default();
        let Checked { program, .. } = Program::bare(&mut sources, STD);
        Session::over(world, sources, program)
    }

    fn over(world: Box<dyn World>, sources: SourceMap, program: Program) -> Session {
        let meters = Box::new(Meter::default);
        let meter = Arc::default();
        Session { world, sources, program, loaded: None, worked: Vec::new(), entries: 0, meter, meters }
    }

    /// The same session, each entry held to the limits of a meter made for it.
    pub fn metered(self, meters: Box<dyn Fn() -> Meter>) -> Session {
        Session { meter: Arc::new(meters()), meters, ..self }
    }

    /// A session over a file; its diagnostics come back, and what is sound of it is kept.
    pub fn open(world: Box<dyn World>, name: &str, text: &str) -> (Session, Vec<Diagnostic>) {
        let mut sources = SourceMap::default();
        let id = sources.add(name, text);
        let door = |path: &str| world.read(path);
        let Checked { program, mut diagnostics } = Program::load_from(id, &mut sources, STD, &door);
        diagnostics.retain(|d| !d.code.is_advice_on_rules());
        (Session::over(world, sources, program), diagnostics)
    }

    /// Loads the data of the program, once.
    pub fn data(&mut self) -> Result<&Loaded, Vec<Diagnostic>> {
        let loaded = match self.loaded.take() {
            Some(loaded) => Loaded { meter: self.meter.clone(), ..loaded },
            None => Loaded::load_within(&self.program, self.world.as_ref(), self.meter.clone())?,
        };
        Ok(self.loaded.insert(loaded))
    }

    /// Answers one entry: an expression is evaluated, an item is defined.
    pub fn enter(&mut self, text: &str) -> Result<Answer, Vec<Diagnostic>> {
        self.entries += 1;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let id = self.sources.add(format!("entry {}", self.entries), text);
        self.meter = Arc::new((self.meters)());
        let known = self.program.aliases();
        let entry = parse_entry_with(id, text, &mut self.program.ids, &known)?;
        let answer = match entry {
            Entry::Item(item) => {
                let is_data = matches!(item.kind, ItemKind::Dataset(_) | ItemKind::UseFile(_));
                let name = text.split(['(', '=', '{', ':']).next().unwrap_or("").trim().to_string();
                let found = match &item.kind {
                    ItemKind::UseFile(_) | ItemKind::Use(_) => {
                        let door = |path: &str| self.world.read(path);
                        self.program.add_use(item, &mut self.sources, STD, &door)
                    }
                    _ => self.program.add_item(item),
                };
                if found.iter().any(Diagnostic::is_error) {
                    return Err(found);
                }
                if is_data {
                    self.loaded = None;
                }
                Answer::Defined(name)
            }
            Entry::Expr(expr) => self.ask(&expr)?,
        };
        // A question is kept as a comment, so that the saved file is a script.
        let kept = match answer {
            Answer::Defined(_) => text.trim().to_string(),
            _ => text.trim().lines().map(|l| format!("// {l}")).collect::<Vec<_>>().join("\n"),
        };
        self.worked.push(kept);
        Ok(answer)
    }

    /// The type of an expression, as text.
    pub fn type_of(&mut self, text: &str) -> Result<String, Vec<Diagnostic>> {
        self.entries += 1;
        let id = self.sources.add(format!("entry {}", self.entries), text);
        let known = self.program.aliases();
        match parse_entry_with(id, text, &mut self.program.ids, &known)? {
            Entry::Expr(expr) => {
                let (ty, found) = self.program.check_expr(&expr, None);
                if found.iter().any(Diagnostic::is_error) {
                    Err(found)
                } else {
                    let label = Flows::new(&self.program).of(&expr, self.program.home.as_deref()).label;
                    // A constant has no source, so nothing to protect.
                    let label = if ty.level == Level::Constant { String::new() } else { format!(", {label}") };
                    Ok(format!("{ty}, {}{label}", ty.level.words()))
                }
            }
            Entry::Item(_) => Ok("a definition".into()),
        }
    }

    /// Evaluates a parsed expression.
    pub fn ask(&mut self, expr: &Expr) -> Result<Answer, Vec<Diagnostic>> {
        let (ty, found) = self.program.check_expr(expr, None);
        if found.iter().any(Diagnostic::is_error) {
            return Err(found);
        }
        let home = self.program.home.as_deref();
        let flows = Flows::new(&self.program);
        if ty.level != Level::Row
            && ty.base != Base::Bool
            && let Some(d) = flows.shown(expr, home, "this answer")
        {
            return Err(vec![d]);
        }
        let withheld = flows.of(expr, home).label == Sensitivity::Phi;
        if self.reads_data(expr) {
            self.data()?;
        }
        let answer = self.answer(expr, &ty, withheld);
        match self.meter.stopped() {
            Some(stopped) => Err(vec![stopped.at(expr.span, "while this was evaluated")]),
            None => Ok(answer),
        }
    }

    fn answer(&self, expr: &Expr, ty: &Type, withheld: bool) -> Answer {
        let nothing;
        let loaded = match &self.loaded {
            Some(loaded) => loaded,
            None => {
                nothing = Loaded { meter: self.meter.clone(), ..Loaded::nothing() };
                &nothing
            }
        };
        let env = loaded.env(&self.program, 0);
        if ty.level == Level::Row {
            return Answer::Rows(Summary::of(&env.eval(expr), ty.to_string()).withholding(withheld));
        }
        if ty.base.is_numeric() {
            let unit = ty.base.unit();
            let measured = match withhold_single(measure(&env, expr), withheld) {
                Ok(e) if withheld => match told(&env, expr, e) {
                    Ok(e) => Ok(e),
                    Err(says) => return Answer::Withheld { formula: show(expr), says },
                },
                other => other,
            };
            return Answer::Figure { formula: show(expr), measured, unit: (!unit.is_one()).then_some(unit.code) };
        }
        // A yes or no tells one bit; a list or a record has figures in it.
        if withheld && ty.base != Base::Bool && gives_away(&env, expr) {
            return Answer::Withheld { formula: show(expr), says: WITHHELD };
        }
        match env.eval(expr) {
            Out::One(Value::Undefined(why)) => {
                Answer::Figure { formula: show(expr), measured: Err(why.as_ref().clone()), unit: None }
            }
            Out::One(value) => Answer::Value(value),
            rows => Answer::Rows(Summary::of(&rows, ty.to_string()).withholding(withheld)),
        }
    }

    /// Whether evaluating needs any dataset.
    fn reads_data(&self, expr: &Expr) -> bool {
        let mut reads = false;
        crate::check::walk(expr, &mut |e| {
            use crate::check::program::{Callee, Resolved};
            use crate::check::special::Special;
            use crate::syntax::ast::ExprKind;
            let name = self.program.tables.name(e.id);
            reads |= matches!(name, Some(Resolved::Column(_) | Resolved::Let(_) | Resolved::Dataset(_)));
            reads |= matches!(e.kind, ExprKind::Scoped { on: Some(_), .. });
            reads |= self.program.tables.call(e.id).is_some_and(|p| p.callee == Callee::Special(Special::Count));
        });
        reads && !self.program.datasets.is_empty()
    }

    /// Runs the `test` blocks and the `@example`s of the file's own functions.
    pub fn tests(&mut self) -> Result<Vec<TestResult>, Vec<Diagnostic>> {
        let mut out = Vec::new();
        let items = self.program.file.items.clone();
        for item in &items {
            match &item.kind {
                ItemKind::Test(test) => {
                    let result = self.test(test)?;
                    out.push((test.name.0.clone(), result));
                }
                ItemKind::Function(f) => {
                    for (call, wanted) in examples(item.doc.as_deref()) {
                        let result = self.example(&call, &wanted);
                        out.push((format!("{}: {call}", f.name.name), result));
                    }
                }
                _ => {}
            }
        }
        Ok(out)
    }

    /// Why a constraint of a `check` has its verdict; nothing in `wanted` explains all that do not pass.
    pub fn why(&mut self, wanted: &str) -> Result<String, Vec<Diagnostic>> {
        self.meter = Arc::new((self.meters)());
        self.data()?;
        let question = Question {
            constraint: (!wanted.is_empty()).then(|| wanted.to_string()),
            witnesses: WITNESSES,
            ..Question::default()
        };
        let nothing = Loaded { meter: self.meter.clone(), ..Loaded::nothing() };
        let loaded = self.loaded.as_ref().unwrap_or(&nothing);
        let found = of_checks(&self.program, loaded, &question)?;
        if let Some(stopped) = self.meter.stopped() {
            return Err(vec![stopped]);
        }
        let texts = found.iter().flat_map(|asked| {
            let each = asked.result.constraints.iter().zip(&asked.passed_over);
            each.map(|(c, passed_over)| {
                report::why(&asked.result, c, passed_over, &self.sources, Screen::new(false, None))
            })
        });
        let text = texts.collect::<String>();
        Ok(match (text.is_empty(), constraint_names(&self.program).is_empty(), wanted) {
            (false, ..) => text.trim_start().to_string(),
            (true, true, _) => "no `check` here; write `check POLICY on DATASET`".to_string(),
            (true, false, "") => "every constraint that applies holds".to_string(),
            (true, false, name) => {
                format!("no check asks about `{name}`; there are: {}", constraint_names(&self.program).join(", "))
            }
        })
    }

    /// The `@example`s of a module of the standard library.
    pub fn module_tests(&mut self, module: &StdModule) -> Result<Vec<TestResult>, Vec<Diagnostic>> {
        let own = self.program.functions.iter().filter(|f| {
            let source = self.sources.file(f.decl.name.span.source);
            source.is_some_and(|s| s.name == module.file)
        });
        let own: Vec<(String, Option<String>)> = own.map(|f| (f.decl.name.name.clone(), f.doc.clone())).collect();
        let mut out = Vec::new();
        for (name, doc) in own {
            for (call, wanted) in examples(doc.as_deref()) {
                out.push((format!("{name}: {call}"), self.example(&call, &wanted)));
            }
        }
        Ok(out)
    }

    /// What the tests have seen of the script's policies.
    pub fn coverage(&mut self) -> Result<Vec<RuleSeen>, Vec<Diagnostic>> {
        let nothing = Loaded { meter: self.meter.clone(), ..Loaded::nothing() };
        Ok(coverage(&self.program, self.loaded.as_ref().unwrap_or(&nothing)))
    }

    /// The script's policies broken one by one, and what the tests make of it.
    pub fn mutants(&mut self) -> Result<Vec<(Mutant, Fate)>, Vec<Diagnostic>> {
        let nothing = Loaded { meter: self.meter.clone(), ..Loaded::nothing() };
        let found = mutants(&self.program, self.loaded.as_ref().unwrap_or(&nothing));
        match self.meter.stopped() {
            Some(stopped) => Err(vec![stopped]),
            None => Ok(found),
        }
    }

    /// One test: its first part that does not hold.
    fn test(&mut self, test: &Test) -> Result<Result<(), Diagnostic>, Vec<Diagnostic>> {
        for part in &test.parts {
            if let TestPart::Assert(assertion) = part
                && let Err(d) = self.assertion(assertion)?
            {
                return Ok(Err(d));
            }
        }
        let needs_data = test.parts.iter().any(|p| matches!(p, TestPart::Expect(e) if e.table.is_none()));
        if needs_data && !self.program.datasets.is_empty() {
            self.data()?;
        }
        let nothing = Loaded { meter: self.meter.clone(), ..Loaded::nothing() };
        let loaded = self.loaded.as_ref().unwrap_or(&nothing);
        for trial in trials(&self.program, loaded, test, false) {
            if let Err(d) = trial.judged() {
                return Ok(Err(d));
            }
        }
        match self.meter.stopped() {
            Some(stopped) => Err(vec![stopped.at(test.name.1, "while this was tested")]),
            None => Ok(Ok(())),
        }
    }

    fn assertion(&mut self, expr: &Expr) -> Result<Result<(), Diagnostic>, Vec<Diagnostic>> {
        if self.reads_data(expr) {
            self.data()?;
        }
        let nothing = Loaded { meter: self.meter.clone(), ..Loaded::nothing() };
        let env = self.loaded.as_ref().unwrap_or(&nothing).env(&self.program, 0);
        let value = env.one(expr);
        if let Some(stopped) = self.meter.stopped() {
            return Err(vec![stopped.at(expr.span, "while this was evaluated")]);
        }
        if value == Value::Bool(true) {
            return Ok(Ok(()));
        }
        let mut d = Diagnostic::new(codes::ASSERTION, "this assertion does not hold").at(
            expr.span,
            match &value {
                Value::Bool(_) => "is false".to_string(),
                other => other.to_string(),
            },
        );
        // Both sides of a comparison, to see by how much.
        if let crate::syntax::ast::ExprKind::Binary(op, _, a, b) = &expr.kind
            && op.is_comparison()
        {
            let flows = Flows::new(&self.program);
            let home = self.program.home.as_deref();
            let tells = |e: &Expr| flows.of(e, home).label == Sensitivity::Phi && gives_away(&env, e);
            d = if [a, b].iter().any(|e| flows.of(e, home).person.is_some()) {
                d.note("the two sides are not shown: one of them is a person's value, and the data is phi")
            } else if [a, b].iter().any(|e| tells(e)) {
                d.note(
                    "the two sides are not shown: they would tell a count of fewer than 11 rows, and the data is phi",
                )
            } else {
                d.note(format!("left: {}, right: {}", env.one(a), env.one(b)))
            };
        }
        Ok(Err(d))
    }

    /// Checks `call => wanted`; both are expressions.
    pub fn example(&mut self, call: &str, wanted: &str) -> Result<(), Diagnostic> {
        let value = |session: &mut Session, text: &str| -> Result<Value, Diagnostic> {
            match session.enter(text) {
                Ok(Answer::Figure { measured: Ok(e), .. }) => Ok(Value::Number(e.value)),
                Ok(Answer::Figure { measured: Err(why), .. }) => Ok(Value::undefined(why.reason)),
                Ok(Answer::Value(value)) => Ok(value),
                Ok(_) => Err(Diagnostic::new(codes::ASSERTION, format!("`{text}` is not one value"))),
                Err(mut found) => Err(found.remove(0)),
            }
        };
        let (left, right) = (value(self, call)?, value(self, wanted)?);
        let close = match (&left, &right) {
            (Value::Number(a), Value::Number(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
            (a, b) => a == b,
        };
        if close { Ok(()) } else { Err(Diagnostic::new(codes::ASSERTION, format!("`{call}` is {left}, not {right}"))) }
    }
}

/// The `@example call => result` lines of a doc comment.
pub fn examples(doc: Option<&str>) -> Vec<(String, String)> {
    doc.unwrap_or("")
        .lines()
        .filter_map(|l| l.trim().strip_prefix("@example "))
        .filter_map(|l| l.rsplit_once("=>"))
        .map(|(a, b)| (a.trim().to_string(), b.trim().to_string()))
        .collect()
}
