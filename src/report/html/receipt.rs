//! The end of the page: data and licences, models, versions, hashes, timings, warnings.

use super::{name, nothing, scroll};
use crate::report::format::{count, plural, seconds};
use crate::report::view::View;
use maud::{Markup, html};

pub fn section(view: &View<'_>) -> Markup {
    html! {
        @if !view.results.receipt.warnings.is_empty() {
            h3 { "Warnings" }
            ul class="warnings" { @for w in &view.results.receipt.warnings { li { (w) } } }
        }
        h3 { "Data" }
        (datasets(view))
        h3 { "Models" }
        (models(view))
        h3 { "Receipt" }
        (receipt(view))
    }
}

fn datasets(view: &View<'_>) -> Markup {
    let body = &view.results.body;
    if body.datasets.is_empty() {
        return nothing("This benchmark reads no data.");
    }
    html! {
        @for d in &body.datasets {
            dl class="facts" {
                dt { "Dataset" } dd { strong { (d.name) } ", " (plural(d.rows, "row")) " × " (plural(d.columns, "column")) }
                dt { "File" } dd { code { (d.file) } }
                dt { "SHA-256" } dd { code { (d.sha256) } }
                dt { "Sensitivity" } dd { (d.sensitivity) }
                dt { "Licence" } dd { (d.license.as_deref().unwrap_or("not stated in the script")) }
                dt { "Source" } dd { (d.source.as_deref().unwrap_or("not stated in the script")) }
            }
        }
    }
}

fn models(view: &View<'_>) -> Markup {
    if view.models().is_empty() {
        return nothing("This benchmark declares no model.");
    }
    scroll(
        "Models",
        html! {
            table class="plain" {
                caption class="unseen" { "Models under test" }
                thead { tr { th scope="col" { "Model" } th scope="col" class="num" { "Features" } th scope="col" { "Definition" } } }
                tbody {
                    @for m in view.models() {
                        tr { th scope="row" { (name(&m.name)) } td class="num" { (count(m.features)) } td { code { (m.definition) } } }
                    }
                }
            }
        },
    )
}

fn receipt(view: &View<'_>) -> Markup {
    let (body, receipt) = (&view.results.body, &view.results.receipt);
    let total: f64 = receipt.timings.iter().map(|t| t.seconds).filter(|s| s.is_finite()).sum();
    html! {
        dl class="facts" {
            dt { "Script" } dd { code { (body.script.path) }
                @if let Some(module) = &body.script.module {
                    ", module " (module) @if let Some(version) = &body.script.module_version { " " (version) }
                }
            }
            dt { "Script SHA-256" } dd { code { (body.script.sha256) } }
            dt { "Tool" } dd { (body.tool.name) " " (body.tool.version) ", language edition " (body.tool.language) }
            dt { "Schema" } dd { code { (view.results.schema) } }
            dt { "Digest" } dd { code { (view.results.digest) } }
            dt { "Seed" } dd { code { (body.seed) } }
            dt { "Device" } dd { (body.device) }
            dt { "Folds" } dd { (body.benchmark.folds) }
            dt { "As of" } dd { (body.benchmark.as_of.as_deref().unwrap_or("not stated")) }
            dt { "Threads" } dd { (receipt.threads) }
            dt { "Cells" } dd { (count(body.cells.len())) ", " (count(receipt.cells_from_cache)) " of them from the cache" }
            dt { "Finished" } dd { @if receipt.interrupted { "no, the run was stopped" } @else { "yes" } }
            dt { "Time" } dd {
                (seconds(total))
                ul class="timings" { @for t in &receipt.timings { li { (t.stage) " " (seconds(t.seconds)) } } }
            }
        }
        p class="sub" {
            "The digest covers everything above that decides a figure; threads, times and warnings stand outside it. The same script, "
            "data and seed give the same digest on any number of threads."
        }
    }
}

pub fn footer(view: &View<'_>) -> Markup {
    html! {
        footer {
            p {
                strong { "Nothing here is legal advice." }
                " A verdict says whether figures of this run meet a rule as the script states it, under the authority it names. It does "
                "not say that a law is met or broken, nor that a model is safe for any patient."
            }
            p class="sub" { "Written by " (view.results.body.tool.name) " " (view.results.body.tool.version) ". This page loads nothing and runs no script." }
        }
    }
}
