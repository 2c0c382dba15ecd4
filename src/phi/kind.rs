//! The kinds of identifier that the Safe Harbor method of HIPAA names, and ages over 89.

/// A kind of identifier: the eighteen of 45 CFR 164.514(b)(2)(i)(A) to (R), and ages over 89, which stand in (C)
/// beside dates and are a kind of their own here because they are found, and forgiven, differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Names,
    Geography,
    Dates,
    AgesOver89,
    Telephone,
    Fax,
    Email,
    Ssn,
    Mrn,
    HealthPlan,
    Account,
    Licence,
    Vehicle,
    Device,
    Url,
    Ip,
    Biometric,
    Photo,
    Other,
}

/// Word, letter of the paragraph and plain title of each kind, in the order of the rule.
const TABLE: [(Kind, &str, &str, &str); 19] = [
    (Kind::Names, "names", "A", "names of persons"),
    (Kind::Geography, "geography", "B", "places smaller than a state"),
    (Kind::Dates, "dates", "C", "dates finer than a year"),
    (Kind::AgesOver89, "ages_over_89", "C", "ages over 89"),
    (Kind::Telephone, "telephone", "D", "telephone numbers"),
    (Kind::Fax, "fax", "E", "fax numbers"),
    (Kind::Email, "email", "F", "e-mail addresses"),
    (Kind::Ssn, "ssn", "G", "social security numbers"),
    (Kind::Mrn, "mrn", "H", "medical record numbers"),
    (Kind::HealthPlan, "health_plan", "I", "health plan beneficiary numbers"),
    (Kind::Account, "account", "J", "account numbers"),
    (Kind::Licence, "licence", "K", "certificate and licence numbers"),
    (Kind::Vehicle, "vehicle", "L", "vehicle identifiers and plates"),
    (Kind::Device, "device", "M", "device identifiers and serial numbers"),
    (Kind::Url, "url", "N", "web addresses"),
    (Kind::Ip, "ip", "O", "internet protocol addresses"),
    (Kind::Biometric, "biometric", "P", "biometric identifiers"),
    (Kind::Photo, "photo", "Q", "full-face photographs"),
    (Kind::Other, "other", "R", "other unique identifying numbers or codes"),
];

impl Kind {
    /// Every kind, in the order of the rule.
    pub const ALL: [Kind; 19] = {
        let mut all = [Kind::Names; 19];
        let mut i = 0;
        while i < all.len() {
            all[i] = TABLE[i].0;
            i += 1;
        }
        all
    };

    fn row(self) -> &'static (Kind, &'static str, &'static str, &'static str) {
        &TABLE[self as usize]
    }

    /// The word by which scripts and reports name it: `health_plan`.
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// Its paragraph in 164.514(b)(2)(i), "A" to "R"; ages over 89 share "C" with dates.
    pub fn letter(self) -> &'static str {
        self.row().2
    }

    /// In plain words, lower case, plural: "medical record numbers".
    pub fn title(self) -> &'static str {
        self.row().3
    }

    /// The kind of that word, if there is one.
    pub fn find(word: &str) -> Option<Kind> {
        TABLE.iter().find(|row| row.1 == word).map(|row| row.0)
    }
}
