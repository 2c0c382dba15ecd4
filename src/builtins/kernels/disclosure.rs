//! Disclosure: classes of equal rows, chances in a population, attacks on synthetic rows.

use super::as_is;
use super::columns::with_codes;
use super::synthetic::{parted, parted_by_two};
use crate::eval::estimate::Measured;
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::disclosure::attacks::{self, Score};
use crate::metrics::disclosure::{self, Question, population};

pub(super) const ROWS: &[KernelRow] = &[
    as_is("k_anonymity", |a| {
        let small = a.whole(1, 1, "a size of class")?;
        with_codes(a, 0, |quasi| disclosure::k_anonymity(quasi, small))
    }),
    as_is("alpha_anonymity", |a| asked(a, Question::Alpha)),
    as_is("l_diversity", |a| asked(a, Question::Distinct)),
    as_is("entropy_l_diversity", |a| asked(a, Question::Entropy)),
    as_is("t_closeness", |a| asked(a, Question::Closeness)),
    as_is("beta_likeness", |a| asked(a, Question::Beta)),
    as_is("delta_disclosure", |a| asked(a, Question::Delta)),
    as_is("k_map", |a| {
        let small = a.whole(2, 1, "a size of class")?;
        with_codes(a, 0, |quasi| population::k_map(quasi, a.bools(1)?, small))
    }),
    as_is("prosecutor_risk", |a| with_codes(a, 0, |quasi| population::prosecutor(quasi, a.number(1)?))),
    as_is("journalist_risk", |a| with_codes(a, 0, |quasi| population::journalist(quasi, a.bools(1)?, a.number(2)?))),
    as_is("marketer_risk", |a| with_codes(a, 0, |quasi| population::marketer(quasi, a.bools(1)?))),
    as_is("uniqueness", |a| with_codes(a, 0, population::uniqueness)),
    as_is("singling_out_risk", |a| {
        let ratio = a.number(2)?;
        parted(a, |c, p| attacks::singling_out(c, p, ratio, a.level()))
    }),
    as_is("linkability_risk", |a| {
        parted_by_two(a, |left, right, p| attacks::linkability(left, right, p, (a.seed, a.level())))
    }),
    as_is("inference_risk", |a| {
        let tolerance = a.number(3)?;
        parted_by_two(a, |known, secret, p| attacks::inference(known, secret, p, tolerance, a.level()))
    }),
    as_is("attribute_inference", |a| {
        let tolerance = a.number(3)?;
        parted_by_two(a, |known, secret, p| attacks::attribute(known, secret, p, tolerance, (a.seed, a.level())))
    }),
    as_is("membership_inference", |a| {
        let score = Score::named(a.text(2)?)?;
        parted(a, |c, p| attacks::membership(c, p, score, (a.seed, a.level())))
    }),
];

fn asked(args: &KernelArgs, question: Question) -> Measured {
    with_codes(args, 0, |quasi| with_codes(args, 1, |secret| disclosure::sensitive(quasi, secret, question)))
}
