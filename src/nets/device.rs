//! Picks the device networks run on; the only file that knows which devices this build has.
//!
//! `--device auto|cpu|gpu[:i]` is parsed here, and the picked device describes itself in one line
//! for the results. Knows no networks.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
#[cfg(any(feature = "gpu", feature = "cuda"))]
use burn::tensor::DeviceType;

/// What the caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// A graphics card if this build and this machine have one, otherwise the processor.
    #[default]
    Auto,
    /// The processor, whatever else there is: the only choice with equal bytes on every machine
    /// of the same instruction set.
    Cpu,
    /// The graphics card of this index, counted from 0.
    Gpu(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<DeviceChoice, String> {
        let wrong = || format!("there is no device {text}; write auto, cpu, gpu or gpu:1");
        match text {
            "auto" => Ok(DeviceChoice::Auto),
            "cpu" => Ok(DeviceChoice::Cpu),
            "gpu" => Ok(DeviceChoice::Gpu(0)),
            _ => {
                let index = text.strip_prefix("gpu:").ok_or_else(wrong)?;
                index.parse().map(DeviceChoice::Gpu).map_err(|_| wrong())
            }
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceChoice::Auto => f.write_str("auto"),
            DeviceChoice::Cpu => f.write_str("cpu"),
            DeviceChoice::Gpu(i) => write!(f, "gpu:{i}"),
        }
    }
}

/// A device, and how results name it.
#[derive(Debug, Clone)]
pub struct Picked {
    pub device: Device,
    /// For example `cpu (burn flex)`.
    pub description: String,
}

/// The processor.
pub fn cpu() -> Picked {
    Picked { device: Device::flex(), description: "cpu (burn flex)".into() }
}

/// The device for `choice`, or why there is none, with a way out.
pub fn pick(choice: DeviceChoice) -> Result<Picked, String> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Auto => Ok(automatic().unwrap_or_else(cpu)),
        DeviceChoice::Gpu(index) => card(index),
    }
}

#[cfg(any(feature = "gpu", feature = "cuda"))]
fn cards() -> Vec<Device> {
    let mut out = Vec::new();
    #[cfg(feature = "cuda")]
    out.extend(Device::enumerate(DeviceType::Cuda).iter().cloned());
    #[cfg(feature = "gpu")]
    out.extend(Device::enumerate(DeviceType::Wgpu).iter().cloned());
    out
}

/// The first real card: a software rasteriser such as lavapipe is slower than the processor
/// itself, so it has to be asked for by index.
#[cfg(any(feature = "gpu", feature = "cuda"))]
fn automatic() -> Option<Picked> {
    cards().into_iter().enumerate().find_map(|(i, device)| {
        let identity = device.identity()?;
        identity.physical.as_ref()?;
        Some(Picked { device, description: format!("gpu:{i} ({})", identity.name) })
    })
}

#[cfg(not(any(feature = "gpu", feature = "cuda")))]
fn automatic() -> Option<Picked> {
    None
}

#[cfg(any(feature = "gpu", feature = "cuda"))]
fn card(index: usize) -> Result<Picked, String> {
    let cards = cards();
    match cards.get(index) {
        Some(device) => {
            let name = device.identity().map_or_else(|| "unnamed".to_string(), |i| i.name);
            Ok(Picked { device: device.clone(), description: format!("gpu:{index} ({name})") })
        }
        None => Err(format!(
            "this machine has {} graphics cards this build can use, so there is no gpu:{index}; \
             use --device cpu",
            cards.len()
        )),
    }
}

#[cfg(not(any(feature = "gpu", feature = "cuda")))]
fn card(_index: usize) -> Result<Picked, String> {
    Err("this build has no support for graphics cards; build it with --features gpu, or use \
         --device cpu"
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_and_written_alike() {
        for text in ["auto", "cpu", "gpu:3"] {
            assert_eq!(text.parse::<DeviceChoice>().map(|c| c.to_string()), Ok(text.to_string()));
        }
        assert_eq!("gpu".parse(), Ok(DeviceChoice::Gpu(0)));
        for text in ["", "tpu", "gpu:", "gpu:x", "gpu:-1", "CPU"] {
            assert!(text.parse::<DeviceChoice>().is_err_and(|e| e.contains("auto, cpu, gpu")));
        }
    }

    #[test]
    fn the_processor_is_always_there() {
        assert!(pick(DeviceChoice::Cpu).is_ok_and(|p| p.description == "cpu (burn flex)"));
        assert!(pick(DeviceChoice::Auto).is_ok());
    }
}
