//! A checked program: the tree, its side tables and the declarations by name.

use super::dataset::Schema;
use super::index::Index;
use super::instance::Instance;
use super::modules::{Loader, Origin};
use super::scope::{RowScope, Scope};
use super::types::{Base, Type};
use super::unit::Unit;
use crate::source::world::{Door, Refusal, WorldError};
use crate::source::{Diagnostic, SourceId, SourceMap, Span};
use crate::syntax::ast::{self, Expr, File, Function, ItemKind, NodeId};
use crate::syntax::{NodeIds, parse_file};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Comparisons of names that one check may spend on `did you mean`: with thousands of mistakes among
/// thousands of names, the first few hundred get a suggestion.
const GUESSES: usize = 1_000_000;

/// A module of the standard library: its name and text.
#[derive(Debug, Clone, Copy)]
pub struct StdModule {
    /// For example `std.metrics`.
    pub path: &'static str,
    /// For example `stdlib/metrics/classification.dbf`.
    pub file: &'static str,
    pub text: &'static str,
}

impl StdModule {
    /// Whether it holds policies, and so is read only when it is used.
    pub fn is_policies(&self) -> bool {
        self.path.starts_with("std.policy.")
    }
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// A parameter, a variable or a policy's `param`.
    Local(String),
    Column(String),
    /// A level of a category, by code.
    Level(u32),
    /// A top-level `let`, by its name in the whole program.
    Let(String),
    /// The dataset after `on`, by its name in the whole program.
    Dataset(String),
    Verdict(String),
}

/// Who answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// Index into [`Program::functions`]; with a body it is evaluated, without it is a kernel.
    Function(usize),
    /// A function of one row, see `special.rs`.
    Scalar(super::special::Scalar),
    /// A form with rules of its own, see `special.rs`.
    Special(super::special::Special),
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ArgSource {
    /// The call's argument at this position.
    Given(usize),
    /// The parameter's default.
    Default,
    /// A column taken by name (in `benchmark … metrics`).
    Column(String),
}

/// How a call is made.
#[derive(Debug, Clone, PartialEq)]
pub struct CallPlan {
    pub callee: Callee,
    /// One entry a parameter (functions), or one an argument (others).
    pub args: Vec<ArgSource>,
}

/// What the checker learned, by node.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    types: Vec<Option<Type>>,
    names: Vec<Option<Resolved>>,
    calls: Vec<Option<CallPlan>>,
    scales: Vec<Option<f64>>,
    /// Of `x to 'unit'`: what to multiply with, and what to add.
    conversions: Vec<Option<(f64, f64)>>,
    contracts: Vec<Option<Arc<super::contract::Contract>>>,
}

impl Tables {
    fn slot<T>(table: &mut Vec<Option<T>>, id: NodeId, value: T) {
        let at = id.0 as usize;
        if table.len() <= at {
            table.resize_with(at + 1, || None);
        }
        if let Some(slot) = table.get_mut(at) {
            *slot = Some(value);
        }
    }

    pub fn set_type(&mut self, id: NodeId, ty: Type) {
        Self::slot(&mut self.types, id, ty);
    }

    pub fn set_name(&mut self, id: NodeId, name: Resolved) {
        Self::slot(&mut self.names, id, name);
    }

    pub fn set_call(&mut self, id: NodeId, plan: CallPlan) {
        Self::slot(&mut self.calls, id, plan);
    }

    /// The node's value is to be multiplied by `factor` (a unit conversion).
    pub fn set_scale(&mut self, id: NodeId, factor: f64) {
        if factor != 1.0 {
            Self::slot(&mut self.scales, id, factor);
        }
    }

    pub fn set_conversion(&mut self, id: NodeId, factor: f64, offset: f64) {
        Self::slot(&mut self.conversions, id, (factor, offset));
    }

    pub fn set_contract(&mut self, id: NodeId, contract: super::contract::Contract) {
        Self::slot(&mut self.contracts, id, Arc::new(contract));
    }

    pub fn ty(&self, id: NodeId) -> Option<&Type> {
        self.types.get(id.0 as usize)?.as_ref()
    }

    pub fn name(&self, id: NodeId) -> Option<&Resolved> {
        self.names.get(id.0 as usize)?.as_ref()
    }

    pub fn call(&self, id: NodeId) -> Option<&CallPlan> {
        self.calls.get(id.0 as usize)?.as_ref()
    }

    pub fn scale(&self, id: NodeId) -> Option<f64> {
        *self.scales.get(id.0 as usize)?
    }

    /// What `x to 'unit'` multiplies with, and adds.
    pub fn conversion(&self, id: NodeId) -> Option<(f64, f64)> {
        *self.conversions.get(id.0 as usize)?
    }

    /// What the node's value was promised to be, its unit conversion done.
    pub fn contract(&self, id: NodeId) -> Option<&super::contract::Contract> {
        self.contracts.get(id.0 as usize)?.as_deref()
    }
}

/// A function or metric with its checked parameters.
#[derive(Debug, Clone)]
pub struct FunctionInfo {
    pub decl: Arc<Function>,
    pub doc: Option<String>,
    pub params: Vec<Type>,
    pub result: Base,
    /// What each parameter promises beyond its type.
    pub bounds: Vec<Option<super::contract::Bounds>>,
    pub result_bounds: Option<super::contract::Bounds>,
    /// The standard module it comes from; none for the script's own.
    pub module: Option<&'static str>,
    /// The file it stands in; index into [`Program::origins`].
    pub origin: usize,
    /// How many calls deep its formula goes.
    pub depth: usize,
}

/// A file that parsed and checked without errors, or as much of it as did.
#[derive(Debug, Clone, Default)]
pub struct Program {
    pub file: File,
    pub ids: NodeIds,
    pub tables: Tables,
    pub functions: Vec<Arc<FunctionInfo>>,
    pub datasets: Vec<Arc<Schema>>,
    pub lets: BTreeMap<String, Type>,
    /// The dataset whose columns bare names mean; none when there are several.
    pub home: Option<String>,
    /// The script, then every file it uses.
    pub origins: Vec<Origin>,
    /// The files read so far, to say in a reason where something was declared.
    pub sources: SourceMap,
    /// Policies asked of rows, by the id of what asks.
    pub instances: BTreeMap<NodeId, Arc<Instance>>,
    /// The rows that a test wrote out, by the id of its policy.
    pub test_rows: BTreeMap<NodeId, Arc<RowScope>>,
    /// Policies with a mistake of their own, which is not told again where they are asked for.
    pub(super) broken: HashSet<String>,
    pub(super) index: Index,
}

impl Program {
    pub fn function(&self, name: &str) -> Option<(usize, &FunctionInfo)> {
        // The script's own come last and win.
        self.function_at(0, name)
    }

    pub fn scenario(&self, name: &str) -> Option<&ast::Scenario> {
        self.find(name, |k| if let ItemKind::Scenario(s) = k { Some(s) } else { None })
    }

    pub fn task(&self, name: &str) -> Option<&ast::Task> {
        self.find(name, |k| if let ItemKind::Task(s) = k { Some(s) } else { None })
    }

    pub fn model(&self, name: &str) -> Option<&ast::Model> {
        self.find(name, |k| if let ItemKind::Model(s) = k { Some(s) } else { None })
    }

    pub fn policy(&self, name: &str) -> Option<&ast::Policy> {
        self.find(name, |k| if let ItemKind::Policy(s) = k { Some(s) } else { None })
    }

    pub fn document(&self, name: &str) -> Option<&ast::Document> {
        self.find(name, |k| if let ItemKind::Document(s) = k { Some(s) } else { None })
    }

    pub fn let_item(&self, name: &str) -> Option<&ast::LetItem> {
        self.find(name, |k| if let ItemKind::Let(s) = k { Some(s) } else { None })
    }

    pub fn generators(&self) -> impl Iterator<Item = &ast::Generator> {
        self.items().filter_map(|i| match &i.kind {
            ItemKind::Generator(g) => Some(g),
            _ => None,
        })
    }

    pub fn benchmark(&self) -> Option<&ast::Benchmark> {
        self.file.items.iter().find_map(|i| match &i.kind {
            ItemKind::Benchmark(b) => Some(b),
            _ => None,
        })
    }

    /// The name of the dataset under a scenario.
    pub fn data_of(&self, name: &str) -> Option<&str> {
        self.scenario_data(name).map(|s| s.name.as_str())
    }

    /// The dataset under a scenario, through `with`.
    pub(super) fn scenario_data(&self, name: &str) -> Option<&Arc<Schema>> {
        let mut at = name;
        for _ in 0..64 {
            if let Some(schema) = self.shared_dataset(at) {
                return Some(schema);
            }
            at = self.scenario(at)?.base.name.as_str();
        }
        None
    }
}

/// A program and what there is to say about it.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    pub program: Program,
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// The state of one check.
pub struct Checker<'a> {
    pub(super) program: &'a mut Program,
    pub(super) scope: Scope,
    /// The file being checked; index into [`Program::origins`].
    pub(super) at: usize,
    pub(super) found: Vec<Diagnostic>,
    /// The formula being checked with all that it calls and that call it, to refuse recursion.
    pub(super) open: Arc<HashSet<String>>,
    /// The `let`s being checked, one for another.
    pub(super) open_lets: Vec<String>,
    /// Whether the next range stands after `in`.
    pub(super) range_here: bool,
    /// How many `let`s are being checked, one for another.
    pub(super) depth: usize,
    /// How many definitions the one being checked needs one after another, and each that was checked.
    pub(super) chain: usize,
    pub(super) chains: BTreeMap<String, usize>,
    /// Parameters of the metric being checked that are columns; every other variable is one value in a row.
    pub(super) columns: Vec<String>,
    /// Whether a formula's body is being checked: it sees its parameters and nothing else.
    pub(super) closed: bool,
    /// Whether a `let` further down may be checked on demand.
    pub(super) waiting: bool,
    /// Definitions already told to be recursive.
    pub(super) rounds: HashSet<String>,
    /// Names whose own mistake has been told.
    lost: HashSet<String>,
    /// The columns of the dataset being checked, those further down included.
    pub(super) declared: HashSet<String>,
    /// Units read before.
    pub(super) units: HashMap<String, Unit>,
    /// Names that may still be compared in search of what an unknown one was meant to be.
    pub(super) guesses: usize,
    /// Standard names that the file brought in with `use`; none means all (REPL, `eval`).
    pub(super) used: Option<Vec<String>>,
    /// In `benchmark … metrics`, parameters not given are taken by name from here.
    pub(super) auto: Option<Arc<RowScope>>,
    /// Expressions that stand in another file's policy, and the file they were written in.
    pub(super) foreign: HashMap<NodeId, usize>,
}

impl Program {
    /// Parses and checks a file on top of the standard library; it cannot use other files.
    pub fn load(source: SourceId, sources: &mut SourceMap, std: &[StdModule]) -> Checked {
        let closed = |path: &str| {
            let message = "no file can be read here".to_string();
            Err(WorldError { path: path.to_string(), message, kind: Refusal::Unreadable })
        };
        Program::load_from(source, sources, std, &closed)
    }

    /// The same, with the files it uses read through `door`.
    pub fn load_from(source: SourceId, sources: &mut SourceMap, std: &[StdModule], door: Door) -> Checked {
        let mut program = Program::default();
        let mut diagnostics = program.load_std(sources, std);
        let mut loader = Loader::new(&mut program, sources, std, door);
        loader.script(source);
        diagnostics.append(&mut loader.found);
        if !diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.append(&mut super::lints::lint(&program));
        }
        diagnostics.sort_by_key(|d| d.labels.iter().find(|l| l.primary).map(|l| l.span));
        Checked { program, diagnostics }
    }

    /// A program of the standard library alone.
    pub fn bare(sources: &mut SourceMap, std: &[StdModule]) -> Checked {
        let mut program = Program::default();
        let diagnostics = program.load_std(sources, std);
        Checked { program, diagnostics }
    }

    fn load_std(&mut self, sources: &mut SourceMap, std: &[StdModule]) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for module in std.iter().filter(|m| !m.is_policies()) {
            let id = sources.add(module.file, module.text);
            let (file, mut found) = parse_file(id, module.text, &mut self.ids);
            diagnostics.append(&mut found);
            let mut checker = Checker::new(self, Scope::default(), None);
            for item in file.items {
                if let ItemKind::Function(decl) = &item.kind {
                    checker.function(decl.clone(), item.doc.clone(), Some(module.path));
                }
            }
            checker.bodies();
            diagnostics.append(&mut checker.found);
        }
        diagnostics
    }

    /// Types one expression over the home dataset (or `rows`), with every standard name in scope.
    pub fn check_expr(&mut self, expr: &Expr, rows: Option<Arc<RowScope>>) -> (Type, Vec<Diagnostic>) {
        let rows = rows.or_else(|| self.home_rows());
        let mut checker = Checker::new(self, Scope::with_rows(rows), None);
        let ty = checker.infer(expr, None);
        (ty, checker.found)
    }

    /// Adds an item typed at the prompt.
    pub fn add_item(&mut self, mut item: Arc<ast::Item>) -> Vec<Diagnostic> {
        super::link::item(Arc::make_mut(&mut item), "", &|name| self.global(0, name), "");
        let mut checker = Checker::new(self, Scope::default(), None);
        checker.add(item);
        checker.found
    }

    pub fn home_rows(&self) -> Option<Arc<RowScope>> {
        let home = self.home.as_ref()?;
        self.dataset(home).map(|s| s.rows())
    }
}

impl<'a> Checker<'a> {
    pub(super) fn new(program: &'a mut Program, scope: Scope, used: Option<Vec<String>>) -> Self {
        Checker {
            lost: program.file.lost.iter().map(|(_, name)| name.clone()).collect(),
            program,
            scope,
            at: 0,
            used,
            found: Vec::new(),
            open: Arc::default(),
            open_lets: Vec::new(),
            rounds: HashSet::new(),
            declared: HashSet::new(),
            units: HashMap::new(),
            guesses: GUESSES,
            depth: 0,
            chain: 0,
            chains: BTreeMap::new(),
            columns: Vec::new(),
            closed: false,
            waiting: false,
            range_here: false,
            auto: None,
            foreign: HashMap::new(),
        }
    }
}

impl Checker<'_> {
    /// Whether `name` belongs to an item whose own mistake has been told.
    pub(super) fn is_lost(&self, name: &str) -> bool {
        if self.program.origins.get(self.at).and_then(|o| o.names.get(name)) == Some(&usize::MAX) {
            return true;
        }
        let Some((front, local)) = name.rsplit_once('.') else { return self.lost.contains(name) };
        // A used file that is not there, or an item of one that could not be read.
        let at = self.program.origin_of(name);
        let theirs = match self.program.origins.get(at).filter(|_| at != self.at) {
            Some(other) => other.file.lost.iter().any(|(_, n)| n == local),
            None => self.lost.contains(local),
        };
        self.lost.contains(front) || theirs
    }

    /// Whether an item that begins with one of these words was lost together with its name.
    pub(super) fn lost_nameless(&self, words: &[&str]) -> bool {
        self.program.file.lost.iter().any(|(word, name)| name.is_empty() && words.contains(&word.as_str()))
    }

    /// Whether `name` is being checked, so that using it is recursion.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.open.contains(name) || self.open_lets.iter().any(|o| o == name)
    }

    /// What follows from `name` has the same cause and is not a mistake of its own.
    pub(super) fn lose(&mut self, name: &str) {
        if self.lost.insert(name.to_string()) {
            self.program.file.lost.push((String::new(), name.to_string()));
        }
    }

    /// The type of a node, also noted in the side table.
    pub(super) fn note(&mut self, expr: &Expr, ty: Type) -> Type {
        self.program.tables.set_type(expr.id, ty.clone());
        ty
    }

    pub(super) fn error(
        &mut self,
        code: &'static crate::source::Code,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) {
        self.found.push(Diagnostic::new(code, message).at(span, label));
    }
}
