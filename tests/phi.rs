//! The detector of protected health information on planted notes: the figures of `docs/guide/phi.md` hold.

use crate::support::root;
use dbf::phi::Kind;
use std::collections::HashSet;

#[path = "../examples/phi/lists.rs"]
mod lists;
#[path = "../examples/phi/measure.rs"]
mod measure;
#[path = "../examples/phi/notes.rs"]
mod notes;

use measure::tally;
use notes::{Note, notes};

/// Every form twenty times.
const NOTES: usize = 700;

fn planted(held_out: bool) -> Vec<Note> {
    notes(164_514, NOTES).into_iter().filter(|n| n.held_out == held_out).collect()
}

#[test]
fn planted_notes_are_what_they_say() {
    let (once, again) = (notes(7, 25), notes(7, 25));
    let mut kinds = HashSet::new();
    for (a, b) in once.iter().zip(&again) {
        assert_eq!(a.text, b.text, "the same seed gives other notes");
        assert!(a.planted.len() >= 12, "a {} note plants only {}", a.form, a.planted.len());
        assert!(!a.text.contains(['[', ']']), "a slot of a {} note was not filled", a.form);
        for planted in &a.planted {
            assert!(!a.text[planted.start..planted.end].is_empty(), "an empty {}", planted.kind);
            kinds.insert(planted.kind);
        }
    }
    for kind in Kind::ALL {
        assert!(kinds.contains(kind.word()), "no note plants {}", kind.word());
    }
    assert!(notes(8, 1)[0].text != once[0].text);
}

#[test]
fn unseen_names_and_places_are_in_no_dictionary() {
    let mut known = HashSet::new();
    for list in ["given", "surnames", "cities", "words"] {
        let text = std::fs::read_to_string(root().join(format!("src/phi/lists/{list}.txt"))).unwrap();
        known.extend(text.lines().filter(|l| !l.starts_with('#')).map(|l| l.trim_end_matches(['*', '+']).to_string()));
    }
    assert!(known.len() > 60_000, "{} entries", known.len());
    for name in [lists::UNSEEN_GIVEN, lists::UNSEEN_SURNAMES, lists::UNSEEN_CITIES].concat() {
        assert!(!known.contains(&name.to_lowercase()), "{name} is in a dictionary");
    }
    for name in [lists::GIVEN, lists::SURNAMES, lists::CITIES].concat() {
        assert!(known.contains(&name.to_lowercase().replace('\'', "")), "{name} is in no dictionary");
    }
}

/// The figures measured are those of the guide; a fall below these bounds is a rule gone wrong.
#[test]
fn told_identifiers_are_found_and_traps_are_not_flagged() {
    for (held_out, least) in [(false, 0.995), (true, 0.975)] {
        let all = planted(held_out);
        let notes: Vec<&Note> = all.iter().collect();
        let told = tally(&notes, |p| p.told);
        let (recall, precision) = (told.all_recall(), told.all_precision());
        let share = recall.touched as f64 / recall.planted as f64;
        assert!(recall.planted > 2_000, "{recall:?}");
        assert!(share >= least, "held out {held_out}: {recall:?}\n{:#?}", told.missed);
        assert!(recall.exact as f64 >= 0.97 * recall.planted as f64, "{:#?}", told.inexact);
        assert!(recall.covered as f64 >= 0.97 * recall.planted as f64, "{recall:?}");
        assert!(precision.planted as f64 >= 0.995 * precision.flagged as f64, "{:#?}", told.wrong);
        assert!(told.traps > 200 && told.traps_flagged.is_empty(), "{:#?}", told.traps_flagged);
        for kind in Kind::ALL {
            let of = told.recall[kind as usize];
            assert!(of.touched as f64 >= 0.93 * of.planted as f64, "{}: {of:?}", kind.word());
            assert!(told.precision[kind as usize].flagged > 0, "nothing was flagged as {}", kind.word());
        }
    }
}

/// What the guide says of names that nothing tells: those in the dictionaries are found more often than the others.
#[test]
fn names_that_nothing_tells_are_found_by_the_dictionaries_first() {
    let all: Vec<Note> = planted(false).into_iter().chain(planted(true)).collect();
    let notes: Vec<&Note> = all.iter().collect();
    let found = |unseen: bool| {
        let r = tally(&notes, |p| p.kind == "names" && !p.told && p.unseen == unseen).all_recall();
        assert!(r.planted >= 100, "{r:?}");
        r.touched as f64 / r.planted as f64
    };
    assert!(found(false) > found(true) + 0.1, "{} {}", found(false), found(true));
}
