//! Porter's stemmer (1980) with NLTK's extensions, as rouge-score uses it.

/// The stem of a word, in lower case. Letters other than `aeiou` and some `y` are consonants, whatever their script.
pub fn stem(word: &str) -> String {
    let short = letters(word) <= 2;
    let word = word.to_lowercase();
    if let Some(known) = irregular(&word) {
        return known.to_string();
    }
    if short {
        return word;
    }
    let word = plural(word);
    let word = past(word);
    let word = final_y(word);
    let word = double_suffix(word);
    let word = step3(word);
    let word = step4(word);
    double_l(final_e(word))
}

fn irregular(word: &str) -> Option<&'static str> {
    Some(match word {
        "sky" | "skies" => "sky",
        "dying" => "die",
        "lying" => "lie",
        "tying" => "tie",
        "news" => "news",
        "innings" | "inning" => "inning",
        "outings" | "outing" => "outing",
        "cannings" | "canning" => "canning",
        "howe" => "howe",
        "proceed" => "proceed",
        "exceed" => "exceed",
        "succeed" => "succeed",
        _ => return None,
    })
}

fn letters(word: &str) -> usize {
    word.chars().count()
}

/// Whether each letter is a consonant; y is one at the start and after a vowel.
fn consonants(word: &str) -> Vec<bool> {
    let mut out: Vec<bool> = Vec::with_capacity(word.len());
    for c in word.chars() {
        let is = match c {
            'a' | 'e' | 'i' | 'o' | 'u' => false,
            'y' => out.last().is_none_or(|before| !before),
            _ => true,
        };
        out.push(is);
    }
    out
}

/// How often a vowel is followed by a consonant.
fn measure(word: &str) -> usize {
    consonants(word).windows(2).filter(|w| !w[0] && w[1]).count()
}

fn has_vowel(word: &str) -> bool {
    consonants(word).contains(&false)
}

fn ends_double(word: &str) -> bool {
    let mut back = word.chars().rev();
    let last = back.next();
    last.is_some() && last == back.next() && consonants(word).last() == Some(&true)
}

fn ends_cvc(word: &str) -> bool {
    let kinds = consonants(word);
    match kinds.as_slice() {
        [.., true, false, true] => !word.ends_with(['w', 'x', 'y']),
        [false, true] => true,
        _ => false,
    }
}

/// A suffix, what stands for it, and whether the stem before it qualifies.
type Rule<'a> = (&'a str, &'a str, fn(&str) -> bool);

/// The first rule whose suffix fits decides, whether the stem qualifies or not.
fn apply(word: String, rules: &[Rule]) -> String {
    for (suffix, instead, qualifies) in rules {
        if let Some(stem) = word.strip_suffix(suffix) {
            return if qualifies(stem) { format!("{stem}{instead}") } else { word };
        }
    }
    word
}

fn always(_: &str) -> bool {
    true
}

fn some(stem: &str) -> bool {
    measure(stem) > 0
}

fn long(stem: &str) -> bool {
    measure(stem) > 1
}

fn plural(word: String) -> String {
    if let Some(stem) = word.strip_suffix("ies")
        && letters(stem) == 1
    {
        return format!("{stem}ie");
    }
    apply(word, &[("sses", "ss", always), ("ies", "i", always), ("ss", "ss", always), ("s", "", always)])
}

fn past(word: String) -> String {
    if let Some(stem) = word.strip_suffix("ied") {
        return if letters(stem) == 1 { format!("{stem}ie") } else { format!("{stem}i") };
    }
    if let Some(stem) = word.strip_suffix("eed") {
        return if some(stem) { format!("{stem}ee") } else { word };
    }
    let stem = ["ed", "ing"].iter().find_map(|s| word.strip_suffix(s).filter(|stem| has_vowel(stem)));
    let Some(stem) = stem else { return word };
    for (suffix, instead) in [("at", "ate"), ("bl", "ble"), ("iz", "ize")] {
        if let Some(stem) = stem.strip_suffix(suffix) {
            return format!("{stem}{instead}");
        }
    }
    if ends_double(stem) {
        let kept = if stem.ends_with(['l', 's', 'z']) { 0 } else { stem.chars().next_back().map_or(0, char::len_utf8) };
        return stem[..stem.len() - kept].to_string();
    }
    if measure(stem) == 1 && ends_cvc(stem) { format!("{stem}e") } else { stem.to_string() }
}

fn final_y(word: String) -> String {
    apply(word, &[("y", "i", |stem| letters(stem) > 1 && consonants(stem).last() == Some(&true))])
}

fn double_suffix(word: String) -> String {
    if let Some(stem) = word.strip_suffix("alli")
        && some(stem)
    {
        return double_suffix(format!("{stem}al"));
    }
    if let Some(stem) = ["ational", "tional"].iter().find_map(|s| word.strip_suffix(s)) {
        let instead = if word.ends_with("ational") { "ate" } else { "tion" };
        return if some(stem) { format!("{stem}{instead}") } else { word };
    }
    apply(
        word,
        &[
            ("enci", "ence", some),
            ("anci", "ance", some),
            ("izer", "ize", some),
            ("bli", "ble", some),
            ("alli", "al", some),
            ("entli", "ent", some),
            ("eli", "e", some),
            ("ousli", "ous", some),
            ("ization", "ize", some),
            ("ation", "ate", some),
            ("ator", "ate", some),
            ("alism", "al", some),
            ("iveness", "ive", some),
            ("fulness", "ful", some),
            ("ousness", "ous", some),
            ("aliti", "al", some),
            ("iviti", "ive", some),
            ("biliti", "ble", some),
            ("fulli", "ful", some),
            // The l counts to the stem, so that short ones such as geo work.
            ("logi", "log", |stem| some(&format!("{stem}l"))),
        ],
    )
}

fn step3(word: String) -> String {
    apply(
        word,
        &[
            ("icate", "ic", some),
            ("ative", "", some),
            ("alize", "al", some),
            ("iciti", "ic", some),
            ("ical", "ic", some),
            ("ful", "", some),
            ("ness", "", some),
        ],
    )
}

fn step4(word: String) -> String {
    apply(
        word,
        &[
            ("al", "", long),
            ("ance", "", long),
            ("ence", "", long),
            ("er", "", long),
            ("ic", "", long),
            ("able", "", long),
            ("ible", "", long),
            ("ant", "", long),
            ("ement", "", long),
            ("ment", "", long),
            ("ent", "", long),
            ("ion", "", |stem| long(stem) && stem.ends_with(['s', 't'])),
            ("ou", "", long),
            ("ism", "", long),
            ("ate", "", long),
            ("iti", "", long),
            ("ous", "", long),
            ("ive", "", long),
            ("ize", "", long),
        ],
    )
}

fn final_e(word: String) -> String {
    match word.strip_suffix('e') {
        Some(stem) if long(stem) || (measure(stem) == 1 && !ends_cvc(stem)) => stem.to_string(),
        _ => word,
    }
}

fn double_l(word: String) -> String {
    match word.strip_suffix('l') {
        Some(stem) if stem.ends_with('l') && long(stem) => stem.to_string(),
        _ => word,
    }
}
