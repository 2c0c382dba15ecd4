//! What words tell: protected health information in text and in columns (the identifiers that HIPAA's Safe Harbor method
//! names), and plain reading: phrases, denials, doses, sentences, the reading grade.
//!
//! [`scan`] finds them in a text, [`heading`] says what a column's heading promises, [`cell`] judges one cell of a column.
//! Pure functions of text; they know nothing of scripts. Rules over words with dictionaries of names and places: the text
//! is cut into tokens once, each word is looked up once, and every rule looks a few tokens ahead, so a scan takes
//! time linear in the text. Silence is not de-identification: `docs/guide/phi.md` says what is missed and how often.
//!
//! Source of the kinds: 45 CFR 164.514(b)(2)(i).

mod ages;
mod cell;
mod codes;
mod cues;
mod dates;
mod heading;
mod identifiers;
mod kind;
mod lexicon;
mod names;
mod network;
mod numbers;
pub mod phrases;
mod places;
pub mod reading;
mod scan;
#[cfg(test)]
mod tests;
mod token;

pub use ages::{age_over_89, birth_year_over_89};
pub use cell::{ZIP3_2000, cell, restricted_zip3};
pub use heading::heading;
pub use kind::Kind;
pub use phrases::contains_any;
pub use reading::reading_grade;
pub use scan::{Span, scan};
