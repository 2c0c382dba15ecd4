//! Our own diagnostic: ariadne, JSON and HTML are renderers of this one value.

use super::codes::{Code, Severity};
use super::file::Span;
use super::fix::Fix;

/// A remark on a piece of source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub message: String,
    pub primary: bool,
}

/// One thing to tell the author of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: &'static Code,
    /// Lower case, no final period; user text in backticks.
    pub message: String,
    pub labels: Vec<Label>,
    pub notes: Vec<String>,
    /// A fix, in the words of the domain.
    pub help: Option<Box<str>>,
    /// The help as edits, when it names any; the first is the likeliest.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Marks the exact words the message is about.
    pub fn at(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into(), primary: true });
        self
    }

    /// Marks where the other half of the story is.
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into(), primary: false });
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into().into());
        self
    }

    /// Offers to replace the text of `span`.
    pub fn fix(self, title: impl Into<String>, span: Span, with: impl Into<String>) -> Self {
        self.fix_all(title, vec![(span, with.into())])
    }

    /// Offers a replacement, if there is one.
    pub fn fixes_for(self, fix: Option<(String, Span, String)>) -> Self {
        match fix {
            Some((title, span, with)) => self.fix(title, span, with),
            None => self,
        }
    }

    /// Offers several edits that belong together.
    pub fn fix_all(mut self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Self {
        let title = title.into();
        if self.help.is_none() {
            self.help = Some(title.as_str().into());
        }
        self.fixes.push(Fix { title, edits });
        self
    }

    /// Offers to put `before` and `after` around the text of `span`.
    pub fn wrap(self, span: Span, before: &str, after: &str) -> Self {
        let title = format!("write `{before}…{after}`");
        self.fix_all(title, vec![(span.before(), before.to_string()), (span.after(), after.to_string())])
    }

    /// `did you mean`, and the edit that says yes.
    pub fn meant(self, span: Span, near: &str) -> Self {
        self.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), span, near)
    }

    /// The same for a level of a category, which is written as a text where it is no word.
    pub fn meant_level(self, span: Span, near: &str) -> Self {
        let is_word = near.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && near.starts_with(|c: char| c.is_ascii_alphabetic());
        let with = if is_word { near.to_string() } else { format!("{near:?}") };
        self.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), span, with)
    }

    pub fn severity(&self) -> Severity {
        self.code.severity
    }

    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

/// The known name most like `name`, for `did you mean`; none when nothing is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|k| (likeness(&name, &k.to_lowercase()), k))
        .filter(|(score, k)| *score > 0.8 && !k.is_empty())
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, k)| k)
}

fn likeness(name: &str, known: &str) -> f64 {
    let by_letters = strsim::jaro_winkler(name, known);
    // Short names are cut or lack letters: `auc` for `auroc`, `f` for `female`.
    let mut rest = known.chars();
    let is_shortened = name.chars().all(|c| rest.any(|k| k == c)) && known.starts_with(name.get(..1).unwrap_or("?"));
    // A name with its prefix: `creatinine` for `serum.creatinine`.
    let is_part = name.len() >= 3 && known.len() >= 3 && (known.ends_with(name) || name.ends_with(known));
    // Among several, the one with the fewest letters more.
    let extra = known.len().abs_diff(name.len()) as f64;
    if is_shortened || is_part { by_letters.max(0.86 - extra / 1000.0) } else { by_letters }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found() {
        let metrics = ["accuracy", "auroc", "brier", "dpd", "ece", "f1"];
        assert_eq!(nearest("auc", metrics), Some("auroc"));
        assert_eq!(nearest("Auroc", metrics), Some("auroc"));
        assert_eq!(nearest("acuracy", metrics), Some("accuracy"));
        assert_eq!(nearest("F", ["female", "male"]), Some("female"));
        assert_eq!(nearest("creatinine", ["age", "serum.creatinine"]), Some("serum.creatinine"));
        assert_eq!(nearest("bleu", metrics), None);
    }
}
