//! A moment as a person writes it: `2026-03-01T14:05:00Z`, or `10m` for ten minutes ago.

use std::{
    str::FromStr,
    time::{Duration, SystemTime},
};

use toml::value::{Datetime, Offset};

/// A moment: one of the calendar, or so long ago.
///
/// Of the calendar it is RFC 3339: `2026-03-01T14:05:00Z`, with `+01:00` in place of the `Z`, or
/// with a space in place of the `T`. Ages are a whole number of seconds (`90s`), minutes (`10m`),
/// hours (`2h`) or days (`3d`), with or without ` ago` behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Since 1970, in UTC.
    At(Duration),
    /// Before now.
    Ago(Duration),
}

/// The text names no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no time: write 2026-03-01T14:05:00Z, or 10m for ten minutes ago (s, m, h, d)")]
pub struct ParseMomentError(String);

impl Moment {
    /// Returns the moment as seen from now. What is before 1970 counts as 1970.
    pub fn resolve(self, now: SystemTime) -> SystemTime {
        let moment = match self {
            Self::At(since) => SystemTime::UNIX_EPOCH.checked_add(since),
            Self::Ago(age) => now.checked_sub(age),
        };
        moment.unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl FromStr for Moment {
    type Err = ParseMomentError;

    fn from_str(text: &str) -> Result<Self, ParseMomentError> {
        let written = text.trim();
        let moment = age(written).map(Self::Ago);
        let moment = moment.or_else(|| calendar(written).map(Self::At));
        moment.ok_or_else(|| ParseMomentError(super::words::plain(text)))
    }
}

fn age(text: &str) -> Option<Duration> {
    let text = text.strip_suffix("ago").unwrap_or(text).trim_end();
    parse_duration(text)
}

/// Reads a whole number of seconds (`90s`), minutes (`10m`), hours (`2h`) or days (`3d`).
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].trim_end().parse().ok()?;
    Some(Duration::from_secs(count.checked_mul(unit)?))
}

/// Reads RFC 3339. Times of unknown zone are refused: nobody could say which moment is meant.
fn calendar(text: &str) -> Option<Duration> {
    let parsed: Datetime = text.parse().ok()?;
    let (date, time) = (parsed.date?, parsed.time?);
    let offset = match parsed.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes) * 60,
    };
    let days = days_since_1970(date.year.into(), date.month.into(), date.day.into());
    let seconds = i64::from(time.hour) * 3600
        + i64::from(time.minute) * 60
        + i64::from(time.second.unwrap_or(0));
    let since = days * 86_400 + seconds - offset;
    let since = Duration::from_secs(u64::try_from(since).unwrap_or(0));
    Some(since + Duration::from_nanos(time.nanosecond.unwrap_or(0).into()))
}

/// Counts days in the proleptic Gregorian calendar. Years begin in March here, so that the day
/// that some of them have more is their last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const FROM_MARCH_OF_YEAR_0: i64 = 719_468;
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - FROM_MARCH_OF_YEAR_0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn at(text: &str, seconds: u64) {
        assert_eq!(text.parse(), Ok(Moment::At(Duration::from_secs(seconds))));
    }

    #[track_caller]
    fn ago(text: &str, seconds: u64) {
        assert_eq!(text.parse(), Ok(Moment::Ago(Duration::from_secs(seconds))));
    }

    #[test]
    fn moments_of_the_calendar() {
        at("1970-01-01T00:00:00Z", 0);
        at("2000-02-29T23:59:59Z", 951_868_799);
        at("2000-03-01 00:00:00Z", 951_868_800);
        at("2026-11-22T19:08:53Z", 1_795_374_533);
        at("2026-11-22T20:08:53+01:00", 1_795_374_533);
        at("2100-03-01T00:00:00Z", 4_107_542_400);
        // Before 1970 nothing was stored.
        at("0001-01-01T00:00:00Z", 0);
    }

    #[test]
    fn ages() {
        ago("90s", 90);
        ago("10m ago", 600);
        ago(" 2h ", 7200);
        ago("3 d ago", 3 * 86_400);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let moment: Moment = "10m".parse().unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(400);
        assert_eq!(moment.resolve(now), then);
    }

    #[test]
    fn what_is_no_moment_is_refused_with_a_sentence() {
        for text in [
            "",
            "noon",
            "10",
            "10 minutes",
            "-5m",
            "14:05",
            "2026-03-01",
            "2026-03-01T14:05:00",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "99999999999999999999s",
            "ü",
        ] {
            let error = text.parse::<Moment>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("10m"), "{error}");
        }
    }
}
