//! Clinical notes with planted identifiers at known places, and traps that are none. All made up.
//!
//! Names, places and note forms come in two halves: those that the detector's dictionaries hold or that were at hand while
//! its rules were written, and those that were not.

use super::lists;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// An identifier that was put into a note.
#[derive(Debug, Clone)]
pub struct Planted {
    pub start: usize,
    pub end: usize,
    /// The word of its kind.
    pub kind: &'static str,
    /// A name or place that no dictionary of the detector holds.
    pub unseen: bool,
    /// Words around it say what it is. Identifiers known by their form count as told.
    pub told: bool,
}

pub struct Note {
    pub text: String,
    pub planted: Vec<Planted>,
    /// Bytes of texts that look like identifiers and are none.
    pub traps: Vec<(usize, usize)>,
    /// The form: "discharge", "nursing", "radiology", "portal", "referral".
    pub form: &'static str,
    pub held_out: bool,
}

/// A seeded source of choices.
struct Draw(ChaCha8Rng);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n).map(|i| char::from(b'0' + if i == 0 { 1 + self.below(9) } else { self.below(10) } as u8)).collect()
    }

    fn letters(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b"ABCDEFGHJKLMNPRSTUVWXYZ"[self.below(23)])).collect()
    }
}

/// `count` notes; the same seed gives the same notes. Forms take turns, every second one held out.
pub fn notes(seed: u64, count: usize) -> Vec<Note> {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    (0..count).map(|i| fill(&lists::FORMS[i % lists::FORMS.len()], &mut draw)).collect()
}

/// A form with every slot filled: `[kind]` is planted with words around it that tell, `[kind?]` without, `[trap]` is a
/// trap.
fn fill(form: &lists::Form, draw: &mut Draw) -> Note {
    let mut note =
        Note { text: String::new(), planted: Vec::new(), traps: Vec::new(), form: form.name, held_out: form.held_out };
    let mut rest = form.text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((slot, behind)) = after.split_once(']') else { break };
        note.text.push_str(before);
        let start = note.text.len();
        if slot == "trap" {
            note.text.push_str(draw.of(lists::TRAPS));
            note.traps.push((start, note.text.len()));
        } else {
            let (name, told) = slot.strip_suffix('?').map_or((slot, true), |s| (s, false));
            let unseen = draw.below(2) == 1;
            let (kind, value) = value(name, unseen, draw);
            note.text.push_str(&value);
            let listed = kind == "names" || kind == "geography" && !matches!(name, "zip" | "street" | "box");
            note.planted.push(Planted { start, end: note.text.len(), kind, unseen: unseen && listed, told });
        }
        rest = behind;
    }
    note.text.push_str(rest);
    note
}

fn value(slot: &str, unseen: bool, d: &mut Draw) -> (&'static str, String) {
    let (given, surname, city) = match unseen {
        false => (lists::GIVEN, lists::SURNAMES, lists::CITIES),
        true => (lists::UNSEEN_GIVEN, lists::UNSEEN_SURNAMES, lists::UNSEEN_CITIES),
    };
    match slot {
        "given" => ("names", d.of(given).into()),
        "surname" => ("names", d.of(surname).into()),
        "name" => {
            let middle = if d.below(3) == 0 { format!(" {}.", d.letters(1)) } else { String::new() };
            ("names", format!("{}{middle} {}", d.of(given), d.of(surname)))
        }
        "namec" => ("names", format!("{}, {}", d.of(surname), d.of(given))),
        "NAME" => ("names", format!("{} {}", d.of(given), d.of(surname)).to_uppercase()),
        "city" => ("geography", d.of(city).into()),
        "county" => ("geography", format!("{} County", d.of(lists::COUNTIES))),
        "hospital" => ("geography", d.of(lists::HOSPITALS).into()),
        "street" => {
            let unit = ["", "", ", Apt 4B", ", Unit 12", " #7"][d.below(5)];
            let n = 1 + d.below(4);
            ("geography", format!("{} {}{unit}", d.digits(n), d.of(lists::STREETS)))
        }
        "zip" => ("geography", if d.below(4) == 0 { format!("{}-{}", d.digits(5), d.digits(4)) } else { d.digits(5) }),
        "box" => ("geography", format!("P.O. Box {}", d.digits(4))),
        "date" => ("dates", date(d)),
        "md" => ("dates", format!("{}/{}", 1 + d.below(12), 13 + d.below(16))),
        "month" => ("dates", format!("{} {}", d.of(lists::MONTHS), 1990 + d.below(36))),
        "age" => ("ages_over_89", format!("{}", 90 + d.below(13))),
        "phone" => ("telephone", phone(d)),
        "ext" => ("telephone", d.digits(4)),
        "fax" => ("fax", phone(d)),
        "email" => {
            let at = d.of(&["example.org", "mail.example.com", "clinic.example.net", "example.co.uk"]);
            (
                "email",
                format!(
                    "{}.{}{}@{at}",
                    d.of(lists::GIVEN).to_lowercase(),
                    d.of(lists::SURNAMES).to_lowercase().replace('\'', ""),
                    d.digits(2)
                ),
            )
        }
        "ssn" => ("ssn", format!("{}-{:02}-{}", 100 + d.below(560), 1 + d.below(99), d.digits(4))),
        "mrn" => (
            "mrn",
            match d.below(4) {
                0 => d.digits(7),
                1 => format!("{}-{}-{}", d.digits(2), d.digits(2), d.digits(2)),
                2 => format!("{}{}", d.letters(1), d.digits(6)),
                _ => d.digits(8),
            },
        ),
        "plan" => (
            "health_plan",
            match d.below(3) {
                0 => format!("{}{}", d.letters(3), d.digits(9)),
                1 => d.digits(10),
                _ => format!("{}-{}", d.letters(2), d.digits(7)),
            },
        ),
        "account" => (
            "account",
            match d.below(3) {
                0 => d.digits(9),
                1 => format!("{}-{}", d.digits(4), d.digits(6)),
                _ => format!("A{}", d.digits(8)),
            },
        ),
        "licence" => (
            "licence",
            match d.below(3) {
                0 => format!("{}{}", d.letters(1), d.digits(7)),
                1 => format!("{}-{}", d.letters(2), d.digits(6)),
                _ => d.digits(8),
            },
        ),
        "plate" => (
            "vehicle",
            match d.below(3) {
                0 => format!("{} {}", d.letters(3), d.digits(4)),
                1 => format!("{}{}{}", d.digits(1), d.letters(3), d.digits(3)),
                _ => format!("{}-{}", d.letters(3), d.digits(4)),
            },
        ),
        "vin" => ("vehicle", format!("{}{}{}{}", d.digits(1), d.letters(5), d.digits(2), d.letters(2)) + &d.digits(7)),
        "serial" => (
            "device",
            match d.below(3) {
                0 => format!("{}{}{}", d.letters(3), d.digits(6), d.letters(1)),
                1 => format!("{}-{}", d.letters(2), d.digits(7)),
                _ => d.digits(9),
            },
        ),
        "url" => (
            "url",
            match d.below(3) {
                0 => format!("https://portal.example.org/u/{}", d.digits(6)),
                1 => format!("www.example.com/{}", d.of(lists::GIVEN).to_lowercase()),
                _ => format!("records.example.net/p/{}", d.digits(5)),
            },
        ),
        "ip" => (
            "ip",
            if d.below(4) == 0 {
                format!("2001:db8:0:{}::{}", d.digits(2), d.digits(3))
            } else {
                format!("192.0.2.{}", d.below(256))
            },
        ),
        "bio" => (
            "biometric",
            match d.below(2) {
                0 => format!("{}-{}", d.letters(2), d.digits(6)),
                _ => format!("{}{}", d.letters(2), d.digits(8)),
            },
        ),
        "photo" => (
            "photo",
            format!(
                "{}_{}.{}",
                d.of(&["IMG", "face", "DSC", "portrait"]),
                d.digits(4),
                d.of(&["jpg", "png", "JPG", "heic"])
            ),
        ),
        "other" => (
            "other",
            match d.below(3) {
                0 => format!("{}{}-{}", d.letters(1), d.digits(2), d.digits(5)),
                1 => d.digits(8),
                _ => format!("{}-{}", d.letters(2), d.digits(5)),
            },
        ),
        _ => ("other", String::new()),
    }
}

fn date(d: &mut Draw) -> String {
    let (year, month, day) = (1935 + d.below(90), 1 + d.below(12), 1 + d.below(28));
    let name = lists::MONTHS[month - 1];
    match d.below(9) {
        0 => format!("{month:02}/{day:02}/{year}"),
        1 => format!("{month}/{day}/{:02}", year % 100),
        2 => format!("{year}-{month:02}-{day:02}"),
        3 => format!("{name} {day}, {year}"),
        4 => format!("{day} {name} {year}"),
        5 => format!("{day:02}-{}-{year}", &name[..3]),
        6 => format!("{} {day}, {year}", &name[..3]),
        7 => format!("{day:02}.{month:02}.{year}"),
        _ => format!("{month}-{day}-{year}"),
    }
}

fn phone(d: &mut Draw) -> String {
    let (area, line) = (200 + d.below(780), format!("01{:02}", d.below(100)));
    match d.below(5) {
        0 => format!("({area}) 555-{line}"),
        1 => format!("{area}-555-{line}"),
        2 => format!("{area}.555.{line}"),
        3 => format!("+1 {area} 555 {line}"),
        _ => format!("+44 20 7946 0{}", d.digits(3)),
    }
}
