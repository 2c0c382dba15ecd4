//! What is known of a word by itself: a bit each for name, place, ordinary word, eponym, cue and so on.
//!
//! One table answers for every list, so that a word is looked up once however many rules ask.

use super::cues;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A set of facts about a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(u64);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:expr;)*) => {
        impl Flags { $($(#[$doc])* pub const $name: Flags = Flags(1 << $bit);)* }
    };
}

flags! {
    GIVEN = 0;
    /// Borne by one in 5,000 or more.
    COMMON_GIVEN = 1;
    SURNAME = 2;
    /// An ordinary or medical word.
    WORD = 3;
    /// A city by itself.
    CITY = 4;
    /// The first word of a city's name, alone or not.
    CITY_START = 5;
    STATE = 6;
    STATE_LETTERS = 7;
    /// Countries, peoples and languages.
    NATION = 8;
    MONTH = 9;
    TITLE = 10;
    CREDENTIAL = 11;
    KIN = 12;
    STREET = 13;
    /// Persons after whom diseases, signs and instruments are called.
    EPONYM = 14;
    /// What a disease, sign or instrument is called beside its eponym.
    HEAD = 15;
    /// Drugs, products and germs with names like persons'.
    PRODUCT = 16;
    /// The first word of the cue of an identifier.
    CUE = 17;
    LABEL = 18;
    /// Verbs before `by`, `with` or `to` and a person.
    ACT = 19;
    GREETING = 20;
    /// The last word of an institution's name.
    FACILITY = 21;
    /// Little words of names: `van`, `de`.
    PARTICLE = 22;
    /// The last part of a web address.
    DOMAIN = 23;
    FUNCTION = 24;
    /// `Zip`, `County`, `Box` and other starts of rules about places.
    PLACE_CUE = 25;
    /// Words of numbers from ninety on.
    NINETY = 26;
    /// Units and words that follow a score or a dose.
    UNIT = 27;
    /// `http`, `www`.
    WEB = 28;
    /// What persons do in notes: `tolerated`, `denies`.
    VERB = 29;
    /// A city with a name of one word, also one that means other things.
    CITY_ANY = 30;
}

impl Flags {
    pub const NONE: Flags = Flags(0);

    pub const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub const fn any(self, of: Flags) -> bool {
        self.0 & of.0 != 0
    }
}

type Table = HashMap<&'static [u8], Flags, FixedState>;

/// Words longer than this are no name and no cue.
const LONGEST: usize = 24;

static TABLE: LazyLock<Table> = LazyLock::new(build);

/// Names of cities of more than one word, lower case, single blanks.
static PHRASES: LazyLock<std::collections::HashSet<&'static str, FixedState>> =
    LazyLock::new(|| lines(CITIES).filter(|(city, mark)| city.contains(' ') && mark.is_empty()).map(|c| c.0).collect());

const GIVEN: &str = include_str!("lists/given.txt");
const SURNAMES: &str = include_str!("lists/surnames.txt");
const WORDS: &str = include_str!("lists/words.txt");
const CITIES: &str = include_str!("lists/cities.txt");

/// The entries of a list with their marks.
fn lines(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    list.lines().filter(|l| !l.starts_with('#')).map(|l| l.split_at(l.trim_end_matches(['*', '+']).len()))
}

fn build() -> Table {
    let mut table = Table::with_capacity_and_hasher(100_000, FixedState::default());
    let mut put = |word: &'static str, flags: Flags| {
        let held = table.entry(word.as_bytes()).or_insert(Flags::NONE);
        *held = held.and(flags);
    };
    let word = |mark: &str| if mark.contains('*') { Flags::WORD } else { Flags::NONE };
    for (name, mark) in lines(GIVEN) {
        let common = if mark.contains('+') { Flags::COMMON_GIVEN } else { Flags::NONE };
        put(name, Flags::GIVEN.and(common).and(word(mark)));
    }
    for (name, mark) in lines(SURNAMES) {
        put(name, Flags::SURNAME.and(word(mark)));
    }
    for (name, _) in lines(WORDS) {
        put(name, Flags::WORD);
    }
    for (city, mark) in lines(CITIES) {
        let alone = if city.contains(' ') || !mark.is_empty() { Flags::NONE } else { Flags::CITY };
        if let Some(first) = city.split(' ').next() {
            let any = if city.contains(' ') { Flags::NONE } else { Flags::CITY_ANY };
            put(first, Flags::CITY_START.and(alone).and(any));
        }
    }
    for (words, flags) in cues::SETS {
        for word in words.split_ascii_whitespace() {
            put(word, *flags);
        }
    }
    for cue in cues::IDENTIFIERS {
        if let Some(first) = cue.phrase.split(' ').next() {
            put(first, Flags::CUE);
        }
    }
    table
}

/// What is known of a word, whatever its case; accents of Latin letters are left out of the comparison.
pub fn flags(word: &str) -> Flags {
    let mut small = [0u8; LONGEST];
    let mut n = 0;
    if word.len() <= LONGEST && word.is_ascii() {
        for (place, b) in small.iter_mut().zip(word.bytes().filter(|b| *b != b'\'')) {
            *place = b.to_ascii_lowercase();
            n += 1;
        }
        return small.get(..n).and_then(|key| TABLE.get(key)).copied().unwrap_or(Flags::NONE);
    }
    for c in word.chars() {
        if c == '\'' || c == '\u{2019}' {
            continue;
        }
        let Some(plain) = plain(c) else { return Flags::NONE };
        let Some(place) = small.get_mut(n) else { return Flags::NONE };
        *place = plain;
        n += 1;
    }
    small.get(..n).and_then(|key| TABLE.get(key)).copied().unwrap_or(Flags::NONE)
}

/// Whether a phrase of lower-case words is a city's name.
pub fn city(phrase: &str) -> bool {
    PHRASES.contains(phrase)
}

/// The lower-case ASCII letter that a Latin letter is written with, if any.
fn plain(c: char) -> Option<u8> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase() as u8);
    }
    Some(match c {
        'À'..='Å' | 'à'..='å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą' | 'Ą' => b'a',
        'Ç' | 'ç' | 'ć' | 'Ć' | 'č' | 'Č' => b'c',
        'È'..='Ë' | 'è'..='ë' | 'ē' | 'ę' | 'ě' | 'Ę' | 'Ě' => b'e',
        'Ì'..='Ï' | 'ì'..='ï' | 'ī' | 'ı' | 'İ' => b'i',
        'Ñ' | 'ñ' | 'ń' | 'Ń' | 'ň' | 'Ň' => b'n',
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' | 'ō' | 'ő' | 'Ő' => b'o',
        'Ù'..='Ü' | 'ù'..='ü' | 'ū' | 'ů' | 'ű' => b'u',
        'Ý' | 'ý' | 'ÿ' => b'y',
        'ś' | 'Ś' | 'š' | 'Š' | 'ş' | 'Ş' | 'ș' | 'Ș' => b's',
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => b'z',
        'ł' | 'Ł' => b'l',
        'ř' | 'Ř' => b'r',
        'ğ' | 'Ğ' => b'g',
        'ț' | 'Ț' | 'ţ' | 'Ţ' | 'ť' => b't',
        'đ' | 'Đ' | 'ð' | 'ď' => b'd',
        _ => return None,
    })
}
