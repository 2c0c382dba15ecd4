//! What laboratories measure: the substances by name, and how much of each is a mole.
//!
//! Formulas are PubChem's (the CID stands beside each). Molar masses follow from them by the abridged
//! standard atomic weights of IUPAC 2021 (CIAAW), so that no figure is typed twice.

use std::sync::Arc;

/// A substance with its molar mass.
#[derive(Debug, Clone, PartialEq)]
pub struct Substance {
    pub name: String,
    /// In g/mol.
    pub molar_mass: f64,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Analyte {
    pub name: &'static str,
    mass: Mass,
    /// Where the formula or mass comes from, and what the name means in a report.
    pub source: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mass {
    Formula(&'static str),
    /// In g/mol, for proteins.
    Given(f64),
}

use Mass::{Formula, Given};

const fn row(name: &'static str, mass: Mass, source: &'static str) -> Analyte {
    Analyte { name, mass, source }
}

/// The analytes by name, in alphabetical order.
pub const ANALYTES: &[Analyte] = &[
    row("albumin", Given(66_437.0), "UniProt P02768, mature chain"),
    row("ammonia", Formula("NH3"), "PubChem CID 222"),
    row("bilirubin", Formula("C33H36N4O6"), "PubChem CID 5280352"),
    row("calcium", Formula("Ca"), "IUPAC"),
    row("carbamazepine", Formula("C15H12N2O"), "PubChem CID 2554"),
    row("chloride", Formula("Cl"), "IUPAC"),
    row("cholesterol", Formula("C27H46O"), "PubChem CID 5997; total, HDL and LDL alike"),
    row("copper", Formula("Cu"), "IUPAC"),
    row("cortisol", Formula("C21H30O5"), "PubChem CID 5754"),
    row("creatinine", Formula("C4H7N3O"), "PubChem CID 588"),
    row("digoxin", Formula("C41H64O14"), "PubChem CID 2724385"),
    row("estradiol", Formula("C18H24O2"), "PubChem CID 5757"),
    row("ethanol", Formula("C2H6O"), "PubChem CID 702"),
    row("folate", Formula("C19H19N7O6"), "PubChem CID 135398658; folic acid"),
    row("glucose", Formula("C6H12O6"), "PubChem CID 5793"),
    row("haemoglobin", Given(16_114.0), "ICSH 1995; one monomer (one haem), as laboratories report it"),
    row("homocysteine", Formula("C4H9NO2S"), "PubChem CID 778"),
    row("insulin", Formula("C257H383N65O77S6"), "UniProt P01308, human insulin"),
    row("iron", Formula("Fe"), "IUPAC"),
    row("lactate", Formula("C3H6O3"), "PubChem CID 612; as lactic acid"),
    row("lead", Formula("Pb"), "IUPAC"),
    row("lithium", Formula("Li"), "IUPAC"),
    row("magnesium", Formula("Mg"), "IUPAC"),
    row("methotrexate", Formula("C20H22N8O5"), "PubChem CID 126941"),
    row("paracetamol", Formula("C8H9NO2"), "PubChem CID 1983; acetaminophen"),
    row("phenytoin", Formula("C15H12N2O2"), "PubChem CID 1775"),
    row("phosphorus", Formula("P"), "IUPAC; inorganic phosphate is reported as phosphorus"),
    row("potassium", Formula("K"), "IUPAC"),
    row("progesterone", Formula("C21H30O2"), "PubChem CID 5994"),
    row("salicylate", Formula("C7H6O3"), "PubChem CID 338; as salicylic acid"),
    row("sodium", Formula("Na"), "IUPAC"),
    row("testosterone", Formula("C19H28O2"), "PubChem CID 6013"),
    row("theophylline", Formula("C7H8N4O2"), "PubChem CID 2153"),
    row("thyroxine", Formula("C15H11I4NO4"), "PubChem CID 5819; T4"),
    row("triglycerides", Formula("C57H104O6"), "PubChem CID 5497163; as triolein, the convention of laboratories"),
    row("triiodothyronine", Formula("C15H12I3NO4"), "PubChem CID 5920; T3"),
    row("urea", Formula("CH4N2O"), "PubChem CID 1176"),
    row("urea_nitrogen", Formula("N2"), "IUPAC; the two nitrogen atoms of urea (BUN): mmol of urea"),
    row("uric_acid", Formula("C5H4N4O3"), "PubChem CID 1175; urate"),
    row("valproate", Formula("C8H16O2"), "PubChem CID 3121; as valproic acid"),
    row("vancomycin", Formula("C66H75Cl2N9O24"), "PubChem CID 14969"),
    row("vitamin_b12", Formula("C63H88CoN14O14P"), "PubChem CID 5311498; cyanocobalamin"),
    row("vitamin_d", Formula("C27H44O2"), "PubChem CID 5283731; 25-hydroxyvitamin D3"),
    row("zinc", Formula("Zn"), "IUPAC"),
];

/// Abridged standard atomic weights, IUPAC 2021.
const WEIGHTS: &[(&str, f64)] = &[
    ("C", 12.011),
    ("Ca", 40.078),
    ("Cl", 35.45),
    ("Co", 58.933),
    ("Cu", 63.546),
    ("Fe", 55.845),
    ("H", 1.008),
    ("I", 126.90),
    ("K", 39.098),
    ("Li", 6.94),
    ("Mg", 24.305),
    ("N", 14.007),
    ("Na", 22.990),
    ("O", 15.999),
    ("P", 30.974),
    ("Pb", 207.2),
    ("S", 32.06),
    ("Zn", 65.38),
];

impl Analyte {
    /// In g/mol.
    pub fn molar_mass(&self) -> f64 {
        match self.mass {
            Given(mass) => mass,
            Formula(formula) => mass_of(formula).unwrap_or(f64::NAN),
        }
    }

    pub fn substance(&self) -> Arc<Substance> {
        Arc::new(Substance { name: self.name.to_string(), molar_mass: self.molar_mass() })
    }
}

/// The analyte called `name`.
pub fn find(name: &str) -> Option<&'static Analyte> {
    ANALYTES.iter().find(|a| a.name == name)
}

/// The molar mass of a formula such as `C4H7N3O`; none when it is not one.
fn mass_of(formula: &str) -> Option<f64> {
    let mut rest = formula;
    let mut mass = 0.0;
    while let Some(first) = rest.chars().next() {
        let word = 1 + rest.chars().skip(1).take_while(char::is_ascii_lowercase).count();
        let (symbol, after) = rest.split_at_checked(word)?;
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        let (count, after) = after.split_at_checked(digits)?;
        let weight = WEIGHTS.iter().find(|(s, _)| *s == symbol).map(|(_, w)| *w)?;
        let count: f64 = if count.is_empty() { 1.0 } else { count.parse().ok()? };
        if !first.is_ascii_uppercase() {
            return None;
        }
        mass += weight * count;
        rest = after;
    }
    Some(mass)
}

#[cfg(test)]
mod tests {
    use super::{ANALYTES, find, mass_of};

    /// Molar masses as PubChem prints them, to its last digit.
    #[test]
    fn masses_are_those_of_pubchem() {
        for (name, mass, within) in [
            ("creatinine", 113.12, 0.01),
            ("glucose", 180.16, 0.01),
            ("urea", 60.06, 0.01),
            ("uric_acid", 168.11, 0.01),
            ("cholesterol", 386.7, 0.1),
            ("triglycerides", 885.4, 0.1),
            ("bilirubin", 584.7, 0.1),
            ("lactate", 90.08, 0.01),
            ("cortisol", 362.5, 0.1),
            ("testosterone", 288.4, 0.1),
            ("estradiol", 272.4, 0.1),
            ("thyroxine", 776.87, 0.02),
            ("triiodothyronine", 650.97, 0.02),
            ("folate", 441.4, 0.1),
            ("vitamin_b12", 1355.4, 0.1),
            ("vitamin_d", 400.6, 0.1),
            ("digoxin", 780.9, 0.1),
            ("methotrexate", 454.4, 0.1),
            ("vancomycin", 1449.2, 0.15),
            ("insulin", 5808.0, 1.0),
            ("ethanol", 46.07, 0.01),
        ] {
            let found = find(name).map(super::Analyte::molar_mass).unwrap();
            assert!((found - mass).abs() <= within, "{name}: {found}, not {mass}");
        }
    }

    #[test]
    fn the_table_is_sound() {
        assert!(ANALYTES.len() >= 40);
        for pair in ANALYTES.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} stands out of order", pair[1].name);
        }
        for analyte in ANALYTES {
            assert!(analyte.molar_mass().is_finite() && analyte.molar_mass() > 1.0, "{}", analyte.name);
            assert!(!analyte.source.is_empty());
        }
        assert_eq!(mass_of("Xx"), None);
        assert_eq!(mass_of("2"), None);
        assert_eq!(mass_of("c4"), None);
    }
}
