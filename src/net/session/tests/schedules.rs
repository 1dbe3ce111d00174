//! Random schedules with all faults: whatever happens in whatever order, all replicas become
//! equal, and no acknowledged edit is lost.
//!
//! `SIM_SCHEDULES` sets how many are run, `SIM_SEED` runs the one with this seed, and `SIM_PLAN`
//! the one in this file; `SIM_STEPS` sets how long the long one is. A plan that fails is written to
//! the `target` folder.

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::net::sim::{Mischief, Plan, Report};

/// How many schedules are run if nobody says.
const SCHEDULES: u64 = 60;
const STEPS: usize = 200;
const THREADS: usize = 2;
/// In how many schedules each mistake must have been noticed.
const NOTICED_WITHIN: u64 = 100;

fn number_from(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

fn run(plan: &Plan, mischief: Option<Mischief>) -> Result<Report, String> {
    let run = AssertUnwindSafe(|| plan.run(mischief));
    catch_unwind(run).unwrap_or_else(|_| Err("something panicked, see above".to_owned()))
}

/// Runs a plan. If it fails, writes it down and says how to run it again.
fn run_or_write_down(plan: &Plan) -> Result<Report, String> {
    run(plan, None).map_err(|problem| {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("target")
            .join(format!("failed-plan-{}.txt", plan.seed));
        let again = match fs::write(&file, plan.to_string()) {
            Ok(()) => format!("SIM_PLAN={}", file.display()),
            Err(error) => format!("the plan could not be written: {error}"),
        };
        format!("seed {}: {problem}\nrun it again with {again}", plan.seed)
    })
}

#[test]
fn random_schedules_converge() {
    if let Ok(file) = env::var("SIM_PLAN") {
        let plan = fs::read_to_string(&file).map_err(|error| error.to_string());
        let plan = plan.and_then(|text| text.parse::<Plan>());
        let result = plan.and_then(|plan| run(&plan, None));
        return assert!(result.is_ok(), "{file}: {result:?}");
    }
    if let Some(seed) = number_from("SIM_SEED") {
        let result = run_or_write_down(&Plan::random(seed, STEPS));
        return assert!(result.is_ok(), "{}", result.unwrap_err());
    }
    let schedules = number_from("SIM_SCHEDULES").unwrap_or(SCHEDULES);
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Report::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= schedules {
                return Ok(sum);
            }
            let report = run_or_write_down(&Plan::random(seed, STEPS))
                .inspect_err(|_| next.store(schedules, Ordering::Relaxed))?;
            sum.edits += report.edits;
            sum.messages += report.messages;
            sum.sync_requests += report.sync_requests;
        }
    };
    let results: Vec<Result<Report, String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a thread died".to_owned()))
            })
            .collect()
    });
    for result in results {
        match result {
            Ok(report) => println!("{report:?}"),
            Err(problem) => panic!("{problem}"),
        }
    }
}

#[test]
fn a_long_schedule_converges() {
    let steps = number_from("SIM_STEPS").unwrap_or(1_500);
    let result = run_or_write_down(&Plan::with_sites(1, 5, usize::try_from(steps).unwrap_or(0)));
    assert!(result.is_ok(), "{}", result.unwrap_err());
}

#[test]
fn mistakes_made_on_purpose_are_noticed() {
    for mischief in Mischief::ALL {
        let noticed = (0..NOTICED_WITHIN)
            .find_map(|seed| Some((seed, run(&Plan::random(seed, STEPS), Some(mischief)).err()?)));
        match noticed {
            Some((seed, problem)) => println!("{mischief:?}: schedule {}: {problem}", seed + 1),
            None => panic!("{mischief:?} was not noticed in {NOTICED_WITHIN} schedules"),
        }
    }
}
