//! Plans as text: a head with `name number` lines, then one step per line.

use std::{fmt, str::FromStr};

use super::{Plan, Shape, Step};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = match self.shape {
            Shape::Star => "star",
            Shape::Line => "line",
        };
        writeln!(
            f,
            "plan {} {} {} {} {shape}",
            self.seed, self.sites, self.degree, self.slowest
        )?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        let broken = || format!("this does not start a plan: {head}");
        let words: Vec<_> = head.split_whitespace().collect();
        let ["plan", seed, sites, degree, slowest, shape] = words[..] else {
            return Err(broken());
        };
        let shape = match shape {
            "star" => Shape::Star,
            "line" => Shape::Line,
            _ => return Err(broken()),
        };
        let number = |word: &str| word.parse().map_err(|_| broken());
        Ok(Self {
            seed: seed.parse().map_err(|_| broken())?,
            sites: number(sites)?,
            degree: number(degree)?,
            slowest: number(slowest)?,
            shape,
            steps: lines
                .filter(|line| !line.trim().is_empty())
                .map(str::parse)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Insert { site, place, word } => write!(f, "insert {site} {place} {word}"),
            Self::Delete { site, place, count } => write!(f, "delete {site} {place} {count}"),
            Self::Wait { milliseconds } => write!(f, "wait {milliseconds}"),
            Self::Cut { site, other } => write!(f, "cut {site} {other}"),
            Self::Double { site, other } => write!(f, "double {site} {other}"),
            Self::Part { site, other } => write!(f, "part {site} {other}"),
            Self::Heal => write!(f, "heal"),
            Self::Slow { site } => write!(f, "slow {site}"),
            Self::Read { site } => write!(f, "read {site}"),
            Self::Sleep { site } => write!(f, "sleep {site}"),
            Self::Wake { site } => write!(f, "wake {site}"),
            Self::Jump { site, seconds } => write!(f, "jump {site} {seconds}"),
            Self::Leave { site } => write!(f, "leave {site}"),
            Self::Crash { site } => write!(f, "crash {site}"),
            Self::Restart { site, torn } => write!(f, "restart {site} {torn}"),
            Self::Offline { site } => write!(f, "offline {site}"),
            Self::Online { site } => write!(f, "online {site}"),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let broken = || format!("this is not a step: {line}");
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let numbers: Vec<u32> = words
            .map(|word| word.parse().map_err(|_| broken()))
            .collect::<Result<_, _>>()?;
        match (name, &numbers[..]) {
            ("insert", &[site, place, word]) => Ok(Self::Insert { site, place, word }),
            ("delete", &[site, place, count]) => Ok(Self::Delete { site, place, count }),
            ("wait", &[milliseconds]) => Ok(Self::Wait { milliseconds }),
            ("cut", &[site, other]) => Ok(Self::Cut { site, other }),
            ("double", &[site, other]) => Ok(Self::Double { site, other }),
            ("part", &[site, other]) => Ok(Self::Part { site, other }),
            ("heal", &[]) => Ok(Self::Heal),
            ("slow", &[site]) => Ok(Self::Slow { site }),
            ("read", &[site]) => Ok(Self::Read { site }),
            ("sleep", &[site]) => Ok(Self::Sleep { site }),
            ("wake", &[site]) => Ok(Self::Wake { site }),
            ("jump", &[site, seconds]) => Ok(Self::Jump { site, seconds }),
            ("leave", &[site]) => Ok(Self::Leave { site }),
            ("crash", &[site]) => Ok(Self::Crash { site }),
            ("restart", &[site, torn]) => Ok(Self::Restart { site, torn }),
            ("offline", &[site]) => Ok(Self::Offline { site }),
            ("online", &[site]) => Ok(Self::Online { site }),
            _ => Err(broken()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_survives_being_written_down() {
        for seed in 0..20 {
            let plan = Plan::random(seed, 300);
            assert_eq!(plan.to_string().parse(), Ok(plan));
        }
        for broken in [
            "",
            "plan 1 2",
            "plan 1 3 0 5 star\nfly 1",
            "plan 1 3 0 5 star\ncut 1",
        ] {
            assert!(broken.parse::<Plan>().is_err(), "{broken}");
        }
    }
}
