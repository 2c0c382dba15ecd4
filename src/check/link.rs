//! Gives the items of a file their names in the whole program, where the tree names items outside of
//! expressions. Names inside expressions are looked up by the checker.

use crate::source::world::plain_path;
use crate::syntax::ast::{DocumentSource, File, Grant, Ident, Item, ItemKind, TaskKind};
use std::sync::Arc;

/// `global` turns a name as written in this file into its global one; `prefix` is the file's own.
pub(super) fn file(file: &mut File, folder: &str, global: &dyn Fn(&str) -> String, prefix: &str) {
    for found in &mut file.items {
        item(Arc::make_mut(found), folder, global, prefix);
    }
}

/// The same for one item.
pub(super) fn item(item: &mut Item, folder: &str, global: &dyn Fn(&str) -> String, prefix: &str) {
    let refers = |name: &mut Ident| name.name = global(&name.name);
    let own = |name: &mut Ident| {
        if !prefix.is_empty() {
            name.name = format!("{prefix}.{}", name.name);
        }
    };
    match &mut item.kind {
        ItemKind::Dataset(d) => {
            own(&mut d.name);
            // The world reads from the script's folder.
            if let Some(path) = plain_path(folder, &d.path.0).filter(|_| !folder.is_empty()) {
                d.path.0 = path;
            }
        }
        ItemKind::Policy(p) => {
            own(&mut p.name);
            for grant in &mut p.grants {
                match grant {
                    Grant::Egress { models, .. } => models.iter_mut().for_each(refers),
                    Grant::Release { generator, .. } => refers(generator),
                }
            }
        }
        ItemKind::Scenario(s) => {
            own(&mut s.name);
            refers(&mut s.base);
        }
        ItemKind::Task(t) => {
            own(&mut t.name);
            if let TaskKind::Discriminate(which) = &mut t.kind
                && which.name != "synthetic"
            {
                refers(which);
            }
        }
        ItemKind::Model(m) => own(&mut m.name),
        ItemKind::Generator(g) => {
            own(&mut g.name);
            refers(&mut g.data);
        }
        ItemKind::Benchmark(b) => {
            own(&mut b.name);
            for list in [&mut b.scenarios, &mut b.models, &mut b.tasks, &mut b.reports] {
                list.iter_mut().for_each(refers);
            }
        }
        ItemKind::Let(l) => own(&mut l.name),
        ItemKind::Document(d) => {
            own(&mut d.name);
            if let DocumentSource::File(path, _) = &mut d.source
                && let Some(full) = plain_path(folder, path).filter(|_| !folder.is_empty())
            {
                *path = full;
            }
        }
        ItemKind::Report(generators) => generators.iter_mut().for_each(refers),
        ItemKind::Check(c) => c.on.iter_mut().for_each(refers),
        // Functions are found by file and name, see `Program::function_at`; policies that are used, likewise.
        ItemKind::Function(_)
        | ItemKind::Language(_)
        | ItemKind::Module { .. }
        | ItemKind::Use(_)
        | ItemKind::UseFile(_)
        | ItemKind::Attest(_)
        | ItemKind::Test(_) => {}
    }
}
