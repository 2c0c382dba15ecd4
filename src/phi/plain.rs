//! Plain reading of a text: whether a phrase stands in it, and how hard it is to read.

/// Lower case, typographic apostrophes and dashes folded, other signs as blanks, one blank between words.
fn folded(text: &str) -> String {
    let mut out = String::from(" ");
    for c in text.chars() {
        match c {
            '\u{2019}' | '\u{2018}' | '\'' => out.push('\''),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ if out.ends_with(' ') => {}
            _ => out.push(' '),
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// Whether one of the phrases stands in the text as whole words, in any case. A phrase without a letter or a digit is
/// in no text.
pub fn mentions<'a>(text: &str, phrases: impl Iterator<Item = &'a str>) -> bool {
    let text = folded(text);
    phrases.map(folded).any(|phrase| phrase.trim() != "" && text.contains(&phrase))
}

/// The Flesch-Kincaid grade level, 0.39 words/sentence + 11.8 syllables/word - 15.59 (Kincaid et al. 1975), in US school
/// years; nothing for a text without words. Sentences end at `.`, `!`, `?` before a blank or the end, and at the end of a
/// line that is followed by an empty one. Syllables are counted as groups of vowels (y among them), without a silent
/// final e; every word has one at least. Numbers count as one syllable a digit.
pub fn reading_grade(text: &str) -> Option<f64> {
    let (mut words, mut syllables, mut sentences) = (0usize, 0usize, 0usize);
    let mut open = false;
    for paragraph in text.split("\n\n") {
        for token in paragraph.split_whitespace() {
            let word: String = token.chars().filter(|c| c.is_alphanumeric() || *c == '\'').collect();
            if word.chars().any(char::is_alphanumeric) {
                words += 1;
                syllables += syllables_of(&word.to_lowercase());
                open = true;
            }
            let end = token.trim_end_matches(['"', ')', '\u{201d}', '\'']);
            if open && end.ends_with(['.', '!', '?']) {
                sentences += 1;
                open = false;
            }
        }
        if open {
            sentences += 1;
            open = false;
        }
    }
    let (words, syllables) = (words as f64, syllables as f64);
    (words > 0.0).then(|| 0.39 * words / sentences.max(1) as f64 + 11.8 * syllables / words - 15.59)
}

fn syllables_of(word: &str) -> usize {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if digits > 0 {
        return digits;
    }
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'á' | 'é' | 'í' | 'ó' | 'ú' | 'ü');
    let mut groups = 0;
    let mut before = false;
    for c in &letters {
        let here = vowel(*c);
        groups += usize::from(here && !before);
        before = here;
    }
    // A final e is silent, but not in "the", nor in "-le" behind a consonant.
    if let [.., second, third, 'e'] = letters.as_slice() {
        let syllabic = *third == 'l' && !vowel(*second);
        if groups > 1 && !vowel(*third) && !syllabic {
            groups -= 1;
        }
    }
    groups.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words() {
        let has = |text: &str, phrase: &str| mentions(text, [phrase].into_iter());
        assert!(has("This message was written by Artificial Intelligence.", "artificial intelligence"));
        assert!(has("call 911, now", "911"));
        assert!(has("I\u{2019}m a doctor", "i'm a doctor"));
        assert!(!has("the maid", "ai"));
        assert!(!has("anything", " - "));
        assert!(!has("", "x"));
    }

    #[test]
    fn the_grade_follows_its_formula() {
        // 6 words, 1 sentence, 6 syllables.
        let grade = reading_grade("The cat sat on the mat.").unwrap();
        assert!((grade - (0.39 * 6.0 + 11.8 - 15.59)).abs() < 1e-12, "{grade}");
        // 2 sentences of 4 words, 5 + 8 syllables.
        let two = reading_grade("We gave you water. Hypertension requires medication daily!").unwrap();
        assert!(two > 5.0, "{two}");
        assert_eq!(reading_grade("... !"), None);
        assert_eq!(syllables_of("table"), 2);
        assert_eq!(syllables_of("the"), 1);
        assert_eq!(syllables_of("home"), 1);
        assert_eq!(syllables_of("medication"), 4);
    }
}
