//! Random stories: whatever happens, all agree in the end, and nothing is lost.

use std::{collections::BTreeSet, env};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::story::Story;

/// Stories that are told if `CONFLICT_SCHEDULES` does not say otherwise.
const SCHEDULES: u64 = 40;

fn schedules() -> u64 {
    let asked = env::var("CONFLICT_SCHEDULES").ok();
    asked.map_or(SCHEDULES, |count| count.parse().expect("a number"))
}

/// Tells the story of a seed, and returns how many conflicts there were.
fn tell(seed: u64) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let steps = random.random_range(5..25);
    let mut story = Story::new(3, StdRng::seed_from_u64(!seed));
    let mut repaired = vec![BTreeSet::new(); 3];
    for _ in 0..steps {
        story.step();
    }
    story.heal(&mut repaired);
    let found = story.agreed().len();
    story.check_nothing_is_lost();
    // Answers may clash with each other, and so lead to new conflicts.
    for round in 0.. {
        assert!(round < 60, "there is always another conflict");
        if story.agreed().is_empty() {
            break;
        }
        for _ in 0..random.random_range(1..4) {
            story.answer();
            if random.random_bool(0.3) {
                story.send(random.random_range(0..3), random.random_range(0..3));
            }
        }
        story.heal(&mut repaired);
    }
    story.check_nothing_is_lost();
    found
}

#[test]
fn all_agree_whatever_happens_while_they_are_apart() {
    let mut found = 0;
    for seed in 0..schedules() {
        println!("story {seed}");
        found += tell(seed);
    }
    println!("{found} conflicts");
    assert!(found > 0);
}
