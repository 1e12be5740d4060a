//! The program as a user meets it: arguments in, exit code, text and JSON out. One file a promise.
//!
//! What single formats or rules do is tested in their own crates.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and one that skips must say so"
)]

mod bad_input;
mod drivers;
mod example;
mod exit_codes;
mod golden;
mod hosts;
mod invariance;
mod outputs;
mod published_snapshot;
mod real_samples;
mod stage;
