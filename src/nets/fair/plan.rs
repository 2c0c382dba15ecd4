//! What the three players are made of, and what a step is told.
//!
//! Knows slots; which columns they write is the caller's affair.

use crate::nets::generator::GeneratorShape;
use crate::nets::heads::Heads;
use crate::nets::values::ValueMap;

use super::mlp::MlpShape;

/// The softmax slots of one column within a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub start: usize,
    pub entries: usize,
}

/// Everything fixed before training.
#[derive(Debug, Clone)]
pub struct Plan {
    pub heads: Heads,
    pub values: ValueMap,
    /// Slots that must never be drawn: `heads.width() - heads.offsets` entries.
    pub barred: Vec<bool>,
    /// The label's slots, if rows have one.
    pub label: Option<Part>,
    /// The protected columns' slots; their combinations are the groups.
    pub protected: Vec<Part>,
    pub latent: usize,
    /// Slots of a condition, and those of them that ask for the label.
    pub condition: usize,
    pub condition_label: Option<Part>,
    /// Units of the generator's and the discriminator's hidden layers, and of the classifier's; 0: none plays.
    pub hidden: usize,
    pub classifier: usize,
    /// Rows that the discriminator judges together.
    pub pack: usize,
    /// Share of the discriminator's and the classifier's hidden units that are dropped.
    pub dropout: f64,
    /// Weight of the gradient penalty at real rows (R1, Mescheder et al. 2018).
    pub penalty: f64,
    /// Weight of the distance of second moments.
    pub moments: f64,
    /// Weight of pairs labelled by the classifier among those that the discriminator must tell from
    /// real ones (Li et al. 2017: 1/2); 0: it does not play against the discriminator.
    pub triple: f64,
    /// Weight of generated pairs in the classifier's own loss.
    pub echo: f64,
    pub temperature: f64,
    pub average: f64,
    pub rate: f64,
    /// Whether information is weighed given the label (equalized odds) instead of plainly (parity).
    pub given_label: bool,
    /// Whether a second classifier learns without the constraint, for the price.
    pub free: bool,
}

impl Plan {
    /// The generator's shape.
    pub fn generator(&self) -> GeneratorShape {
        GeneratorShape { input: self.latent + self.condition, hidden: self.hidden, output: self.heads.width() }
    }

    /// Slots of a row with its values.
    pub fn wide(&self) -> usize {
        self.heads.width() + self.values.at.columns
    }

    /// The discriminator's shape.
    pub fn discriminator(&self) -> MlpShape {
        MlpShape::two_layers((self.wide() + self.condition) * self.pack, self.hidden, 1)
    }

    /// The classifier's shape.
    pub fn classifier(&self) -> Option<MlpShape> {
        self.label
            .filter(|_| self.classifier > 0)
            .map(|label| MlpShape::two_layers(self.wide(), self.classifier, label.entries))
    }

    /// Combinations of protected levels.
    pub fn groups(&self) -> usize {
        self.protected.iter().map(|p| p.entries).product()
    }
}

/// What one step weighs; changes in the course of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knobs {
    /// Weight of the information about groups in labels.
    pub information: f64,
    /// Weight of the distance of conditional means.
    pub means: f64,
    /// Standard deviation of the noise added to what the discriminator sees.
    pub blur: f64,
}

/// One batch on the host, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    pub rows: usize,
    /// `rows x heads.width()`: what the discriminator takes for real.
    pub real: Vec<f32>,
    /// The same for the classifier, where it learns from other rows.
    pub pairs: Option<Vec<f32>>,
    /// `rows x condition`: what real and generated rows alike are asked for.
    pub condition: Vec<f32>,
    /// `rows x heads.asked_width()`: the same where the generator has to put them.
    pub target: Vec<f32>,
}
