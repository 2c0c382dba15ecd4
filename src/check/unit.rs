//! UCUM units with their dimensions. The tables are those of the `octofhir-ucum` crate.

use super::analytes::Substance;
use octofhir_ucum::{Case, Number, SpecialKind, UnitExpr, evaluate, lookup_unit, parse_expression};
use std::sync::Arc;

/// A unit of measure; `1` when it is a pure number.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The UCUM code, as written or composed.
    pub code: String,
    /// Exponents of the seven UCUM base units.
    dimension: [i8; 7],
    /// Exponent of the mole. UCUM counts it as a number; here moles and cells do not compare.
    amount: i8,
    /// How many base units one of this unit is.
    factor: Number,
    /// Arbitrary (`[IU]`) and special (`Cel`) units compare only with themselves.
    nominal: Option<String>,
    /// The scale of a temperature: what to add to reach absolute zero, and kelvins a degree.
    scale: Option<(Number, Number)>,
    /// Whether the length depends on the calendar: years and months.
    varies: bool,
    /// What is measured, where the column says it.
    substance: Option<Arc<Substance>>,
}

/// Units are equal when they measure alike, whatever they measure.
impl PartialEq for Unit {
    fn eq(&self, other: &Unit) -> bool {
        self.code == other.code
            && self.dimension == other.dimension
            && self.amount == other.amount
            && self.factor == other.factor
            && self.nominal == other.nominal
    }
}

/// Where the gram and the second stand among the base units.
const SECOND: usize = 1;
const GRAM: usize = 2;
const KELVIN: usize = 4;

impl Unit {
    /// A pure number.
    pub fn one() -> Self {
        Unit {
            code: "1".into(),
            dimension: [0; 7],
            amount: 0,
            factor: Number::from_i64(1),
            nominal: None,
            scale: None,
            varies: false,
            substance: None,
        }
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
        let mut unit = Unit {
            code: code.to_string(),
            dimension: value.dim.0,
            factor: value.factor,
            nominal: is_nominal.then(|| code.to_string()),
            ..Unit::one()
        };
        if let Some(special) = &value.special
            && special.scale == Number::from_i64(1)
        {
            let offset = match special.unit.special {
                SpecialKind::Celsius => Number::parse("273.15"),
                SpecialKind::Fahrenheit => Number::parse("459.67"),
                SpecialKind::Reaumur => Number::parse("218.52"),
                _ => None,
            };
            unit.scale = offset.map(|o| (o, value.factor));
        }
        atoms(&parsed, 1, &mut |atom, power| match atom {
            "mol" | "eq" | "osm" | "kat" | "U" => unit.amount = unit.amount.saturating_add(power),
            "a" | "a_t" | "a_j" | "a_g" | "mo" | "mo_s" | "mo_j" | "mo_g" => unit.varies = true,
            _ => {}
        });
        Ok(unit)
    }

    pub fn is_one(&self) -> bool {
        self.measures([0; 7]) && self.amount == 0 && self.factor == Number::from_i64(1)
    }

    fn measures(&self, dimension: [i8; 7]) -> bool {
        self.dimension == dimension && self.nominal.is_none()
    }

    /// A length of time.
    pub fn is_time(&self) -> bool {
        self.measures(power_of(SECOND)) && self.amount == 0
    }

    /// A length of time that depends on the calendar: a month, a year.
    pub fn varies(&self) -> bool {
        self.varies
    }

    /// The unit, of this substance.
    pub fn of(mut self, substance: Option<Arc<Substance>>) -> Unit {
        self.substance = substance;
        self
    }

    /// The unit of a sum: of one substance when both are, or when one does not say.
    pub fn joined(&self, other: &Unit) -> Unit {
        let substance = match (&self.substance, &other.substance) {
            (Some(a), Some(b)) if a != b => None,
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        };
        self.clone().of(substance)
    }

    pub fn substance(&self) -> Option<&Arc<Substance>> {
        self.substance.as_ref()
    }

    /// Whether a substance would mean something: a mass or an amount of it, in a volume or a time, not a pressure.
    pub fn is_of_matter(&self) -> bool {
        let [_, time, mass, others @ ..] = self.dimension;
        let matter = matches!((mass, self.amount), (1, 0) | (0, 1));
        self.nominal.is_none() && matter && matches!(time, -1 | 0) && others == [0; 4]
    }

    /// What to multiply a value in `self` with to have it in `to`; none when they are not comparable.
    pub fn factor_to(&self, to: &Unit) -> Option<f64> {
        if self.nominal != to.nominal {
            return None;
        }
        if self.dimension != to.dimension || self.amount != to.amount {
            return self.by_molar_mass(to);
        }
        if self.nominal.is_some() || self.code == to.code {
            return Some(1.0);
        }
        self.factor.checked_div(to.factor).map(Number::to_f64)
    }

    /// The factor from a mass to an amount of one substance, or back.
    fn by_molar_mass(&self, to: &Unit) -> Option<f64> {
        let substance = match (&self.substance, &to.substance) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.as_ref().or(b.as_ref())?,
        };
        if self.nominal.is_some() || !self.needs_molar_mass(to) {
            return None;
        }
        let gram_a_mole = Unit::parse("g/mol").ok()?.factor;
        let ratio = self.factor.checked_div(to.factor)?;
        if self.amount < to.amount {
            Some(ratio.checked_div(gram_a_mole)?.to_f64() / substance.molar_mass)
        } else {
            Some(ratio.checked_mul(gram_a_mole)?.to_f64() * substance.molar_mass)
        }
    }

    /// `y = x * .0 + .1` between two temperature scales; none for other units.
    pub fn temperature_to(&self, to: &Unit) -> Option<(f64, f64)> {
        if self.dimension != to.dimension || self.dimension != power_of(KELVIN) {
            return None;
        }
        let (from_zero, from_degree) = self.absolute()?;
        let (to_zero, to_degree) = to.absolute()?;
        let ratio = from_degree.checked_div(to_degree)?;
        let offset = from_zero.checked_mul(ratio)?.checked_sub(to_zero)?;
        Some((ratio.to_f64(), offset.to_f64()))
    }

    fn absolute(&self) -> Option<(Number, Number)> {
        match (&self.scale, &self.nominal) {
            (Some(scale), _) => Some(*scale),
            (None, None) => Some((Number::from_i64(0), self.factor)),
            _ => None,
        }
    }

    /// The unit of a difference: that of two temperatures is in kelvins or degrees Rankine.
    pub fn of_difference(&self) -> Unit {
        let code = match (&self.scale, self.code.as_str()) {
            (None, _) => return self.clone(),
            (Some(_), "[degF]") => "[degR]",
            (Some(_), "[degRe]") => return self.clone(),
            _ => "K",
        };
        Unit::parse(code).unwrap_or_else(|_| self.clone())
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
        let amount = self.amount.saturating_add(other.amount.saturating_mul(power));
        let factor =
            if power > 0 { self.factor.checked_mul(other.factor) } else { self.factor.checked_div(other.factor) };
        let factor = factor.unwrap_or(self.factor);
        let nominal = match (&self.nominal, &other.nominal) {
            (None, None) => None,
            (Some(a), Some(b)) if power < 0 && a == b => None,
            (a, b) => Some(format!("{}{sign}{}", a.as_deref().unwrap_or("1"), b.as_deref().unwrap_or("1"))),
        };
        // A concentration times a volume is a mass of the same substance; what divides is another matter.
        let substance = match (&self.substance, &other.substance) {
            (Some(a), None) => Some(a.clone()),
            (None, Some(b)) if power > 0 => Some(b.clone()),
            _ => None,
        };
        let varies = self.varies || other.varies;
        let made = Unit { code: String::new(), dimension, amount, factor, nominal, scale: None, varies, substance };
        if made.is_one() {
            return Unit::one();
        }
        let simple = self.code.chars().all(|c| c.is_ascii_alphabetic());
        if power > 0 && self.code == other.code && simple {
            return Unit { code: format!("{}2", self.code), ..made };
        }
        // UCUM reads from left to right, so only a divisor needs brackets.
        let right =
            if power < 0 && other.code.contains(['/', '.']) { format!("({})", other.code) } else { other.code.clone() };
        let left = if self.is_one() && power > 0 { String::new() } else { format!("{}{sign}", self.code) };
        Unit { code: format!("{left}{right}"), ..made }
    }

    /// True when one is an amount of substance and the other a mass, so that a molar mass would help.
    pub fn needs_molar_mass(&self, other: &Unit) -> bool {
        let mass = |u: &Unit| u.dimension.get(GRAM).copied().unwrap_or(0);
        let rest = |u: &Unit| {
            let mut rest = u.dimension;
            if let Some(gram) = rest.get_mut(GRAM) {
                *gram = 0;
            }
            rest
        };
        let (dm, dn) = (mass(other).saturating_sub(mass(self)), other.amount.saturating_sub(self.amount));
        let plain = self.nominal.is_none() && other.nominal.is_none();
        plain && rest(self) == rest(other) && matches!((dm, dn), (-1, 1) | (1, -1))
    }
}

/// The dimension of one base unit.
fn power_of(base: usize) -> [i8; 7] {
    let mut out = [0; 7];
    if let Some(slot) = out.get_mut(base) {
        *slot = 1;
    }
    out
}

/// Calls `see` with every atom of a unit, without its prefix, and its exponent.
fn atoms(expr: &UnitExpr, power: i8, see: &mut dyn FnMut(&str, i8)) {
    match expr {
        UnitExpr::Symbol(code) => {
            if let Some((_, unit)) = lookup_unit(code, Case::Sensitive) {
                see(unit.code, power);
            }
        }
        UnitExpr::Power(inner, n) => {
            let n = i8::try_from(*n).unwrap_or(i8::MAX);
            atoms(inner, power.saturating_mul(n), see);
        }
        UnitExpr::Annotated(inner, _) => atoms(inner, power, see),
        UnitExpr::Product(terms) => terms.iter().for_each(|t| atoms(t, power, see)),
        UnitExpr::Quotient(a, b) => {
            atoms(a, power, see);
            atoms(b, power.saturating_neg(), see);
        }
        UnitExpr::Reciprocal(inner) => atoms(inner, power.saturating_neg(), see),
        UnitExpr::Numeric(_) | UnitExpr::Annotation(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;
    use crate::check::analytes;

    fn unit(code: &str) -> Unit {
        Unit::parse(code).unwrap()
    }

    fn of(analyte: &str, code: &str) -> Unit {
        unit(code).of(Some(analytes::find(analyte).unwrap().substance()))
    }

    #[test]
    fn converts_between_commensurable_units() {
        assert!((unit("mg/L").factor_to(&unit("mg/dL")).unwrap() - 0.1).abs() < 1e-15);
        assert!((unit("a").factor_to(&unit("d")).unwrap() - 365.25).abs() < 1e-9);
        assert_eq!(unit("mg/dL").factor_to(&unit("mg/dL")), Some(1.0));
        assert_eq!(unit("%").factor_to(&unit("1")), Some(0.01));
        assert_eq!(unit("meq/L").factor_to(&unit("mmol/L")), Some(1.0));
    }

    #[test]
    fn refuses_what_cannot_be_compared() {
        assert_eq!(unit("mg/dL").factor_to(&unit("mmol/L")), None);
        assert_eq!(unit("a").factor_to(&unit("mg/dL")), None);
        assert_eq!(unit("[IU]").factor_to(&unit("mg")), None);
        assert_eq!(unit("[IU]").factor_to(&unit("[IU]")), Some(1.0));
        assert_eq!(unit("Cel").factor_to(&unit("K")), None);
        // Cells are not moles, although UCUM counts both.
        assert_eq!(unit("10*3/uL").factor_to(&unit("mmol/L")), None);
        assert_eq!(unit("mol").factor_to(&unit("1")), None);
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

    /// The factors that laboratories print, to the digits they print.
    #[test]
    fn a_substance_turns_mass_into_amount() {
        for (analyte, from, to, factor, within) in [
            ("creatinine", "mg/dL", "umol/L", 88.4, 0.005),
            ("glucose", "mg/dL", "mmol/L", 0.0555, 0.0001),
            ("cholesterol", "mg/dL", "mmol/L", 0.02586, 0.00001),
            ("triglycerides", "mg/dL", "mmol/L", 0.01129, 0.00001),
            ("urea_nitrogen", "mg/dL", "mmol/L", 0.357, 0.0001),
            ("bilirubin", "mg/dL", "umol/L", 17.1, 0.01),
            ("calcium", "mg/dL", "mmol/L", 0.2495, 0.0001),
            ("uric_acid", "mg/dL", "umol/L", 59.48, 0.01),
            ("haemoglobin", "g/dL", "mmol/L", 0.6206, 0.0001),
            ("sodium", "mmol/L", "mg/L", 22.99, 0.01),
        ] {
            let found = of(analyte, from).factor_to(&unit(to)).unwrap();
            assert!((found - factor).abs() < within, "{analyte}: {found}");
            let back = unit(to).factor_to(&of(analyte, from)).unwrap();
            assert!((back * found - 1.0).abs() < 1e-12);
        }
        assert_eq!(of("glucose", "mg/dL").factor_to(&of("creatinine", "mmol/L")), None);
        assert_eq!(of("glucose", "mg/dL").factor_to(&unit("mmol")), None);
        assert_eq!(of("glucose", "mg/dL").factor_to(&unit("U/L")), None);
    }

    #[test]
    fn matter_is_told_from_pressure() {
        for code in ["mg/dL", "mmol/L", "ug", "mmol/min", "mg/kg{body}.kg", "ng/mL"] {
            assert!(unit(code).is_of_matter(), "{code}");
        }
        for code in ["mm[Hg]", "kPa", "a", "1", "%", "[IU]/L", "Cel", "kg.m/s2"] {
            assert!(!unit(code).is_of_matter(), "{code}");
        }
    }

    #[test]
    fn a_substance_flows_through_products() {
        let mass = of("glucose", "mg/dL").times(&unit("dL"));
        assert!((mass.factor_to(&unit("mmol")).unwrap() - 1.0 / 180.156).abs() < 1e-9);
        assert!(of("glucose", "mg/dL").over(&of("creatinine", "mg/dL")).is_one());
        assert!(unit("1").over(&of("glucose", "mg/dL")).substance().is_none());
    }

    #[test]
    fn temperatures_convert_with_their_zero() {
        let (k, o) = unit("Cel").temperature_to(&unit("[degF]")).unwrap();
        assert_eq!((k, o), (1.8, 32.0));
        let (k, o) = unit("Cel").temperature_to(&unit("K")).unwrap();
        assert_eq!((k, o), (1.0, 273.15));
        let (k, o) = unit("mK").temperature_to(&unit("K")).unwrap();
        assert_eq!((k, o), (0.001, 0.0));
        assert!(unit("Cel").temperature_to(&unit("mg")).is_none());
        assert!(unit("[pH]").temperature_to(&unit("K")).is_none());
        assert_eq!(unit("Cel").of_difference().code, "K");
    }

    #[test]
    fn months_and_years_vary() {
        assert!(unit("a").varies() && unit("mo").varies() && unit("1/a").varies());
        assert!(!unit("d").varies() && !unit("wk").varies() && !unit("h").varies());
        assert!(unit("wk").is_time() && !unit("mg").is_time());
    }
}
