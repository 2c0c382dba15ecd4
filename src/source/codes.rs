//! The table of diagnostic codes. Each has a page in `docs/errors`, printed by `dbf explain CODE`.

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Advice,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "advice",
        }
    }
}

/// A kind of diagnostic.
#[derive(PartialEq, Eq)]
pub struct Code {
    pub id: &'static str,
    pub title: &'static str,
    pub severity: Severity,
    /// The page of `dbf explain`, in Markdown.
    pub page: &'static str,
}

impl Code {
    /// Whether it is about how rules are written, not whether they can be decided: `dbf check` tells, other commands
    /// do not repeat it.
    pub fn is_advice_on_rules(&self) -> bool {
        self.severity != Severity::Error
            && (["DBF0606", "DBF0607", "DBF0608"].contains(&self.id) || self.id.starts_with("DBF062"))
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

macro_rules! codes {
    ($($name:ident $id:literal $severity:ident $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: &Code = &Code {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                page: include_str!(concat!("../../docs/errors/", $id, ".md")),
            };
        )*
        /// Every code, in order.
        pub static ALL: &[&Code] = &[$($name),*];
    };
}

codes! {
    UNEXPECTED "DBF0001" Error "text that does not fit here";
    EXPECTED_ITEM "DBF0002" Error "a file holds items";
    OPEN_TEXT "DBF0003" Error "a text without its closing quote";
    UNKNOWN_CHARACTER "DBF0004" Error "a character without meaning";
    TOO_DEEP "DBF0005" Error "brackets nested too deep";
    CHAINED_COMPARISON "DBF0006" Error "two comparisons in a row";
    NUMBER_TOO_LARGE "DBF0007" Error "a whole number that is too large";
    BAD_DATE "DBF0008" Error "a date that does not exist";
    OPEN_COMMENT "DBF0009" Error "a comment without its end";
    INTERNAL "DBF0099" Error "a mistake of ours";
    UNKNOWN_NAME "DBF0101" Error "an unknown name";
    DUPLICATE_NAME "DBF0102" Error "a name given twice";
    UNKNOWN_LEVEL "DBF0103" Error "a category that was not declared";
    UNKNOWN_SETTING "DBF0104" Error "an unknown kind or setting";
    UNKNOWN_MODULE "DBF0105" Error "a module or one of its names is unknown";
    RECURSION "DBF0106" Error "a definition that needs itself";
    NO_DATASET "DBF0107" Error "columns without a dataset";
    NO_MODULE_FILE "DBF0108" Error "a file that cannot be used";
    USE_CYCLE "DBF0109" Error "files that use each other in a circle";
    OUTSIDE_ROOT "DBF0110" Error "a path out of the script's folder";
    OTHER_VERSION "DBF0111" Error "a version that is not the one asked for";
    OTHER_ROWS "DBF0112" Error "a condition about the rows of another dataset";
    LOCK_CHANGED "DBF0113" Error "something that changed since it was locked";
    LOCK_STALE "DBF0114" Warning "a lock file that no longer fits";
    NO_LOCK "DBF0115" Error "a lock file that is missing or cannot be read";
    WRONG_TYPE "DBF0201" Error "a value of the wrong type";
    WRONG_ARGUMENTS "DBF0202" Error "arguments that do not fit";
    MAY_BE_MISSING "DBF0203" Error "a value that may be missing";
    OUTSIDE_RANGE "DBF0204" Error "a constant outside its range";
    HOLE "DBF0205" Error "a hole to fill";
    MATCH_GAP "DBF0206" Error "a match that leaves a level out";
    UNREACHABLE_ARM "DBF0207" Error "an arm that is never reached";
    RANGE_WALK "DBF0208" Error "a range that cannot be walked over";
    WRONG_LEVEL "DBF0301" Error "one value per row where one value per cohort is needed";
    COMPOUND_PER_ROW "DBF0302" Error "a list or record per row where the cohort needs plain values";
    WRONG_UNIT "DBF0401" Error "units that do not fit";
    UNKNOWN_UNIT "DBF0402" Error "an unknown unit";
    CALENDAR "DBF0403" Error "a month or a year without a fixed number of days";
    NOT_A_FEATURE "DBF0501" Error "a column that a model must not see";
    OTHER_EVENT "DBF0502" Error "a prediction of another event";
    EGRESS "DBF0510" Error "rows of patients sent to somebody else";
    DISCLOSURE "DBF0511" Error "a figure that is one person's value";
    LOWERED_LABEL "DBF0512" Error "a label lower than what it covers";
    BAD_POLICY "DBF0601" Error "a policy that does not say enough";
    STALE_POLICY "DBF0602" Warning "an as-of date past the last verification";
    BAD_SCENARIO "DBF0603" Error "a scenario that cannot be met";
    BAD_BENCHMARK "DBF0604" Error "a benchmark that does not fit together";
    EXCEPTIONS_CLASH "DBF0605" Error "two exceptions that hold at once";
    EXCEPTIONS_OVERLAP "DBF0606" Warning "two exceptions that can hold at once";
    DAYS_WITHOUT_RULE "DBF0607" Warning "days that no rule covers";
    VALUES_WITHOUT_RULE "DBF0608" Warning "values that no piece of a rule covers";
    ALWAYS_HOLDS "DBF0620" Warning "a constraint that can never fail";
    NEVER_HOLDS "DBF0621" Warning "a constraint that can never hold";
    IMPLIED "DBF0622" Warning "a constraint that another one implies";
    DECIDES_NOTHING "DBF0623" Warning "a condition that decides nothing";
    IMPOSSIBLE_LEVEL "DBF0624" Warning "a level that cannot occur here";
    UNUSED_COLUMNS "DBF0625" Advice "columns that nothing reads";
    UNUSED_POLICY "DBF0626" Warning "a policy that nothing asks";
    UNUSED_DEFINITION "DBF0627" Warning "a definition that nothing uses";
    UNFAIR_TO_ALL "DBF0628" Warning "a parity target that no correct predictor can meet";
    TOO_FEW_TO_TELL "DBF0629" Warning "a sample too small to decide a constraint";
    NO_FILE "DBF0701" Error "a file that cannot be read";
    MALFORMED_ROW "DBF0702" Error "a row with the wrong number of cells";
    CELL_TYPE "DBF0703" Error "a cell of the wrong type";
    CELL_RANGE "DBF0704" Error "a cell out of range";
    CELL_LEVEL "DBF0705" Error "a cell with an undeclared category";
    CELL_MISSING "DBF0706" Error "an unexpected missing cell";
    NO_HEADING "DBF0707" Error "a declared column that the file does not have";
    EXTRA_COLUMNS "DBF0708" Error "columns that the schema does not declare";
    BAD_DOCUMENT "DBF0709" Error "a document that cannot be read";
    EMPTY_CELL "DBF0801" Error "a scenario cell with too few rows";
    NON_FINITE_LOSS "DBF0802" Error "training went to infinity";
    MODEL_FAILED "DBF0803" Error "a model that could not be trained or asked";
    NO_NETS "DBF0804" Error "a build without neural networks";
    UNDEFINED "DBF0805" Error "a figure without a value";
    LIMIT_FUEL "DBF0810" Error "more work than the limit allows";
    LIMIT_ROWS "DBF0811" Error "more rows than the limit allows";
    LIMIT_MEMORY "DBF0812" Error "more memory than the limit allows";
    LIMIT_TIME "DBF0813" Error "more time than the limit allows";
    LIMIT_OUTPUT "DBF0814" Error "more output than the limit allows";
    CANNOT_ASK "DBF0820" Error "a model that this build cannot ask";
    RULES_NOT_MET "DBF0830" Error "rules that drawn rows hardly ever keep to";
    BAD_BUDGET "DBF0840" Error "a privacy budget that promises nothing";
    NO_RANGE "DBF0841" Error "private training on a number without a range";
    TOO_PRIVATE "DBF0842" Error "a privacy budget too small to learn from";
    REPEATED_PERSON "DBF0843" Error "a promise per person with several rows a person";
    OVER_BUDGET "DBF0844" Warning "generators that may spend more than the data's privacy budget";
    OUTPUT "DBF0901" Error "an output that cannot be written";
    INTERRUPTED "DBF0902" Error "a run stopped before its end";
    ASSERTION "DBF0951" Error "an assertion that does not hold";
    EXPECTATION "DBF0952" Error "a policy that does not behave as a test expects";
}

/// The code called `id`, in any case and with or without its prefix (`DBF0101`, `dbf0101`, `101`).
pub fn find(id: &str) -> Option<&'static Code> {
    let digits = id.trim().to_ascii_uppercase();
    let digits = digits.strip_prefix("DBF").unwrap_or(&digits);
    let number: u32 = digits.parse().ok()?;
    let wanted = format!("DBF{number:04}");
    ALL.iter().copied().find(|c| c.id == wanted)
}
