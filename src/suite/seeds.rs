//! One seed, many named streams: each use of randomness has its own, whatever runs beside it.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// The seed of the stream called by `path` under the run's seed.
pub fn seed(root: u64, path: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(root.to_le_bytes());
    for part in path {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let bytes = hash.finalize();
    bytes.iter().take(8).fold(0, |acc, b| (acc << 8) | u64::from(*b))
}

/// A generator on that stream.
pub fn stream(root: u64, path: &[&str]) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed(root, path))
}
