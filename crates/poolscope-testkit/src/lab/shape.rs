//! How the allocations of one laboratory tag run over time. Shapes only: no host, no truth, no damage.

use super::rng::Rng;
use super::truth::Shape;

/// The moments of a host as its workload sees them.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Hours since the first sample.
    pub hours: Vec<f64>,
    /// Hour of the week (0 is Monday 00:00) at the first sample.
    pub week_hour: f64,
    /// Hours since boot at the first sample.
    pub uptime: f64,
}

impl Clock {
    /// Hours from the first to the last sample.
    pub fn span(&self) -> f64 {
        self.hours.last().copied().unwrap_or(0.0)
    }
}

/// Mean-reverting noise: an Ornstein-Uhlenbeck path of this standard deviation and correlation time (hours),
/// plus white noise.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Noise {
    /// Standard deviation of the slow part.
    pub slow: f64,
    /// Its correlation time in hours.
    pub hours: f64,
    /// Standard deviation of the white part.
    pub white: f64,
}

impl Noise {
    /// Noise of a tag of this level: relative size log-normal, correlation from seconds to hours.
    pub fn of_level(level: f64, rng: &mut Rng) -> Self {
        let relative = rng.log_normal(0.02, 1.0).min(0.25);
        let share = rng.unit();
        let slowest = if rng.chance(0.03) { 6.0 } else { 1.5 };
        Self {
            slow: level * relative * share.sqrt(),
            hours: rng.log_between(0.003, slowest),
            white: level * relative * (1.0 - share).sqrt(),
        }
    }

    /// A path at these hours, added to `out`.
    pub fn add(&self, hours: &[f64], out: &mut [f64], rng: &mut Rng) {
        let mut state = rng.normal();
        let mut before = None;
        let (mut gap, mut keep, mut push) = (f64::NAN, 0.0, 0.0);
        for (&hour, value) in hours.iter().zip(out) {
            if let Some(before) = before {
                let step: f64 = hour - before;
                if (step - gap).abs() > 1e-3 * gap.abs() || gap.is_nan() {
                    gap = step;
                    keep = (-step / self.hours).exp();
                    push = (1.0f64 - keep * keep).sqrt();
                }
                state = keep * state + push * rng.normal();
            }
            before = Some(hour);
            *value += self.slow * state + self.white * rng.normal();
        }
    }

    /// Standard deviation of one sample.
    pub fn deviation(&self) -> f64 {
        self.slow.hypot(self.white)
    }

    /// Standard error of a growth measured by a straight line over `span` hours and `samples` samples.
    pub fn growth_error(&self, span: f64, samples: f64) -> f64 {
        let slow = self.slow * (24.0 * self.hours / span.max(1e-9)).min(2.0).sqrt();
        slow.hypot(self.white * (12.0 / samples.max(1.0)).sqrt())
    }
}

/// The working day of one host: when activity begins and ends, and how the weekend looks.
#[derive(Clone, Copy, Debug)]
pub struct Workday {
    /// Hour activity begins.
    pub from: f64,
    /// Hour it ends.
    pub to: f64,
    /// Activity at the weekend against a working day.
    pub weekend: f64,
    /// Activity at night.
    pub night: f64,
}

impl Workday {
    /// A random one.
    pub fn random(rng: &mut Rng) -> Self {
        Self {
            from: rng.between(6.0, 10.0),
            to: rng.between(15.0, 20.0),
            weekend: rng.between(0.1, 1.0),
            night: rng.between(0.0, 0.3),
        }
    }

    /// Activity, 0 to 1, at this hour of the week.
    pub fn activity(&self, week_hour: f64) -> f64 {
        let hour = week_hour.rem_euclid(24.0);
        let day = (week_hour.rem_euclid(168.0) / 24.0) as usize;
        let edge = |x: f64| 1.0 / (1.0 + (-x / 0.5).exp());
        let bump = edge(hour - self.from) * edge(self.to - hour);
        (self.night + (1.0 - self.night) * bump) * if day >= 5 { self.weekend } else { 1.0 }
    }
}

/// Counts of a healthy tag of this shape and level, and its noise.
pub fn healthy(shape: Shape, level: f64, clock: &Clock, day: &Workday, rng: &mut Rng) -> (Vec<f64>, Noise) {
    let span = clock.span();
    let mut out = vec![level; clock.hours.len()];
    let mut noise = Noise::of_level(level, rng);
    let quiet = Noise { slow: noise.slow * 0.2, white: noise.white * 0.2, ..noise };
    match shape {
        Shape::Static => {
            noise = Noise { slow: 0.0, white: 0.0, hours: 1.0 };
            if rng.chance(0.1) {
                let at = rng.unit() * span;
                let change = (level * rng.between(-0.01, 0.01)).round();
                add(clock, &mut out, |hour| if hour > at { change } else { 0.0 });
            }
        }
        Shape::Daily | Shape::Weekly => {
            let depth = level * rng.between(0.1, 1.5);
            let own = Workday {
                weekend: if shape == Shape::Weekly { day.weekend } else { 1.0 },
                ..Workday { from: day.from + rng.between(-0.5, 0.5), ..*day }
            };
            let sine = rng.chance(0.4);
            add(clock, &mut out, |hour| {
                let week = clock.week_hour + hour;
                if sine && shape == Shape::Daily {
                    depth * (0.5 - 0.5 * ((week - own.from + 4.0) / 24.0 * std::f64::consts::TAU).cos())
                } else {
                    depth * own.activity(week)
                }
            });
        }
        Shape::Cache | Shape::RisingCache => {
            // Begins within the first half; full (95 %) well before the end, or not yet.
            let begin = if rng.chance(0.5) { -rng.unit() * 0.3 * span } else { rng.unit() * 0.4 * span };
            let left = span - begin;
            let turns = if shape == Shape::Cache { rng.between(4.0, 12.0) } else { rng.between(0.7, 2.5) };
            let full = level * rng.log_between(0.3, 10.0);
            add(clock, &mut out, |hour| full * (1.0 - (-(hour - begin).max(0.0) * turns / left).exp()));
            noise = quiet;
        }
        Shape::Step => {
            let steps = 1 + rng.below(3);
            for _ in 0..steps {
                let (at, wide) =
                    (rng.between(0.05, 0.95) * span, rng.log_between(0.001, 0.5).min(span / 12.0));
                let rise = level * rng.log_between(0.05, 5.0);
                add(clock, &mut out, |hour| rise * ((hour - at) / wide).clamp(0.0, 1.0));
            }
            noise = quiet;
        }
        Shape::Burst => {
            for _ in 0..1 + rng.below(4) {
                let (at, rise) = (rng.unit() * 0.85 * span, rng.log_between(0.002, 0.03) * span);
                let fall = rng.log_between(0.01, 0.06) * span;
                let high = level * rng.log_between(0.3, 8.0);
                add(clock, &mut out, |hour| {
                    let from = hour - at;
                    if from < 0.0 {
                        0.0
                    } else {
                        high * (from / rise).min(1.0) * (-(from - rise).max(0.0) / fall).exp()
                    }
                });
            }
        }
        Shape::Ramp => {
            let turn = span * rng.between(0.02, 0.12);
            let high = level * rng.log_between(0.5, 5.0);
            let straight = rng.chance(0.3);
            add(clock, &mut out, |hour| {
                let up = hour + clock.uptime.min(turn);
                high * if straight { (up / (3.0 * turn)).min(1.0) } else { 1.0 - (-up / turn).exp() }
            });
            noise = quiet;
        }
        Shape::Trimmed => {
            let period = span * rng.between(0.04, 0.2);
            let (phase, high) = (rng.unit(), level * rng.log_between(0.3, 3.0));
            add(clock, &mut out, |hour| high * (hour / period + phase).fract());
            noise = quiet;
        }
        Shape::Shrinking => {
            let fall = level * rng.between(0.2, 0.7);
            add(clock, &mut out, |hour| -fall * hour / span.max(1e-9));
            noise = quiet;
        }
        _ => {}
    }
    noise.add(&clock.hours, &mut out, rng);
    (out, noise)
}

/// How unevenly a leak's allocations arrive.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Arrivals {
    /// Standard deviation of the pace as a share of it; 0 for a leak as even as chance allows.
    pub wobble: f64,
    /// Its correlation time in hours.
    pub hours: f64,
}

impl Arrivals {
    fn random(rng: &mut Rng) -> Self {
        let wobble = if rng.chance(0.3) { rng.between(0.05, 0.3) } else { 0.0 };
        Self { wobble, hours: rng.log_between(0.02, 0.5) }
    }

    /// Standard deviation of what arrives over `hours`, in allocations, at `per_hour` and the plan's interval
    /// (the pace is drawn anew once an interval).
    pub fn deviation(&self, per_hour: f64, hours: f64, interval: f64) -> f64 {
        let keep = (-interval / self.hours).exp();
        let wander = self.wobble * per_hour;
        (per_hour * hours + wander * wander * hours * interval * (1.0 + keep) / (1.0 - keep)).max(0.0).sqrt()
    }
}

/// Leaked allocations at each moment, and how unevenly they arrive: none before `onset` (hours), then
/// `per_hour` on average.
pub fn leaked(
    shape: Shape,
    onset: f64,
    per_hour: f64,
    clock: &Clock,
    day: &Workday,
    rng: &mut Rng,
) -> (Vec<f64>, Arrivals) {
    let span = clock.span();
    let arrivals = Arrivals::random(rng);
    let faster = rng.between(2.0, 8.0);
    let (mut state, mut sum, mut before) = (rng.normal(), 0.0, 0.0);
    let mut restarts: Vec<f64> = Vec::new();
    if shape == Shape::SawtoothLeak {
        restarts = (0..1 + rng.below(3)).map(|_| onset + rng.between(0.15, 0.7) * (span - onset)).collect();
        restarts.sort_by(f64::total_cmp);
    }
    let mut restart = restarts.into_iter().peekable();
    let mut out = Vec::with_capacity(clock.hours.len());
    for &hour in &clock.hours {
        let (from, step) = (f64::max(before, onset), hour - f64::max(before, onset));
        if step > 0.0 {
            let keep = (-step / arrivals.hours).exp();
            state = keep * state + (1.0 - keep * keep).sqrt() * rng.normal();
            let middle = (from + hour) / 2.0;
            let speed = match shape {
                Shape::IntermittentLeak => day.activity(clock.week_hour + middle),
                Shape::AcceleratingLeak => {
                    let done = (middle - onset) / (span - onset).max(1e-9);
                    (1.0 + (faster - 1.0) * done) * 2.0 / (1.0 + faster)
                }
                _ => 1.0,
            };
            sum += rng.poisson(per_hour * step * speed * (1.0 + arrivals.wobble * state).max(0.0));
        }
        if restart.next_if(|&at| hour > at).is_some() {
            sum = 0.0;
        }
        out.push(sum);
        before = hour;
    }
    (out, arrivals)
}

fn add(clock: &Clock, out: &mut [f64], value: impl Fn(f64) -> f64) {
    for (&hour, slot) in clock.hours.iter().zip(out) {
        *slot += value(hour);
    }
}
