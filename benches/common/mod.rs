//! What the benches share: how figures are printed, and what is measured with.
//!
//! Each figure is one line `NAME value unit ratio baseline`, printed as soon as it is known, and a
//! row of the table that ends the bench, which also tells what it should be. Knows nothing of what
//! is measured.

#![allow(dead_code, reason = "no bench needs all of it")]

pub mod history;
#[cfg(feature = "sim")]
pub mod membership;
pub mod nodes;
pub mod process;
#[cfg(feature = "tui")]
pub mod terminal;

use std::{env, fmt, time::Duration};

/// What a figure should not be more, or less, than.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    /// Only shown.
    None,
    /// At most so many of its unit.
    AtMost(f64),
    /// At least so many of its unit.
    AtLeast(f64),
    /// At most so many times its baseline.
    Times(f64),
    /// At least so many times its baseline.
    TimesAtLeast(f64),
}

impl Bar {
    /// A ratio of 0 is that to a baseline which was not measured.
    fn holds(self, value: f64, ratio: f64) -> Option<bool> {
        match self {
            Self::None => None,
            Self::Times(_) | Self::TimesAtLeast(_) if ratio == 0.0 => None,
            Self::AtMost(limit) => Some(value <= limit),
            Self::AtLeast(limit) => Some(value >= limit),
            Self::Times(limit) => Some(ratio <= limit),
            Self::TimesAtLeast(limit) => Some(ratio >= limit),
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::AtMost(limit) => write!(f, "<= {limit}"),
            Self::AtLeast(limit) => write!(f, ">= {limit}"),
            Self::Times(limit) => write!(f, "<= {limit} x"),
            Self::TimesAtLeast(limit) => write!(f, ">= {limit} x"),
        }
    }
}

/// The figures of one bench. Prints its table when it is dropped.
#[derive(Default)]
pub struct Figures {
    rows: Vec<[String; 6]>,
}

impl Figures {
    pub fn new() -> Self {
        println!("# NAME value unit ratio baseline");
        Self::default()
    }

    /// Prints a figure and keeps it for the table. A baseline of 0 stands for none.
    pub fn add(&mut self, name: &str, value: f64, unit: &str, baseline: f64, bar: Bar) {
        let ratio = if baseline == 0.0 {
            0.0
        } else {
            value / baseline
        };
        let shown = [value, ratio, baseline].map(short);
        let [value_shown, ratio_shown, baseline_shown] = shown;
        println!("{name} {value_shown} {unit} {ratio_shown} {baseline_shown}");
        let verdict = match bar.holds(value, ratio) {
            None => String::new(),
            Some(true) => format!("{bar}: holds"),
            Some(false) => format!("{bar}: MISSED"),
        };
        self.rows.push([
            name.to_owned(),
            value_shown,
            unit.to_owned(),
            ratio_shown,
            baseline_shown,
            verdict,
        ]);
    }

    /// The same for a time, in microseconds.
    pub fn add_time(&mut self, name: &str, value: Duration, baseline: Duration, bar: Bar) {
        self.add(name, micros(value), "us", micros(baseline), bar);
    }
}

impl Drop for Figures {
    fn drop(&mut self) {
        let heading = ["figure", "value", "unit", "ratio", "baseline", "bar"].map(str::to_owned);
        let rows = [vec![heading], std::mem::take(&mut self.rows)].concat();
        let mut widths = [0; 6];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.len());
            }
        }
        println!();
        for row in &rows {
            let [name, value, unit, ratio, baseline, bar] = row;
            let [a, b, c, d, e, _] = widths;
            println!(
                "| {name:a$} | {value:>b$} | {unit:c$} | {ratio:>d$} | {baseline:>e$} | {bar}"
            );
        }
        println!();
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Whether `BENCH_QUICK` asks for a short run, which shows that a bench works and little more.
/// Debug builds are always quick.
pub fn is_quick() -> bool {
    cfg!(debug_assertions) || env::var_os("BENCH_QUICK").is_some_and(|value| value != "0")
}

/// Whether a part of a bench is to run: all are, unless the command line names some of them, or a
/// piece of their names, as in `cargo bench --bench group -- sim`.
pub fn is_wanted(part: &str) -> bool {
    named().next().is_none() || is_named(part)
}

/// Whether the command line names a part of a bench, or a piece of its name.
pub fn is_named(part: &str) -> bool {
    named().any(|name| part.contains(name.as_str()))
}

fn named() -> impl Iterator<Item = String> {
    env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
}

/// Chooses between what a full run does and what a quick one does.
pub fn full_or_quick<T>(full: T, quick: T) -> T {
    if is_quick() { quick } else { full }
}

/// Samples of a time, sorted.
pub struct Times(Vec<Duration>);

impl Times {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Returns what so many hundredths of the samples are not longer than; nothing if there is none.
    pub fn percentile(&self, hundredths: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        let place = (self.0.len() * hundredths / 100).min(last);
        self.0.get(place).copied().unwrap_or_default()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
