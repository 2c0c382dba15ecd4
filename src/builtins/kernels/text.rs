//! Generated texts against references.

use super::over_rows;
use crate::eval::estimate::Undefined;
use crate::eval::{KernelArg, KernelArgs, KernelRow};
use crate::metrics::text::tokenize::Tokenizer;
use crate::metrics::text::{Pairs, bleu, chrf, grounding, matching, rouge, ter};

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("bleu", |a| bleu::corpus(&pairs(a)?, &bleu_settings(a)?)),
    over_rows("sentence_bleu", |a| bleu::sentences(&pairs(a)?, &bleu_settings(a)?)),
    over_rows("chrf", |a| {
        let settings = chrf::Settings {
            characters: a.whole(2, 0, "a length of character n-grams")?,
            words: a.whole(3, 0, "a length of word n-grams")?,
            beta: a.number(4)?,
            lowercase: a.flag(5)?,
            whitespace: a.flag(6)?,
            epsilon: a.flag(7)?,
        };
        chrf::corpus(&pairs(a)?, &settings)
    }),
    over_rows("ter", |a| {
        let settings = ter::Settings {
            normalized: a.flag(2)?,
            no_punctuation: a.flag(3)?,
            case_sensitive: a.flag(4)?,
            asian: a.flag(5)?,
        };
        ter::corpus(&pairs(a)?, &settings)
    }),
    over_rows("rouge", |a| rouge::corpus(&pairs(a)?, rouge::Kind::named(a.text(2)?)?, a.flag(3)?)),
    over_rows("exact_match", |a| matching::exact(&a.texts(0)?, &a.texts(1)?, a.flag(2)?, a.level())),
    over_rows("token_f1", |a| matching::token_f1(&a.texts(0)?, &a.texts(1)?, a.resampling())),
    over_rows("edit_distance", |a| {
        matching::mean_edit_distance(&a.texts(0)?, &a.texts(1)?, a.flag(2)?, a.resampling())
    }),
    over_rows("numbers_grounded", |a| {
        grounding::numbers_grounded(&a.texts(0)?, &a.texts(1)?, a.flag(2)?, a.resampling())
    }),
];

fn pairs(args: &KernelArgs) -> Result<Pairs<'_>, Undefined> {
    let columns: Result<Vec<_>, _> = args.columns(1)?.iter().map(KernelArg::texts).collect();
    Ok(Pairs { seed: args.resampling(), ..Pairs::new(args.texts(0)?, &columns?)? })
}

fn bleu_settings(args: &KernelArgs) -> Result<bleu::Settings, Undefined> {
    Ok(bleu::Settings {
        tokenizer: Tokenizer::named(args.text(2)?)?,
        lowercase: args.flag(3)?,
        smoothing: bleu::Smoothing::named(args.text(4)?, args.number(5)?)?,
        effective_order: args.flag(6)?,
        max_order: args.whole(7, 1, "a length of n-grams")?,
    })
}
