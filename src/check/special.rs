//! Forms with typing rules of their own, and functions of one row.

/// Forms that need their own rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// `P(event | given)`: share of rows.
    Probability,
    /// `E[x | given]`, `mean(x)`.
    Expectation,
    /// `Var[x | given]`: n − 1 in the denominator.
    Variance,
    /// `sum(x | given)`.
    Sum,
    Min,
    Max,
    /// `quantile(x, q | given)`: type 7, as R and NumPy do by default.
    Quantile,
    /// `count(event | given)`; `n(group)`, `n()`.
    Count,
    /// `present(x)`.
    Present,
    /// `or_else(x, value)`.
    OrElse,
    /// `groups(by: [a, b])`.
    Groups,
    /// `by_group(figure, by: [a, b], small: 11, rule: "refuse")`: the figure of all rows, the groups as its parts.
    ByGroup,
    /// `bins(p, n)`: equal width over 0..1, closed on the right, 0 in the first.
    Bins,
    /// `is_missing(x)`.
    IsMissing,
    /// `impute(x, mean | given)`.
    Impute,
    /// `len(xs)`.
    Length,
    /// `add_months(date, n, rounding: "down")`.
    AddMonths,
    AddYears,
    /// `years_between(from, to)`: whole completed years.
    YearsBetween,
    /// `every(condition | given)`: whether it holds in each row.
    Every,
    /// `attested("…")`: whether somebody signed for it.
    Attested,
    /// `as_of()`: the day that is asked about.
    AsOf,
    /// `epsilon(release)`, `delta(release)`, `unit_of(release)`.
    Epsilon,
    Delta,
    UnitOf,
    /// `states(document, "part")`.
    States,
    /// `stated(document, "part")` as text, number, date, or the number of its items.
    Stated,
    StatedNumber,
    StatedDate,
    StatedCount,
    /// `identifiers("names")`.
    Identifiers,
    /// `looks_like_phi(text)`, `phi_spans(text)`.
    LooksLikePhi,
    PhiSpans,
    /// `reading_grade(text)`.
    ReadingGrade,
    /// `mentions(text, ["…"])`.
    Mentions,
}

impl Special {
    /// Whether it goes over rows, so that `| given` can choose among them.
    pub fn over_rows(self) -> bool {
        matches!(
            self,
            Special::Probability
                | Special::Expectation
                | Special::Variance
                | Special::Sum
                | Special::Min
                | Special::Max
                | Special::Quantile
                | Special::Count
                | Special::Impute
                | Special::Every
        )
    }

    /// Whether its value follows from its arguments' values, row by row.
    pub fn is_plain(self) -> bool {
        matches!(
            self,
            Special::IsMissing | Special::Length | Special::AddMonths | Special::AddYears | Special::YearsBetween
        ) || self.is_about_text()
            || self.is_about_documents()
    }

    /// Whether it reads a text.
    pub fn is_about_text(self) -> bool {
        matches!(self, Special::LooksLikePhi | Special::PhiSpans | Special::ReadingGrade | Special::Mentions)
    }

    /// Whether it looks something up in a document.
    pub fn is_about_documents(self) -> bool {
        matches!(
            self,
            Special::States | Special::Stated | Special::StatedNumber | Special::StatedDate | Special::StatedCount
        )
    }

    /// Whether it is a fact about what a policy is asked of.
    pub fn is_fact(self) -> bool {
        matches!(self, Special::Attested | Special::AsOf | Special::Epsilon | Special::Delta | Special::UnitOf)
    }
}

/// Functions applied row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    Abs,
    Sqrt,
    Exp,
    Ln,
    Log10,
    Floor,
    Ceil,
    /// `round(x, digits: 0)`: half away from zero.
    Round,
    /// Checks 0..1.
    Prob,
    /// Checks −1..1.
    Rating,
    /// (r + 1) / 2.
    ToProb,
}

/// One line of help for each, in the order of the guide.
pub const FORMS: &[(&str, Result<Special, Scalar>, &str)] = &[
    (
        "P",
        Ok(Special::Probability),
        "P(event | given): share of the rows where event holds, among those where given holds",
    ),
    ("E", Ok(Special::Expectation), "E[x | given]: mean over the rows where given holds"),
    ("mean", Ok(Special::Expectation), "mean(x | given): the same as E[x | given]"),
    ("Var", Ok(Special::Variance), "Var[x | given]: sample variance (n - 1)"),
    ("sum", Ok(Special::Sum), "sum(x | given): total over rows; `sum over g in …:` over groups"),
    ("min", Ok(Special::Min), "min(x | given): smallest over rows; `min over g in …:` over groups"),
    ("max", Ok(Special::Max), "max(x | given): largest over rows; `max over g in …:` over groups"),
    ("quantile", Ok(Special::Quantile), "quantile(x, q | given): the q-quantile, type 7"),
    ("count", Ok(Special::Count), "count(event | given): number of rows; count(test for v in list)"),
    ("n", Ok(Special::Count), "n(group): number of rows of a group; n(): of all rows"),
    ("present", Ok(Special::Present), "present(x): whether x has a value in this row"),
    ("or_else", Ok(Special::OrElse), "or_else(x, value): x, or value where x is missing"),
    ("is_missing", Ok(Special::IsMissing), "is_missing(x): whether x has no value in this row"),
    (
        "impute",
        Ok(Special::Impute),
        "impute(x, mean | given): x, filled with the mean (or `median`, `mode`) of the rows that have it",
    ),
    ("len", Ok(Special::Length), "len(xs): number of items of a list, or of letters of a text"),
    (
        "add_months",
        Ok(Special::AddMonths),
        "add_months(date, n, rounding: \"down\"): n months later; \"up\" goes on to the next month where the day does not exist",
    ),
    ("add_years", Ok(Special::AddYears), "add_years(date, n, rounding: \"down\"): n years later, as add_months"),
    ("years_between", Ok(Special::YearsBetween), "years_between(from, to): whole completed years, as an age in years"),
    ("groups", Ok(Special::Groups), "groups(by: [a, b]): every combination of levels"),
    (
        "by_group",
        Ok(Special::ByGroup),
        "by_group(figure, by: [a, b], small: 11, rule: \"refuse\"): the figure of all rows and, as parts, of every group; groups of fewer than `small` rows have none, or are put together with \"pool\"",
    ),
    (
        "every",
        Ok(Special::Every),
        "every(condition | given): whether it holds in each row; unknown when it is not false anywhere but not known everywhere",
    ),
    ("attested", Ok(Special::Attested), "attested(\"data use agreement\"): whether a signed fact is valid on the day"),
    ("as_of", Ok(Special::AsOf), "as_of(): the day that a policy is asked about"),
    ("epsilon", Ok(Special::Epsilon), "epsilon(release): the privacy loss spent on what is checked"),
    ("delta", Ok(Special::Delta), "delta(release): the chance that epsilon does not bound the loss"),
    ("unit_of", Ok(Special::UnitOf), "unit_of(release): whose presence the privacy loss is about, such as \"person\""),
    ("states", Ok(Special::States), "states(document, \"part\"): whether the part is there and not empty"),
    ("stated", Ok(Special::Stated), "stated(document, \"part\"): what the part says, as text"),
    ("stated_number", Ok(Special::StatedNumber), "stated_number(document, \"part\"): the number that the part gives"),
    ("stated_date", Ok(Special::StatedDate), "stated_date(document, \"part\"): the day that the part gives"),
    ("stated_count", Ok(Special::StatedCount), "stated_count(document, \"part\"): how many items the part lists"),
    (
        "identifiers",
        Ok(Special::Identifiers),
        "identifiers(\"names\"): cells of these rows that hold an identifier of Safe Harbor: names, geography, dates, ages_over_89, telephone, fax, email, ssn, mrn, health_plan, account, licence, vehicle, device, url, ip, biometric, photo, other",
    ),
    (
        "looks_like_phi",
        Ok(Special::LooksLikePhi),
        "looks_like_phi(text): whether a detector finds an identifier of a person",
    ),
    ("phi_spans", Ok(Special::PhiSpans), "phi_spans(text): what it finds: kind, from, to, text"),
    ("reading_grade", Ok(Special::ReadingGrade), "reading_grade(text): the Flesch-Kincaid grade, in US school years"),
    (
        "mentions",
        Ok(Special::Mentions),
        "mentions(text, [\"phrase\"]): whether one of the phrases stands in it, in any case",
    ),
    ("bins", Ok(Special::Bins), "bins(p, n): n bins of equal width over 0..1; `p in b`"),
    ("abs", Err(Scalar::Abs), "abs(x): distance from zero"),
    ("sqrt", Err(Scalar::Sqrt), "sqrt(x): square root"),
    ("exp", Err(Scalar::Exp), "exp(x): e to the power x"),
    ("ln", Err(Scalar::Ln), "ln(x): natural logarithm"),
    ("log10", Err(Scalar::Log10), "log10(x): logarithm to base 10"),
    ("floor", Err(Scalar::Floor), "floor(x): the whole number at or below x"),
    ("ceil", Err(Scalar::Ceil), "ceil(x): the whole number at or above x"),
    ("round", Err(Scalar::Round), "round(x, digits: 0): rounded half away from zero"),
    ("prob", Err(Scalar::Prob), "prob(x): x as a probability; refuses values outside 0..1"),
    ("rating", Err(Scalar::Rating), "rating(x): x as a rating; refuses values outside -1..1"),
    ("to_prob", Err(Scalar::ToProb), "to_prob(r): a rating as a probability, (r + 1) / 2"),
];

/// The form called `name`.
pub fn find(name: &str) -> Option<Result<Special, Scalar>> {
    FORMS.iter().find(|(n, _, _)| *n == name).map(|(_, f, _)| *f)
}
