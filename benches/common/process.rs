//! What a process uses, as Linux tells it. Elsewhere all of it is 0.

use std::{fs, time::Duration};

/// Clock ticks in a second, on every Linux.
const TICKS: f64 = 100.0;

/// The memory of a process that is in RAM, in bytes. `"self"` is this process.
pub fn resident(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// The processor time that a process has used.
pub fn processor_time(process: &str) -> Duration {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before it may hold anything.
    let Some((_, fields)) = status.rsplit_once(')') else {
        return Duration::ZERO;
    };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
    };
    let (user, system) = (ticks(11), ticks(12));
    Duration::from_secs_f64((user.unwrap_or(0.0) + system.unwrap_or(0.0)) / TICKS)
}
