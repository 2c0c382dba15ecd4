//! The kinds of generators: what each is, and the settings it takes.
//!
//! One row a kind. How a kind is fitted stands in `synth/kinds.rs`; a test holds the two sets equal. The checker reads
//! settings here before any data is read.

use super::program::Checker;
use super::scope::Scope;
use super::types::{Base, Level};
use crate::source::codes;
use crate::syntax::ast::{self, Expr, ExprKind, Ident};

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// A whole number within these bounds.
    Count(u64, u64),
    /// A number within these bounds.
    Number(f64, f64),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Columns of the dataset.
    Columns,
    /// One column of the dataset.
    Column,
    /// `dp(epsilon: …, delta: …)`.
    Privacy,
    /// A predicate over a row of the dataset.
    Rule,
}

/// One setting of a kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    pub name: &'static str,
    pub form: Form,
    /// What it does, and its default.
    pub doc: &'static str,
}

/// One kind of generator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    pub name: &'static str,
    /// What it is, in a line.
    pub doc: &'static str,
    pub settings: &'static [Setting],
}

/// What rows of every kind but records may be asked to keep to.
const EVERY: &[Setting] = &[
    set("require", Form::Rule, "a rule that every row keeps to; as often as there are rules"),
    set(
        "k_anonymous",
        Form::Count(2, 1_000_000),
        "rows of each cell of `quasi` at least; smaller cells are suppressed and drawn again (HIPAA-style, not \
         differential privacy)",
    ),
    set("quasi", Form::Columns, "what others may know of a person, for `k_anonymous`; the protected columns"),
];

impl Kind {
    /// Whether it draws rows of a table, which can be held to rules one by one.
    pub fn rules(&self) -> bool {
        self.name != "hisgt"
    }
}

const fn set(name: &'static str, form: Form, doc: &'static str) -> Setting {
    Setting { name, form, doc }
}

const COLUMNS: Setting = set("columns", Form::Columns, "what is learned; all but subjects and texts");
const SEED: Setting = set("seed", Form::Count(0, u64::MAX), "in place of the seed that follows from the benchmark's");
const EPOCHS: Setting = set("epochs", Form::Count(0, 100_000), "passes over the table");
const PATIENCE: Setting =
    set("patience", Form::Count(0, 100_000), "epochs without progress on held-out rows before it stops; 0: never");
const BATCH: Setting = set("batch", Form::Count(0, 100_000), "rows a step");
const LATENT: Setting = set("latent", Form::Count(0, 4_096), "length of the noise vector");
const HIDDEN: Setting = set("hidden", Form::Count(0, 4_096), "width of the hidden layers");
const RATE: Setting = set("learning_rate", Form::Number(0.0, f64::MAX), "step size of Adam");
const AVERAGE: Setting =
    set("average", Form::Number(0.0, 0.999_99), "decay a step of the moving average that is sampled");
const ANNEAL: Setting = set("anneal", Form::Flag, "whether the learning rate falls to 0 along the course; true");
const MOMENTS: Setting = set("moments", Form::Number(0.0, 1e6), "weight of the distance of second moments; 1");
const SHARDS: Setting = set("shards", Form::Count(1, 1_024), "parts that a batch's gradient is worked out in; 1");
const HOLD_OUT: Setting = set("hold_out", Form::Number(0.0, 0.5), "share of rows kept for early stopping; 0");
const PRIVACY: Setting = set("privacy", Form::Privacy, "`dp(epsilon: …, delta: …)`; no promise without it");

const FAIR_LABELS: Setting = set("lambda_fair", Form::Number(0.0, 1e6), "weight of what labels tell about groups; 20");
const NOTION: Setting =
    set("notion", Form::Word(&["parity", "equalized_odds"]), "which relation of labels to groups counts; parity");
const WEIGHTED: Setting = set("weighted", Form::Flag, "whether rows are weighed by score in the second phase; true");
const DEVIATIONS: Setting =
    set("deviations", Form::Number(0.0, 1e3), "spreads of a row's scores added to its weight; 1");
const FAIR_MEANS: Setting = set("lambda_fair", Form::Number(0.0, 1e6), "weight of the distance of means in groups; 1");
const FAIR_PARITY: Setting = set("lambda_parity", Form::Number(0.0, 1e6), "weight of what labels tell about groups; 0");
const BLUR: Setting =
    set("lambda_privacy", Form::Number(0.0, 100.0), "spread of noise on what the discriminator sees, no promise; 0.02");
const DISCGAN: &[Setting] = &[
    COLUMNS,
    EPOCHS,
    BATCH,
    LATENT,
    HIDDEN,
    RATE,
    SEED,
    AVERAGE,
    ANNEAL,
    set("training_mode", Form::Flag, "whether training normalises by the batch and drops units; true"),
    HOLD_OUT,
    PATIENCE,
];

const DISCGAN_PLUS: &[Setting] = &[
    COLUMNS, EPOCHS, BATCH, LATENT, HIDDEN, RATE, SEED, AVERAGE, ANNEAL, MOMENTS, SHARDS, HOLD_OUT, PATIENCE, PRIVACY,
];

const VAE_GAN: &[Setting] = &[
    COLUMNS,
    set("mode", Form::Word(&["vae", "gan", "hybrid"]), "which halves there are; `hybrid`"),
    EPOCHS,
    BATCH,
    LATENT,
    HIDDEN,
    RATE,
    SEED,
    AVERAGE,
    ANNEAL,
    set("verdict", Form::Number(0.0, 1e6), "weight of the critic's verdict beside the likelihood; 1"),
    set("features", Form::Number(0.0, 1e6), "weight of the distance of the critic's features; 1"),
    MOMENTS,
    SHARDS,
    HOLD_OUT,
    PATIENCE,
    PRIVACY,
];

const HISGT: &[Setting] = &[
    set("visit", Form::Column, "orders the rows of a subject; equal values are one visit"),
    set("code", Form::Column, "the code of a row, a category or a text"),
    set("labels", Form::Columns, "categories that do not change within a subject; none"),
    set("epochs", Form::Count(0, 100_000), "passes over the records, 20"),
    set(
        "patience",
        Form::Count(0, 100_000),
        "epochs without a better held-out tenth of the records that end it early; 0, which is usual: none is held out",
    ),
    set("batch", Form::Count(1, 100_000), "records a step, 8; more for many records"),
    set("learning_rate", Form::Number(0.0, f64::MAX), "largest step size of Adam, 0.002"),
    set("width", Form::Count(1, 4_096), "width of the blocks, a multiple of heads, 64"),
    set("blocks", Form::Count(0, 12), "blocks, 2"),
    set("heads", Form::Count(1, 64), "heads of attention, 4"),
    set("context", Form::Count(0, 8_192), "longest record in tokens; as long as the longest one, 768 at most"),
    set("dropout", Form::Number(0.0, 0.9), "share of values dropped in training, 0.1"),
    set("hierarchy", Form::Flag, "embed codes by the prefixes they share, true"),
    set("semantic", Form::Flag, "embed codes by their letters (a stand-in for a language model), false"),
    set("shared_head", Form::Flag, "score codes by their place in the hierarchy too, true; the paper does not"),
    set("guide_hierarchy", Form::Number(0.0, f64::MAX), "weight of telling the hierarchy embedding, 0.5"),
    set("guide_semantic", Form::Number(0.0, f64::MAX), "weight of telling the semantic embedding, 0.5"),
    set("average", Form::Number(0.0, 0.999_99), "decay a step of the moving average of the weights, 0.99; 0: none"),
    set("lengths", Form::Flag, "draw records and visits as long, on average, as those learned, true"),
    set("shift", Form::Flag, "tell the embeddings of the code to come, not of the one just read, false"),
    SEED,
    PRIVACY,
];

const MARGINAL: &[Setting] = &[
    COLUMNS,
    set("bins", Form::Count(2, 64), "codes of a number at most; 16"),
    set("width", Form::Count(1, 4), "columns in one table at most; 3"),
    SEED,
    PRIVACY,
];

/// Every kind, in the order a reader would want them.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "argn",
        doc: "columns one after another, each by a small network (after TabularARGN, Tiwald et al. 2025); the default",
        settings: &[COLUMNS, EPOCHS, PATIENCE, BATCH, HIDDEN, RATE, SEED, PRIVACY],
    },
    Kind {
        name: "conditional_gan",
        doc: "conditional Wasserstein GAN over mode-normalised columns (after CTGAN, Xu et al. 2019)",
        settings: &[COLUMNS, EPOCHS, BATCH, LATENT, HIDDEN, RATE, SEED, PRIVACY],
    },
    Kind {
        name: "bt_gan",
        doc: "Triple-GAN with rows weighed by score and labels that tell little about groups (Bt-GAN, Ramachandranpillai et al. 2024)",
        settings: &[COLUMNS, EPOCHS, BATCH, LATENT, HIDDEN, RATE, SEED, FAIR_LABELS, NOTION, WEIGHTED, DEVIATIONS],
    },
    Kind {
        name: "sdg",
        doc: "the proposal's objective: adversarial loss, fairness and privacy terms, with a classifier for labels",
        settings: &[COLUMNS, EPOCHS, BATCH, LATENT, HIDDEN, RATE, SEED, FAIR_MEANS, FAIR_PARITY, NOTION, BLUR, PRIVACY],
    },
    Kind {
        name: "discgan",
        doc: "one number generated under copied combinations of categories (Fuentes and McSpadden 2022, as published)",
        settings: DISCGAN,
    },
    Kind {
        name: "discgan_plus",
        doc: "conditional GAN that generates every column, its gradients worked out in shards (after discGAN)",
        settings: DISCGAN_PLUS,
    },
    Kind {
        name: "vae_gan",
        doc: "variational autoencoder with an adversary (TVAE, Xu et al. 2019, and VAE/GAN, Larsen et al. 2016)",
        settings: VAE_GAN,
    },
    Kind {
        name: "hisgt",
        doc: "transformer over coded visits, a row a code, with code hierarchy (HiSGT, Zhou and Barbieri 2025)",
        settings: HISGT,
    },
    Kind {
        name: "marginal",
        doc: "graphical model of chosen two- and three-way tables; the strong choice at small ε (after AIM, McKenna et al. 2022)",
        settings: MARGINAL,
    },
    Kind {
        name: "gaussian_copula",
        doc: "a control: each column's own distribution, and the correlation of each pair",
        settings: &[COLUMNS, SEED],
    },
    Kind {
        name: "independent",
        doc: "a control: each column drawn for itself, without any dependence",
        settings: &[COLUMNS, SEED],
    },
    Kind {
        name: "bootstrap",
        doc: "a control: training rows drawn with replacement; keeps nothing private",
        settings: &[COLUMNS, SEED],
    },
];

/// What `synthesize(data)` means.
pub const DEFAULT: &str = "argn";
/// The word for it.
pub const ANY: &str = "synthesize";

/// The kind of this name; `synthesize` is the default one.
pub fn kind(name: &str) -> Option<&'static Kind> {
    let name = if name == ANY { DEFAULT } else { name };
    KINDS.iter().find(|k| k.name == name)
}

impl Checker<'_> {
    pub(super) fn generator(&mut self, generator: &ast::Generator) {
        let names: Vec<&str> = [ANY].into_iter().chain(KINDS.iter().map(|k| k.name)).collect();
        let kind = kind(&generator.kind.name);
        if kind.is_none() {
            self.unknown_word(&generator.kind, "generator", &names);
        }
        let Some(schema) = self.program.shared_dataset(&generator.data.name).cloned() else {
            if !self.is_lost(&generator.data.name) {
                self.error(
                    codes::UNKNOWN_NAME,
                    format!("unknown dataset `{}`", generator.data.name),
                    generator.data.span,
                    "not declared",
                );
            }
            return;
        };
        let Some(kind) = kind else { return };
        self.scope = Scope::default();
        for (name, value) in &generator.settings {
            let own = kind.settings.iter().chain(kind.rules().then_some(EVERY).into_iter().flatten());
            match own.clone().find(|s| s.name == name.name) {
                Some(setting) => self.generator_setting(setting, value, &schema),
                None => {
                    let known: Vec<&str> = own.map(|s| s.name).collect();
                    self.unknown_word(name, "setting", &known);
                }
            }
        }
    }

    fn generator_setting(&mut self, setting: &Setting, value: &Expr, schema: &super::dataset::Schema) {
        match setting.form {
            Form::Columns => self.generator_columns(value, schema),
            Form::Column => match &value.kind {
                ExprKind::Name(name) if schema.column(name).is_some() => {}
                ExprKind::Name(name) => self.unknown_column(&Ident { name: name.clone(), span: value.span }, schema),
                _ => {
                    let message = format!("`{}` is the name of a column", setting.name);
                    self.error(codes::WRONG_TYPE, message, value.span, "not a name");
                }
            },
            Form::Privacy => self.private(value),
            Form::Rule => {
                self.scope = Scope::with_rows(Some(schema.rows()));
                let ty = self.infer(value, Some(&Base::Bool));
                if self.fits(value, &ty, &Base::Bool, "a rule") && ty.level != Level::Row {
                    let message = "a rule is about a row, and this one is the same for all";
                    self.error(codes::WRONG_TYPE, message, value.span, "names no column");
                }
                self.scope = Scope::default();
            }
            Form::Count(lo, hi) => self.setting_between(setting.name, value, true, lo as f64, hi as f64),
            Form::Number(lo, hi) => self.setting_between(setting.name, value, false, lo, hi),
            Form::Flag if matches!(value.kind, ExprKind::Bool(_)) => {}
            Form::Flag => {
                let message = format!("`{}` is `true` or `false`", setting.name);
                self.error(codes::WRONG_TYPE, message, value.span, "neither of the two");
            }
            Form::Word(words) => match &value.kind {
                ExprKind::Name(word) => {
                    if !words.contains(&word.as_str()) {
                        self.unknown_word(&Ident { name: word.clone(), span: value.span }, setting.name, words);
                    }
                }
                _ => {
                    let message = format!("`{}` is one of {}", setting.name, words.join(", "));
                    self.error(codes::WRONG_TYPE, message, value.span, "write one of these words");
                }
            },
        }
    }

    /// A number that is written out, within bounds.
    fn setting_between(&mut self, name: &str, value: &Expr, whole: bool, lo: f64, hi: f64) {
        let before = self.found.len();
        self.setting_number(value, whole);
        let Some(v) = super::convert::literal(value).filter(|_| self.found.len() == before) else { return };
        if v < lo || v > hi {
            let bounds = if hi >= 1e18 { format!("at least {lo}") } else { format!("between {lo} and {hi}") };
            self.error(codes::OUTSIDE_RANGE, format!("`{name}` is {bounds}"), value.span, format!("this is {v}"));
        }
    }

    fn generator_columns(&mut self, value: &Expr, schema: &super::dataset::Schema) {
        match &value.kind {
            ExprKind::Columns { except } => {
                for name in except {
                    if schema.column(&name.name).is_none() {
                        self.unknown_column(name, schema);
                    }
                }
            }
            ExprKind::List(items) => {
                for item in items {
                    match &item.kind {
                        ExprKind::Name(n) if schema.column(n).is_some() => {}
                        ExprKind::Name(n) => self.unknown_column(&Ident { name: n.clone(), span: item.span }, schema),
                        _ => self.error(codes::WRONG_TYPE, "columns are named", item.span, "not a name"),
                    }
                }
            }
            _ => self.error(codes::WRONG_TYPE, "`columns` is `all except a, b` or `[a, b]`", value.span, "not columns"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_settings_are_distinct_and_told() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert!(!kind.doc.is_empty() && KINDS.iter().skip(i + 1).all(|k| k.name != kind.name));
            for (j, s) in kind.settings.iter().enumerate() {
                assert!(!s.doc.is_empty() && kind.settings.iter().skip(j + 1).all(|t| t.name != s.name));
            }
        }
    }
}
