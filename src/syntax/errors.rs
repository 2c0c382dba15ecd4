//! A pest error in our words: what was found, what could stand there, never a rule's name.

use super::grammar::Rule;
use super::habits::{self, Place};
use super::items::ItemText;
use super::token::{Token, tokenize};
use crate::source::codes;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, SourceId, Span};
use pest::error::{Error, ErrorVariant, InputLocation};

/// The diagnostic for the first place where an item stops making sense.
pub(super) fn explain(source: SourceId, cut: &ItemText, text: &str, error: &Error<Rule>) -> Diagnostic {
    let at = match error.location {
        InputLocation::Pos(at) => at,
        InputLocation::Span((at, _)) => at,
    };
    let tokens = tokenize(text);
    let next = tokens.iter().find(|t| t.end > at && !t.is_trivia());
    let (start, end, found) = match next {
        Some(t) => {
            (t.start.max(at), t.end, format!("`{}`", t.text(text).get(at.saturating_sub(t.start)..).unwrap_or("")))
        }
        None => (text.len(), text.len(), format!("the end of the {}", what(&cut.word))),
    };
    let span = Span::new(source, cut.start + start, cut.start + end);
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => words(positives),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    let message = match next {
        // The grammar gave up at once: the item's words are in another order than it knows.
        Some(_) if start == 0 && !form(&cut.word).is_empty() => {
            format!("this {} is not written as the language expects", what(&cut.word))
        }
        Some(_) => format!("did not expect {found} in this {}", what(&cut.word)),
        None => format!("this {} ends too early", what(&cut.word)),
    };
    let mut d = Diagnostic::new(codes::UNEXPECTED, message);
    d = match expected.as_slice() {
        [] => d.at(span, "not expected here"),
        [one] => d.at(span, format!("expected {one}")),
        many => d.at(span, format!("expected {}", list(many))),
    };
    if let Some(first) = tokens.iter().find(|t| !t.is_trivia()).filter(|_| start > 0) {
        d = d.also(
            Span::new(source, cut.start + first.start, cut.start + first.end),
            format!("the {} starts here", what(&cut.word)),
        );
    }
    let at_edge = start == 0 && !form(&cut.word).is_empty();
    let solid: Vec<_> = tokens.iter().filter(|t| !t.is_trivia()).copied().collect();
    let place = next.and_then(|n| solid.iter().position(|t| t.start == n.start)).map(|at| Place {
        word: &cut.word,
        text,
        tokens: &solid,
        at,
        expected: &expected,
    });
    if let Some(t) = next.filter(|t| !at_edge && t.token == Token::Word)
        && let Some(near) = known_word(t.text(text), &expected)
    {
        return d.meant(span, near);
    }
    if let Some(habit) = place.filter(|_| !at_edge).and_then(|p| habits::of(&p)) {
        if let Some((on, expected)) = habit.later
            && let Some(blamed) = solid.iter().filter(|t| t.start >= start).nth(on)
        {
            d.message = format!("did not expect `{}` in this {}", blamed.text(text), what(&cut.word));
            let span = Span::new(source, cut.start + blamed.start, cut.start + blamed.end);
            if let Some(label) = d.labels.first_mut() {
                label.span = span;
                label.message = format!("expected {expected}");
            }
        }
        let title = habit.help.clone();
        d = d.help(habit.help);
        if !habit.edits.is_empty() {
            let edits = habit.edits.into_iter();
            let edits = edits.map(|(s, e, with)| (Span::new(source, cut.start + s, cut.start + e), with)).collect();
            d = d.fix_all(title, edits);
        }
        return d;
    }
    match next {
        Some(_) if at_edge => d.help(format!("its form: `{}`", form(&cut.word))),
        Some(_)
            if matches!(cut.word.as_str(), "metric" | "fn")
                && text.get(..at).is_some_and(|t| t.contains("->") && !t.ends_with('='))
                && !after_arrow(text, at).contains('=') =>
        {
            d.help("the formula stands after `=`").fix("write `=`", span.before(), "= ")
        }
        None => d.help("is a bracket or a value missing at the end?"),
        _ => d,
    }
}

/// How an item is written.
fn form(word: &str) -> &'static str {
    match word {
        "language" => "language 1",
        "module" => "module NAME version \"1.0.0\"",
        "use" => "use std.metrics.{auroc, ece}",
        "dataset" => "dataset NAME from \"file.csv\" { column : Type … }",
        "metric" => "metric NAME(p: Prob, y: Bool) -> Real = FORMULA",
        "fn" => "fn NAME(x: Real) -> Real = FORMULA",
        "policy" => "policy NAME { authority house  constraint NAME: RULE }",
        "scenario" => "scenario NAME = DATASET { … }",
        "task" => "task NAME on row predict LABEL",
        "model" => "model NAME = KIND(…)",
        "generator" => "generator NAME = KIND(DATASET) { … }",
        "benchmark" => "benchmark NAME version \"1.0.0\" { … }",
        "report" => "report synthetic GENERATOR",
        "test" => "test \"what holds\" { assert … }",
        "check" => "check POLICY on DATASET as of @2026-11-22",
        "document" => "document NAME { intended_use: \"…\" }",
        "attest" => "attest \"FACT\" by \"ROLE\" on @2026-01-15 until @2027-01-15",
        "let" => "let NAME = VALUE",
        _ => "",
    }
}

/// What stands between `->` and the place of the mistake.
fn after_arrow(text: &str, at: usize) -> &str {
    text.get(..at).and_then(|t| t.rsplit_once("->")).map_or("", |(_, t)| t)
}

/// The expected keyword that `word` looks like.
fn known_word<'a>(word: &str, expected: &[&'a str]) -> Option<&'a str> {
    let keywords = expected.iter().flat_map(|e| e.split('`').skip(1).step_by(2));
    nearest(word, keywords)
}

fn what(word: &str) -> &str {
    match word {
        "" => "item",
        "fn" => "function",
        "let" => "definition",
        other => other,
    }
}

fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_string(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

/// At most six kinds of things, in a steady order.
fn words(rules: &[Rule]) -> Vec<&'static str> {
    let mut out: Vec<&'static str> = Vec::new();
    for rule in rules {
        let word = describe(*rule);
        if !word.is_empty() && !out.contains(&word) {
            out.push(word);
        }
    }
    out.truncate(6);
    out
}

fn describe(rule: Rule) -> &'static str {
    match rule {
        Rule::ident | Rule::path | Rule::qname | Rule::names => "a name",
        Rule::integer | Rule::number | Rule::real | Rule::signed | Rule::percent => "a number",
        Rule::string => "a text in double quotes",
        Rule::unit => "a unit in single quotes",
        Rule::optional => "`?`",
        Rule::date => "a date such as `@2026-11-22`",
        Rule::level | Rule::pattern | Rule::arm => "a level",
        Rule::field | Rule::field_type => "a name with its value",
        Rule::type_expr | Rule::type_name | Rule::column_type | Rule::record_type | Rule::level_type => "a type",
        Rule::a_value
        | Rule::chain
        | Rule::expr
        | Rule::primary
        | Rule::operand
        | Rule::term
        | Rule::bound
        | Rule::let_expr
        | Rule::if_expr
        | Rule::match_expr
        | Rule::record
        | Rule::list
        | Rule::set
        | Rule::call
        | Rule::quantity
        | Rule::boolean
        | Rule::hole
        | Rule::quantified
        | Rule::over_expr
        | Rule::stat
        | Rule::minus
        | Rule::kw_not
        | Rule::quantifier => "a value",
        Rule::an_operator
        | Rule::op_or
        | Rule::op_and
        | Rule::op_eq
        | Rule::op_ne
        | Rule::op_le
        | Rule::op_ge
        | Rule::op_lt
        | Rule::op_gt
        | Rule::op_in
        | Rule::op_range
        | Rule::op_add
        | Rule::op_sub
        | Rule::op_mul
        | Rule::op_div
        | Rule::op_pow => "an operator",
        Rule::member | Rule::index | Rule::to_unit | Rule::kw_to | Rule::EOI => "",
        Rule::assign => "`=`",
        Rule::kw_as => "`as` and a name",
        Rule::kw_then => "`then`",
        Rule::kw_else => "`else`",
        Rule::kw_in | Rule::column_range => "`in`",
        Rule::kw_for | Rule::for_clause => "`for`",
        Rule::annotation => "`:` and a type",
        Rule::kw_from => "`from`",
        Rule::kw_on => "`on`",
        Rule::kw_with => "`with`",
        Rule::kw_where => "`where`",
        Rule::column => "a column (`name : Type`)",
        Rule::column_part
        | Rule::column_name
        | Rule::derived
        | Rule::predicts
        | Rule::analyte
        | Rule::molar_mass
        | Rule::column_label
        | Rule::role => "a column's unit, range, `?` or role",
        Rule::dataset_attr
        | Rule::attr_ignore
        | Rule::attr_license
        | Rule::attr_source
        | Rule::attr_budget
        | Rule::attr_sensitivity => "`sensitivity`, `license`, `source`, `ignore` or `budget`",
        Rule::policy_part | Rule::last_verified | Rule::policy_param | Rule::include => {
            "`cite`, `authority`, `effective`, `param`, `grant`, `constraint`, `exception` or `include`"
        }
        Rule::about
        | Rule::cite
        | Rule::url
        | Rule::authority
        | Rule::remedy
        | Rule::unverified
        | Rule::period
        | Rule::standing => "`cite`, `authority` or `effective`",
        Rule::constraint => "`constraint`",
        Rule::exception => "`exception`",
        Rule::constraint_attr | Rule::hard | Rule::weight => "`:` or one of `hard`, `weight`, `authority`, `cite`",
        Rule::when => "`when` and a condition",
        Rule::exempt => "`exempt`",
        Rule::policy_use | Rule::policy_path => "a policy",
        Rule::as_of => "`as of` and a date",
        Rule::outcome => "`passes`, `fails`, `inconclusive`, `not_applicable` or `unknown`",
        Rule::table => "`table { column: [cells] }`",
        Rule::table_column => "a column (`name: [cells]`)",
        Rule::cells | Rule::cell | Rule::cell_number | Rule::cell_word | Rule::missing => "a cell",
        Rule::release => "`release { … }`",
        Rule::because => "`because`",
        Rule::scenario_part | Rule::size | Rule::mix | Rule::prevalence | Rule::by_group => {
            "`size`, `mix` or `prevalence`"
        }
        Rule::share => "a share (`level: 20%`)",
        Rule::predict | Rule::discriminate => "`predict` or `discriminate`",
        Rule::setting => "a setting (`name value`)",
        Rule::benchmark_part
        | Rule::b_scenarios
        | Rule::b_models
        | Rule::b_tasks
        | Rule::b_metrics
        | Rule::b_policies
        | Rule::b_as_of
        | Rule::b_folds
        | Rule::b_seed
        | Rule::report => "`scenarios`, `models`, `tasks`, `metrics`, `policies`, `report`, `as of`, `folds` or `seed`",
        Rule::grant | Rule::grant_egress | Rule::grant_release => {
            "`egress LABEL to MODEL` or `release GENERATOR as LABEL`"
        }
        Rule::egress => "`egress external`",
        Rule::use_version => "`version \"1\"`",
        Rule::use_names => "names in braces",
        Rule::test_part | Rule::assertion | Rule::expectation | Rule::attest => "`assert`, `expect` or `attest`",
        Rule::params | Rule::param => "parameters in brackets",
        Rule::arguments | Rule::argument => "a value",
        Rule::given => "`|` and a condition",
        Rule::confidence => "`with confidence`",
        _ => "",
    }
}
