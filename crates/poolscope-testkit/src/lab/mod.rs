//! The laboratory: labelled hosts, and the score of a judge over them.
//!
//! It makes what a sampler would have seen on a host whose truth is known. It judges nothing: a judge's
//! answers are scored through plain structs ([`score::Answer`]), since this crate depends on none of ours.

pub mod baseline;
pub mod host;
pub mod owners;
pub mod plan;
pub mod reliability;
pub mod rng;
pub mod score;
pub mod shape;
pub mod truth;
