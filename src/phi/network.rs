//! Addresses on networks: e-mail, web, internet protocol, and the media access address of a device.

use super::kind::Kind;
use super::scan::Found;
use super::token::{Class, Note};

/// How many tokens an address is followed, in either direction.
const REACH: usize = 64;

fn among(note: &Note, i: usize, marks: &[u8]) -> bool {
    note.at(i).is_some_and(|t| t.class != Class::Mark || marks.contains(&t.mark))
}

/// The end of a run of words and numbers joined by `.` or `-`, starting at `i`.
fn host(note: &Note, i: usize) -> usize {
    let mut last = i;
    for _ in 0..REACH {
        let next = last + 1;
        if note.glued(next) && note.at(next).is_some_and(|t| t.class != Class::Mark) {
            last = next;
        } else if (note.joint(next, b'.') || note.joint(next, b'-'))
            && note.glued(next + 1)
            && note.at(next + 1).is_some_and(|t| t.class != Class::Mark)
        {
            last = next + 1;
        } else {
            break;
        }
    }
    last
}

/// An address around the `@` at token `i`.
pub fn email(note: &Note, i: usize) -> Option<Found> {
    let mut first = i;
    for _ in 0..REACH {
        if first == 0 || !note.glued(first) || !among(note, first - 1, b"._-+%'") {
            break;
        }
        first -= 1;
    }
    while first < i && note.at(first).is_some_and(|t| matches!(t.mark, b'.' | b'-' | b'\'')) {
        first += 1;
    }
    if first == i || !note.glued(i + 1) || note.at(i + 1)?.class == Class::Mark {
        // "@handle" of a person, not "5 mg @ bedtime".
        let handle = note.glued(i + 1) && note.word(i + 1) && !note.glued(i) && note.str(i + 1).len() > 2;
        return handle.then(|| Found::new(i, host(note, i + 1), Kind::Other, "other.handle"));
    }
    let last = host(note, i + 1);
    let domain = note.slice(i + 1, last);
    let top = domain.rsplit('.').next().unwrap_or("");
    let valid = domain.contains('.') && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
    valid.then(|| Found::new(first, last, Kind::Email, "email"))
}

/// The end of a path, port or query glued to token `last`; closing punctuation of the sentence stays out.
fn path(note: &Note, last: usize) -> usize {
    let mut end = last;
    for _ in 0..REACH {
        let next = end + 1;
        let fits = note.glued(next)
            && note.at(next).is_some_and(|t| !matches!(t.mark, b'<' | b'>' | b'"' | b')' | b']' | b'}'));
        if !fits {
            break;
        }
        end = next;
    }
    while end > last && note.at(end).is_some_and(|t| matches!(t.mark, b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\''))
    {
        end -= 1;
    }
    end
}

/// `https://…`, `www.…`.
pub fn link(note: &Note, i: usize) -> Option<Found> {
    let scheme = note.any(i, &["http", "https", "ftp", "sftp"])
        && note.joint(i + 1, b':')
        && note.joint(i + 2, b'/')
        && note.joint(i + 3, b'/')
        && note.glued(i + 4);
    let web = note.is(i, "www") && note.joint(i + 1, b'.') && note.glued(i + 2);
    if !scheme && !web {
        return None;
    }
    let end = path(note, if scheme { i + 4 } else { i + 2 });
    Some(Found::new(i, end, Kind::Url, if scheme { "url.scheme" } else { "url.www" }))
}

/// `clinic.example.org/visits`: the rule starts at the last part and reaches back. Only small letters, so that a
/// sentence without a blank after its full stop is none.
pub fn domain(note: &Note, i: usize) -> Option<Found> {
    let lower = |i: usize| note.str(i).bytes().all(|b| !b.is_ascii_uppercase());
    if !note.joint(i - i.min(1), b'.') || i < 2 || !note.glued(i) || !lower(i) {
        return None;
    }
    let mut first = i;
    for _ in 0..REACH {
        if first < 2
            || !note.glued(first)
            || !matches!(note.at(first - 1).map(|t| t.mark), Some(b'.' | b'-'))
                && note.at(first - 1).is_none_or(|t| t.class == Class::Mark)
        {
            break;
        }
        first -= 1;
    }
    while first < i && note.at(first).is_some_and(|t| t.class == Class::Mark) {
        first += 1;
    }
    if first == i || first > 0 && note.glued(first) && note.mark(first - 1, b'@') || !(first..i).all(lower) {
        return None;
    }
    // "www.nhs.uk" goes on to the path, "example.com.au" to the country.
    let end = path(note, host(note, i));
    let said = note.slice(first, i);
    (said.len() > 5 && said.bytes().any(|b| b.is_ascii_alphabetic()))
        .then(|| Found::new(first, end, Kind::Url, "url.domain"))
}

const VERSION_WORDS: &[&str] = &[
    "version", "v", "ver", "release", "build", "firmware", "software", "sw", "fw", "section", "chapter", "figure",
    "table", "oid", "rev", "edition",
];

/// Four octets up to 255 that are no version, or eight groups of hexadecimal digits (RFC 4291).
pub fn address(note: &Note, i: usize) -> Option<Found> {
    if note.digits(i) == 0 {
        return six(note, i);
    }
    let octet = |i: usize| {
        note.number(i, 1, 3).is_some_and(|n| n <= 255) && !(note.str(i).len() > 1 && note.str(i).starts_with('0'))
    };
    let before = i.checked_sub(1);
    let fresh = !note.glued(i)
        || before.is_some_and(|b| {
            note.at(b).is_some_and(|t| matches!(t.mark, b'(' | b'[' | b':' | b'=' | b',' | b';' | b'"' | b'\'' | b'/'))
        });
    let dotted =
        (0..4).all(|k| octet(i + 2 * k) && (k == 0 || note.joint(i + 2 * k - 1, b'.') && note.glued(i + 2 * k)));
    if !dotted || !fresh {
        return six(note, i);
    }
    let last = i + 6;
    let next = last + 1;
    let goes_on = note.glued(next)
        && (note.word(next)
            || note.digits(next) > 0
            || (note.mark(next, b'.') || note.mark(next, b'-')) && note.glued(next + 1) && note.digits(next + 1) > 0);
    let version = note.before(i, 2, VERSION_WORDS) && !note.before(i, 3, &["ip", "address", "host"]);
    (!goes_on && !version).then(|| Found::new(i, last, Kind::Ip, "ip.v4"))
}

fn six(note: &Note, i: usize) -> Option<Found> {
    if note.glued(i) && i > 0 && !note.at(i - 1).is_some_and(|t| matches!(t.mark, b'(' | b'[' | b'=' | b'"')) {
        return None;
    }
    let (mut last, mut colons) = (i, usize::from(note.mark(i, b':')));
    while last < i + 40 && note.glued(last + 1) && among(note, last + 1, b":") {
        last += 1;
        colons += usize::from(note.mark(last, b':'));
    }
    while note.mark(last, b':') && last > i && !note.mark(last - 1, b':') {
        last -= 1;
        colons -= 1;
    }
    if colons < 2 {
        return None;
    }
    let text = note.slice(i, last);
    let address = text.parse::<core::net::Ipv6Addr>().is_ok();
    // "::" and "1::" stand in notes as separators.
    let long = text.bytes().filter(u8::is_ascii_hexdigit).count() >= 4 && (colons >= 3 || text.contains("::"));
    let told =
        !text.contains("::") || text.matches(':').count() >= 3 || note.before(i, 3, &["ip", "ipv6", "address", "host"]);
    (address && long && told).then(|| Found::new(i, last, Kind::Ip, "ip.v6"))
}
