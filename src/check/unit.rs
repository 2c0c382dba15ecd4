//! UCUM units with their dimensions. The tables are those of the `octofhir-ucum` crate.

use octofhir_ucum::{Number, evaluate, parse_expression};

/// A unit of measure; `1` when it is a pure number.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// The UCUM code, as written or composed.
    pub code: String,
    /// Exponents of the seven UCUM base units.
    dimension: [i8; 7],
    /// How many base units one of this unit is.
    factor: Number,
    /// Arbitrary (`[IU]`) and special (`Cel`) units compare only with themselves.
    nominal: Option<String>,
}

impl Unit {
    /// A pure number.
    pub fn one() -> Self {
        Unit { code: "1".into(), dimension: [0; 7], factor: Number::from_i64(1), nominal: None }
    }

    /// Parses a UCUM code; the error says what is wrong in plain words.
    pub fn parse(code: &str) -> Result<Self, String> {
        let code = code.trim();
        if code.is_empty() || code == "1" {
            return Ok(Unit::one());
        }
        let parsed = parse_expression(code).map_err(|_| format!("`{code}` is not a UCUM unit"))?;
        let value = evaluate(&parsed).map_err(|_| format!("`{code}` is not a UCUM unit"))?;
        let is_nominal = value.special.is_some() || !value.arbitrary.is_empty();
        Ok(Unit {
            code: code.to_string(),
            dimension: value.dim.0,
            factor: value.factor,
            nominal: is_nominal.then(|| code.to_string()),
        })
    }

    pub fn is_one(&self) -> bool {
        self.dimension == [0; 7] && self.nominal.is_none() && self.factor == Number::from_i64(1)
    }

    /// What to multiply a value in `self` with to have it in `to`; none when they are not comparable.
    pub fn factor_to(&self, to: &Unit) -> Option<f64> {
        if self.nominal != to.nominal || self.dimension != to.dimension {
            return None;
        }
        if self.nominal.is_some() || self.code == to.code {
            return Some(1.0);
        }
        self.factor.checked_div(to.factor).map(Number::to_f64)
    }

    pub fn times(&self, other: &Unit) -> Unit {
        self.combine(other, ".", 1)
    }

    pub fn over(&self, other: &Unit) -> Unit {
        self.combine(other, "/", -1)
    }

    fn combine(&self, other: &Unit, sign: &str, power: i8) -> Unit {
        if other.is_one() {
            return self.clone();
        }
        if self.is_one() && power > 0 {
            return other.clone();
        }
        let mut dimension = self.dimension;
        for (a, b) in dimension.iter_mut().zip(other.dimension) {
            *a = a.saturating_add(b.saturating_mul(power));
        }
        let factor =
            if power > 0 { self.factor.checked_mul(other.factor) } else { self.factor.checked_div(other.factor) };
        let factor = factor.unwrap_or(self.factor);
        let nominal = match (&self.nominal, &other.nominal) {
            (None, None) => None,
            (Some(a), Some(b)) if power < 0 && a == b => None,
            (a, b) => Some(format!("{}{sign}{}", a.as_deref().unwrap_or("1"), b.as_deref().unwrap_or("1"))),
        };
        if dimension == [0; 7] && nominal.is_none() && factor == Number::from_i64(1) {
            return Unit::one();
        }
        let simple = self.code.chars().all(|c| c.is_ascii_alphabetic());
        if power > 0 && self.code == other.code && simple {
            return Unit { code: format!("{}2", self.code), dimension, factor, nominal };
        }
        // UCUM reads from left to right, so only a divisor needs brackets.
        let right =
            if power < 0 && other.code.contains(['/', '.']) { format!("({})", other.code) } else { other.code.clone() };
        let left = if self.is_one() && power > 0 { String::new() } else { format!("{}{sign}", self.code) };
        Unit { code: format!("{left}{right}"), dimension, factor, nominal }
    }

    /// True when one is an amount of substance and the other a mass, so that a molar mass would help.
    pub fn needs_molar_mass(&self, other: &Unit) -> bool {
        let molar = |u: &Unit| u.code.contains("mol");
        self.nominal.is_none() && other.nominal.is_none() && molar(self) != molar(other)
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).unwrap()
    }

    #[test]
    fn converts_between_commensurable_units() {
        assert!((unit("mg/L").factor_to(&unit("mg/dL")).unwrap() - 0.1).abs() < 1e-15);
        assert!((unit("a").factor_to(&unit("d")).unwrap() - 365.25).abs() < 1e-9);
        assert_eq!(unit("mg/dL").factor_to(&unit("mg/dL")), Some(1.0));
    }

    #[test]
    fn refuses_what_cannot_be_compared() {
        assert_eq!(unit("mg/dL").factor_to(&unit("mmol/L")), None);
        assert_eq!(unit("a").factor_to(&unit("mg/dL")), None);
        assert_eq!(unit("[IU]").factor_to(&unit("mg")), None);
        assert_eq!(unit("[IU]").factor_to(&unit("[IU]")), Some(1.0));
        assert_eq!(unit("Cel").factor_to(&unit("K")), None);
        assert!(Unit::parse("mgg").is_err());
    }

    #[test]
    fn products_cancel() {
        assert!(unit("mg/dL").over(&unit("mg/dL")).is_one());
        let rate = unit("mL").over(&unit("min"));
        assert_eq!(rate.factor_to(&unit("mL/min")), Some(1.0));
        let square = unit("mg/dL").times(&unit("mg/dL"));
        assert_eq!(square.code, "mg/dL.mg/dL");
        assert_eq!(square.factor_to(&Unit::parse(&square.code).unwrap()), Some(1.0));
    }
}
