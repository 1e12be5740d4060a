//! The frames of one host: made once for each set of moments, within a bound.

use super::frame::Frame;
use super::tag::LEAST_SNAPSHOTS;

/// Frames kept besides the main one; series with still other moments are only ranked.
const MOST_FRAMES: usize = 64;

/// Frames by their moments.
#[derive(Default)]
pub(crate) struct Frames {
    made: Vec<Frame>,
}

impl Frames {
    /// The frame of these hours; `None` when there are too few or too many different ones.
    pub(crate) fn of(&mut self, hours: &[f64]) -> Option<&Frame> {
        if hours.len() < LEAST_SNAPSHOTS {
            return None;
        }
        if let Some(at) = self.made.iter().position(|frame| frame.hours == hours) {
            return self.made.get(at);
        }
        if self.made.len() > MOST_FRAMES {
            return None;
        }
        self.made.push(Frame::new(hours));
        self.made.last()
    }

    /// The main frame, where these are its hours.
    pub(crate) fn main(&self, hours: &[f64]) -> Option<&Frame> {
        self.made.first().filter(|frame| frame.hours == hours)
    }
}
