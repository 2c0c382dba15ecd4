//! What a column's heading says that it holds.

use super::kind::Kind;

/// Phrases of a heading, apart by `|`, their words by blanks, with the kind that they promise. A heading promises a kind when it is the
/// phrase, or begins or ends with it; the first phrase that fits decides, so longer ones stand before shorter.
const PHRASES: &[(Kind, &str)] = &[
    (Kind::Email, "email|e mail|email address|mail address|e mail address|emails"),
    (Kind::Ip, "ip address|ip addr|ip|ipv 4|ipv 6|ipv4|ipv6|client ip|ipaddress"),
    (
        Kind::Device,
        "mac address|device serial|device serial number|serial number|serial no|serial|device id| \
         device identifier|udi|imei|implant serial|pump serial",
    ),
    (Kind::Url, "url|web address|website|web site|homepage|home page|web page|uri|profile link"),
    (Kind::Fax, "fax|fax number|fax no|facsimile|telefax"),
    (
        Kind::Telephone,
        "phone|telephone|phone number|phone no|telephone number|tel|tel no|mobile|mobile number| \
         cell phone|cellphone|cell number|home phone|work phone|pager|contact number| \
         callback number|phones",
    ),
    (
        Kind::Ssn,
        "ssn|social security number|social security no|social security|soc sec|ssn last 4|ssn last4| \
         national insurance number|nino|sin number",
    ),
    (
        Kind::Mrn,
        "mrn|medical record number|medical record no|med rec no|record number|chart number|chart no| \
         hospital number|hospital no|patient number|patient no|nhs number|nhs no|chi number| \
         mrn number|patient mrn|emr id|ehr id",
    ),
    (
        Kind::HealthPlan,
        "member id|member number|member no|subscriber id|subscriber number|beneficiary id| \
         beneficiary number|beneficiary no|health plan number|health plan id|health plan no| \
         insurance number|insurance no|insurance id|policy number|policy no|policy id| \
         medicare number|medicare id|medicare no|medicaid id|medicaid number|mbi|hicn| \
         payer member id|group number",
    ),
    (
        Kind::Account,
        "account number|account no|account id|acct|acct no|acct number|iban|credit card|card number| \
         credit card number|bank account|billing number|invoice number|encounter number| \
         visit number|csn|claim number|claim id|account",
    ),
    (
        Kind::Vehicle,
        "plate|license plate|licence plate|number plate|plate number|plate no|vin|vehicle id| \
         vehicle identification number|vehicle registration|registration plate",
    ),
    (
        Kind::Licence,
        "license number|licence number|license no|licence no|license id|licence id|drivers license| \
         driver license|driver licence|driving licence|driving license|drivers licence| \
         certificate number|certificate no|dea number|dea no|npi|npi number|passport| \
         passport number|passport no|license|licence",
    ),
    (
        Kind::Biometric,
        "fingerprint|fingerprints|finger print|thumbprint|voiceprint|voice print|retina scan| \
         retinal scan|iris scan|iris template|palm print|palmprint|face template|faceprint| \
         biometric|biometrics|biometric id|fingerprint hash|biometric template|voice recording",
    ),
    (
        Kind::Photo,
        "photo|photos|photograph|photographs|face photo|face image|facial image|picture|headshot| \
         portrait|selfie|photo file|photo path|photo url|profile picture|face photograph",
    ),
    (
        Kind::Dates,
        "dob|birth date|date of birth|birthdate|birthday|birth day|death date|date of death|dod| \
         deathdate|admission date|admit date|date of admission|discharge date|date of discharge| \
         visit date|service date|date of service|encounter date|procedure date|surgery date| \
         diagnosis date|event date|onset date|appointment date|collection date|study date|exam date| \
         test date|result date|order date|enrolment date|enrollment date|followup date| \
         follow up date|start date|end date|date|datetime|date time|timestamp|time stamp|dates| \
         admit datetime|admittime|dischtime|charttime|deathtime",
    ),
    (
        Kind::Geography,
        "zip|zip code|zipcode|zip 5|zip5|zip 3|zip3|postal code|postalcode|postcode|post code| \
         street|street address|address|address line|address line 1|address line 2|address 1| \
         address 2|address1|address2|addr|home address|mailing address|city|town|village|county| \
         parish|borough|district|municipality|neighborhood|neighbourhood|precinct|census tract| \
         census block|geocode|latitude|longitude|lat lon|gps|coordinates|birth place|birthplace| \
         place of birth|residence|po box|lat|lon",
    ),
    (
        Kind::Names,
        "patient name|first name|last name|middle name|full name|given name|family name|forename| \
         surname|firstname|lastname|fullname|middlename|maiden name|maidenname|mothers maiden name| \
         legal name|preferred name|nickname|name first|name last|initials|patient initials| \
         doctor name|physician name|provider name|nurse name|surgeon name|contact name|kin name| \
         next of kin|emergency contact|relative name|employer name|employer|guardian name| \
         mother name|father name|mothers name|fathers name|spouse name|subscriber name|member name| \
         guarantor name|customer name|client name|person name|attending|attending physician| \
         referring physician|primary care physician|name of patient|ptname|pt name|subject name| \
         participant name",
    ),
    (
        Kind::Other,
        "subject id|participant id|patient id|person id|patientid|subjectid|pat id|pt id| \
         employee id|student id|employee number|accession number|accession no|accession|specimen id| \
         specimen number|sample id|username|user name|user id|login|guid|uuid|study instance uid| \
         series instance uid|sop instance uid|instance uid|case number|case id|case no|badge number| \
         national id|personal id|national identifier|person number|personal number|twitter handle| \
         social media handle",
    ),
];

/// Words that make something else of a heading wherever they stand: a count, a kind, a flag, an interval.
const VETOES: &[&str] = &[
    "count",
    "counts",
    "type",
    "types",
    "opt",
    "diff",
    "difference",
    "days",
    "weeks",
    "months",
    "years",
    "hours",
    "beds",
    "flag",
    "is",
    "has",
    "valid",
    "missing",
    "consent",
    "class",
    "group size",
    "status",
    "model",
    "manufacturer",
    "score",
    "change",
    "delta",
    "format",
    "precision",
    "length",
    "num",
    "n",
    "shift",
    "offset",
    "interval",
    "duration",
    "year",
    "verified",
    "present",
    "known",
    "population",
    "density",
    "income",
    "rate",
    "index",
    "category",
    "preference",
    "preferred contact",
    "percent",
    "pct",
    "area type",
    "size",
    "method",
    "source",
    "unit",
    "units",
    "required",
    "allowed",
    "changed",
    "version",
    "state",
    "country",
];

/// Vetoes that hold unless the phrase has the word itself.
fn vetoed(words: &[String], phrase: &[&str]) -> bool {
    words.iter().any(|w| VETOES.contains(&w.as_str()) && !phrase.contains(&w.as_str()))
}

/// The words of a heading in small letters: `PatientName`, `patient_name`, `patient-name`, `Patient name` are the same two;
/// digits are words of their own.
fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().filter(|c| !matches!(c, '\'' | '\u{2019}')).collect();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|b| chars.get(b));
        let next = chars.get(i + 1);
        let hump = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_numeric())
                || before.is_some_and(|b| b.is_uppercase()) && next.is_some_and(|n| n.is_lowercase()));
        let digits = before.is_some_and(|b| b.is_numeric() != c.is_numeric());
        if (!c.is_alphanumeric() || hump || digits) && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Words before a bare `name` or behind which it is a person's.
const PERSONS: &[&str] = &[
    "patient",
    "person",
    "subject",
    "doctor",
    "physician",
    "provider",
    "nurse",
    "surgeon",
    "mother",
    "father",
    "parent",
    "spouse",
    "child",
    "guardian",
    "caregiver",
    "carer",
    "clinician",
    "employee",
    "member",
    "staff",
    "author",
    "kin",
    "contact",
    "relative",
    "attending",
    "referring",
    "client",
    "customer",
    "user",
];

/// What kind of identifier a column of that name holds, if its name says so. Case, `_`, `-`, blanks and camel case make
/// no difference, US and UK spellings both count. Nothing for headings that only mention one: `email_opt_in`,
/// `device_type`, `drug_name`, `date_diff_days`, `hospital_beds`. A year of birth is no date; ages are judged by value.
pub fn heading(name: &str) -> Option<Kind> {
    let words = words(name);
    if words.is_empty() || words.len() > 8 {
        return None;
    }
    // "name" alone says nothing of persons unless nothing else stands beside it.
    if words.len() == 1 && words.first().is_some_and(|w| w == "name") {
        return Some(Kind::Names);
    }
    for (kind, phrases) in PHRASES {
        for phrase in phrases.split('|').map(str::trim) {
            let parts: Vec<&str> = phrase.split(' ').collect();
            let n = parts.len();
            if n > words.len() {
                continue;
            }
            let same = |slice: &[String]| slice.iter().map(String::as_str).eq(parts.iter().copied());
            let ends = words.get(words.len() - n..).is_some_and(same);
            let starts = words.get(..n).is_some_and(same);
            let plain = |w: &String| {
                [
                    "1",
                    "2",
                    "3",
                    "4",
                    "5",
                    "6",
                    "primary",
                    "secondary",
                    "home",
                    "work",
                    "full",
                    "text",
                    "no",
                    "id",
                    "raw",
                    "line",
                    "utc",
                    "local",
                    "value",
                    "str",
                    "string",
                    "number",
                    "hash",
                    "patient",
                    "pt",
                ]
                .contains(&w.as_str())
            };
            let rest = starts && words.get(n..).is_some_and(|r| r.iter().all(plain));
            if (ends || rest) && !vetoed(&words, &parts) && !other(*kind, &words, n) {
                return Some(*kind);
            }
        }
    }
    let person = words.last().is_some_and(|w| w == "name" || w == "names")
        && words.iter().any(|w| PERSONS.contains(&w.as_str()));
    (person && !vetoed(&words, &[])).then_some(Kind::Names)
}

/// Things that have an address, a serial, a date or a picture and are no person's.
fn other(kind: Kind, words: &[String], phrase: usize) -> bool {
    let rest = words.get(..words.len().saturating_sub(phrase)).unwrap_or(&[]);
    let any = |of: &[&str]| rest.iter().any(|w| of.contains(&w.as_str()));
    match kind {
        Kind::Dates => any(&["release", "expiry", "build", "compile", "up", "in", "out"]),
        Kind::Names => any(&["drug", "test", "file", "column", "hospital", "study", "brand", "product"]),
        Kind::Licence => any(&["software", "data"]),
        Kind::Geography => any(&["memory", "mac", "ip", "email", "velo", "simpli"]),
        Kind::Account => any(&["on"]),
        Kind::Telephone => any(&["is"]),
        _ => false,
    }
}
