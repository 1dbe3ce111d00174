//! How much a peer may send: it saves up what it does not use, up to a limit.

use std::time::Duration;

use crate::net::message::{
    BYTES_SAVED, CloseReason, MAX_BYTES_PER_SECOND, MAX_MESSAGES_PER_SECOND,
    MAX_QUESTIONS_PER_SECOND, MESSAGES_SAVED, Message, QUESTIONS_SAVED,
};

/// How often what was saved is reckoned up, in milliseconds.
const RECKONED_EVERY: u64 = 100;
/// In so many milliseconds everything is saved up again.
const LONGEST: u64 = 60_000;

/// What one peer may still send now.
#[derive(Debug)]
pub(crate) struct Allowance {
    bytes: u64,
    messages: u32,
    questions: u32,
    /// When, in milliseconds.
    reckoned_at: u64,
    /// Up to which second questions are reckoned, which come more slowly.
    questions_at: u32,
}

fn milliseconds(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn seconds(now: Duration) -> u32 {
    u32::try_from(now.as_secs()).unwrap_or(u32::MAX)
}

impl Allowance {
    pub fn new(now: Duration) -> Self {
        Self {
            bytes: BYTES_SAVED,
            messages: MESSAGES_SAVED,
            questions: QUESTIONS_SAVED,
            reckoned_at: milliseconds(now),
            questions_at: seconds(now),
        }
    }

    /// Takes a message out of the allowance.
    pub fn spend(&mut self, message: &Message, now: Duration) -> Result<(), CloseReason> {
        self.reckon(now);
        let mut bytes = message.news_size() as u64;
        if let Message::SyncResponse(_) = message {
            // We asked for it, and it has a limit of its own.
            return Ok(());
        }
        if let Message::SyncRequest { version_vector, .. } = message {
            self.questions = self.questions.checked_sub(1).ok_or(CloseReason::Excess)?;
            bytes = version_vector.len() as u64;
        }
        self.messages = self.messages.checked_sub(1).ok_or(CloseReason::Excess)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or(CloseReason::Excess)?;
        Ok(())
    }

    fn reckon(&mut self, now: Duration) {
        let milliseconds = milliseconds(now);
        let time = milliseconds.saturating_sub(self.reckoned_at);
        if time < RECKONED_EVERY {
            return;
        }
        self.reckoned_at = milliseconds;
        let time = time.min(LONGEST);
        let saved = |rate: u32| (time * u64::from(rate) / 1000) as u32;
        self.messages = self
            .messages
            .saturating_add(saved(MAX_MESSAGES_PER_SECOND))
            .min(MESSAGES_SAVED);
        let passed = seconds(now).saturating_sub(self.questions_at);
        self.questions_at = seconds(now);
        self.questions = self
            .questions
            .saturating_add(passed.saturating_mul(MAX_QUESTIONS_PER_SECOND))
            .min(QUESTIONS_SAVED);
        let bytes = time * MAX_BYTES_PER_SECOND / 1000;
        self.bytes = self.bytes.saturating_add(bytes).min(BYTES_SAVED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{message::Part, node::NodeId};

    const START: Duration = Duration::from_secs(9);

    fn question() -> Message {
        Message::SyncRequest {
            version_vector: Vec::new(),
            received: 0,
            waiting: false,
        }
    }

    /// Returns how many of these pass at one moment.
    fn passing(allowance: &mut Allowance, message: &Message, now: Duration) -> u32 {
        (0..)
            .take_while(|_| allowance.spend(message, now).is_ok())
            .count() as u32
    }

    #[test]
    fn each_kind_of_excess_is_refused_and_forgiven_later() {
        let gone = Message::UserLeft {
            node: NodeId([1; 32]),
        };
        let large = Message::UpdateBatch(Part {
            last: false,
            updates: vec![0; 1024 * 1024],
        });
        let later = START + Duration::from_secs(1);
        for (message, most, more) in [
            (gone, MESSAGES_SAVED, MAX_MESSAGES_PER_SECOND),
            (question(), QUESTIONS_SAVED, MAX_QUESTIONS_PER_SECOND),
            (
                large,
                (BYTES_SAVED >> 20) as u32,
                (MAX_BYTES_PER_SECOND >> 20) as u32,
            ),
        ] {
            let mut allowance = Allowance::new(START);
            assert_eq!(passing(&mut allowance, &message, START), most);
            assert_eq!(passing(&mut allowance, &message, later), more);
        }
    }

    #[test]
    fn asking_often_earns_no_more_questions() {
        let mut allowance = Allowance::new(START);
        let mut passed = 0;
        for tenth in 0..100 {
            let now = START + Duration::from_millis(100 * tenth);
            passed += passing(&mut allowance, &question(), now);
        }
        assert_eq!(passed, QUESTIONS_SAVED + 9 * MAX_QUESTIONS_PER_SECOND);
    }

    #[test]
    fn an_answer_is_free() {
        let mut allowance = Allowance::new(START);
        let answer = Message::SyncResponse(Part {
            last: false,
            updates: vec![0; 1024],
        });
        for _ in 0..2 * MESSAGES_SAVED {
            assert!(allowance.spend(&answer, START).is_ok());
        }
    }
}
