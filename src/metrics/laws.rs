//! Tails of the normal law to the last digits; tails and quantiles of Student's and Fisher's laws that hold for any
//! number of rows.
//!
//! statrs's complementary error function is right to ten digits only, so libm's is taken.
//!
//! statrs inverts the incomplete beta function by steps that go astray for many degrees of freedom (from about 1e6
//! on it gives wrong quantiles or never ends), and its tails lose digits there. So quantiles are bracketed here, and
//! from 1e3 degrees of freedom on Student's tail comes from the normal law.

use statrs::distribution::{Continuous, ContinuousCDF, FisherSnedecor, StudentsT};

/// Degrees of freedom from which Hill's expansion is exact to the last digits.
const MANY: f64 = 1e3;

/// P(Z > z) of the standard normal law.
pub(crate) fn normal_upper(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// P(T > t) of Student's law.
pub(crate) fn t_upper(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    if df < MANY {
        return StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |law| law.sf(t));
    }
    // Hill 1970 (Algorithm 395, Communications of the ACM 13:617): the normal deviate with the same tail.
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let z = (a * (t * t / df).ln_1p()).sqrt();
    let square = z * z;
    let third = z * (square + 3.0) / b;
    let fifth = z * (((4.0 * square + 33.0) * square + 240.0) * square + 855.0)
        / (10.0 * b * (b + 0.8 * square * square + 100.0));
    normal_upper((z + third - fifth).copysign(t))
}

/// The t with the share `tail` above it; nothing where that is not a number.
pub(crate) fn t_quantile_upper(tail: f64, df: f64) -> Option<f64> {
    if !(tail > 0.0 && tail < 1.0 && df > 0.0) {
        return None;
    }
    if tail >= 0.5 {
        return if tail == 0.5 { Some(0.0) } else { t_quantile_upper(1.0 - tail, df).map(|t| -t) };
    }
    let law = StudentsT::new(0.0, 1.0, df.min(1e15)).ok()?;
    let (mut low, mut high) = (0.0, 1.0);
    while t_upper(high, df) > tail {
        (low, high) = (high, high * 2.0);
        if high > 1e150 {
            return None;
        }
    }
    let mut t = (low + high) / 2.0;
    for _ in 0..200 {
        let found = t_upper(t, df);
        if found > tail {
            low = t
        } else {
            high = t
        }
        // Newton's step on the logarithm of the tail, kept within the bracket.
        let step = (found.ln() - tail.ln()) * found / law.pdf(t);
        let next = if (t + step) > low && (t + step) < high { t + step } else { (low + high) / 2.0 };
        let done = (next - t).abs() <= 1e-15 * t || high - low <= 1e-15 * high;
        t = next;
        if done {
            break;
        }
    }
    Some(t)
}

/// The value that a variable of Fisher's law stays below with chance `q`.
pub(crate) fn f_quantile(q: f64, a: f64, b: f64) -> Option<f64> {
    let law = FisherSnedecor::new(a, b).ok()?;
    if !(q > 0.0 && q < 1.0) {
        return None;
    }
    let above = |x: f64| if q < 0.5 { law.cdf(x) > q } else { law.sf(x) < 1.0 - q };
    let (mut low, mut high) = (-700.0_f64, 700.0_f64);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if above(middle.exp()) { high = middle } else { low = middle }
    }
    Some(((low + high) / 2.0).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64, rel: f64) {
        assert!((got / want - 1.0).abs() <= rel, "{got:e} is not {want:e}");
    }

    #[test]
    fn tails_are_those_of_scipy() {
        // scipy.stats.norm.sf, SciPy 1.17.1
        for (z, want) in [
            (1.0, 1.586_552_539_314_570_7e-1),
            (1.96, 2.499_789_514_822_043_5e-2),
            (6.0, 9.865_876_450_376_946e-10),
            (30.0, 4.906_713_927_147_908e-198),
        ] {
            near(normal_upper(z), want, 1e-13);
            near(normal_upper(-z), 1.0 - want, 1e-15);
        }
        // scipy.stats.t.sf, SciPy 1.17.1
        for (t, df, want) in [
            (1.96, 1.0, 1.501_714_458_880_166e-1),
            (1.96, 30.0, 2.967_115_644_802_525e-2),
            (0.5, 1e3, 3.085_925_404_169_373e-1),
            (6.0, 1e3, 1.377_684_586_688_738e-9),
            (0.5, 1e4, 3.085_430_396_616_168e-1),
            (6.0, 1e4, 1.020_809_236_461_311e-9),
            (1.96, 1e6, 2.499_803_379_263_493e-2),
            (6.0, 1e7, 9.866_213_666_838_91e-10),
            (1.96, 1e9, 2.499_789_528_686_481e-2),
            (30.0, 1e12, 4.906_714_922_964_07e-198),
        ] {
            near(t_upper(t, df), want, if t == 30.0 { 1e-11 } else { 1e-12 });
            near(t_upper(-t, df), 1.0 - want, 1e-14);
        }
    }

    #[test]
    fn quantiles_end_and_are_those_of_scipy() {
        // scipy.stats.t.isf and f.ppf, SciPy 1.17.1
        for (tail, df, want) in [
            (0.025, 1.0, 12.706_204_736_174_705),
            (0.025, 30.0, 2.042_272_456_301_238),
            (0.025, 1e5, 1.959_987_707_534_61),
            (0.025, 1e7, 1.959_964_221_767_205_5),
            (0.025, 2e8, 1.959_963_996_401_410_4),
            (0.975, 30.0, -2.042_272_456_301_238),
            (1e-12, 2.0, 707_106.781_185_486_9),
            (1e-200, 50.0, 66_752.890_262_162_7),
        ] {
            near(t_quantile_upper(tail, df).unwrap(), want, 1e-12);
        }
        assert!(t_quantile_upper(1e-300, 0.1).is_none() && t_quantile_upper(0.0, 5.0).is_none());
        near(f_quantile(0.975, 100.0, 300.0).unwrap(), 1.361_295_494_694_596_8, 1e-9);
        near(f_quantile(0.975, 1e4, 3e4).unwrap(), 1.032_391_231_679_260_3, 1e-9);
        near(f_quantile(0.975, 1e6, 2e6).unwrap(), 1.003_399_550_602_552_1, 1e-9);
    }
}
