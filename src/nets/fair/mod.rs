//! Networks of fair generators: a generator, a discriminator and a classifier, trained against and with each other.
//!
//! `players` holds the three and makes their steps; `information` is the term that moves parity;
//! `likeness` matches second moments and conditional means; `mlp` and `residual` are the networks, with
//! their backward passes written out instead of kept as graphs. The room knows slots of rows, and
//! which of them are the label and the groups; it knows no columns.

pub mod information;
pub mod likeness;
pub mod mlp;
pub mod plan;
pub mod players;
pub mod residual;
