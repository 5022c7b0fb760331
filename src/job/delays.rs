//! How long a failed attempt waits for the next one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Verdict;
use crate::kit::Moment;

/// Growing delays: the first after the first failure, and so on; after the last one nobody tries again.
#[derive(Debug, Clone, Copy)]
pub struct Delays(pub &'static [Duration]);

/// What follows from a verdict, with the other side's last words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'v> {
    Done(&'v str),
    Again(&'v str, DateTime<Utc>),
    GiveUp(&'v str),
}

impl Delays {
    /// What follows from the verdict on the attempt with this number.
    #[must_use]
    pub fn after<'v>(self, verdict: &'v Verdict, attempts: i64, moment: &Moment) -> Next<'v> {
        match verdict {
            Verdict::Done(answer) => Next::Done(answer),
            Verdict::Never(answer) => Next::GiveUp(answer),
            Verdict::Again(answer) => match self.next(attempts, moment) {
                Some(due_at) => Next::Again(answer, due_at),
                None => Next::GiveUp(answer),
            },
        }
    }

    /// When to try again after `attempts` failed attempts, up to a tenth later than the plan says, so that
    /// what failed together does not come back together. `None`: never again.
    fn next(self, attempts: i64, moment: &Moment) -> Option<DateTime<Utc>> {
        let failed = usize::try_from(attempts).ok()?;
        let delay = self.0.get(failed.checked_sub(1)?)?;
        let delay = TimeDelta::from_std(*delay).ok()?;
        let [chance] = moment.bytes::<1>();
        Some(moment.now + delay + delay * i32::from(chance) / 2560)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::{Clock, ManualClock};

    #[test]
    fn delays_grow_and_end() {
        const DELAYS: Delays = Delays(&[Duration::from_mins(1), Duration::from_mins(5)]);
        let clock = ManualClock::new(DateTime::UNIX_EPOCH, 1);
        let moment = Clock::manual(&clock).moment();
        let wait = |attempts| {
            let next = DELAYS.next(attempts, &moment);
            next.map(|at| (at - moment.now).num_seconds())
        };
        assert!((60..=66).contains(&wait(1).unwrap()));
        assert!((300..=330).contains(&wait(2).unwrap()));
        assert_eq!((wait(0), wait(3)), (None, None));
        let busy = Verdict::Again("busy".to_owned());
        assert!(
            matches!(DELAYS.after(&busy, 2, &moment), Next::Again("busy", at) if at > moment.now)
        );
        assert_eq!(DELAYS.after(&busy, 3, &moment), Next::GiveUp("busy"));
    }
}
