//! What training reports of itself: losses by name, epoch by epoch.

use serde::{Deserialize, Serialize};

use super::bits;

/// One loss; none has a unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// `critic`, `generator`, `fair`, …
    pub name: String,
    #[serde(with = "bits::one")]
    pub value: f64,
}

/// Mean losses of one epoch, always in the same order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochLoss {
    /// Counted from 1.
    pub epoch: usize,
    pub losses: Vec<Loss>,
}

impl EpochLoss {
    /// Before the first step.
    pub fn none(epoch: usize) -> EpochLoss {
        EpochLoss { epoch, losses: Vec::new() }
    }

    /// The loss called `name`.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.losses.iter().find(|l| l.name == name).map(|l| l.value)
    }

    /// Adds the losses of a step to the sums so far.
    pub fn add(&mut self, step: &[(&'static str, f64)]) {
        for (name, value) in step {
            match self.losses.iter_mut().find(|l| l.name == *name) {
                Some(loss) => loss.value += value,
                None => self.losses.push(Loss { name: name.to_string(), value: *value }),
            }
        }
    }

    /// The means of so many steps.
    pub fn over(mut self, steps: usize) -> EpochLoss {
        for loss in &mut self.losses {
            loss.value /= steps.max(1) as f64;
        }
        self
    }

    /// For a line of progress: `critic -1.203, generator 0.512`.
    pub fn line(&self) -> String {
        let parts: Vec<String> = self.losses.iter().map(|l| format!("{} {:.3}", l.name, l.value)).collect();
        parts.join(", ")
    }
}
