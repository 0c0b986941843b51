//! When it is said again that a certificate comes to its end.

use tintype_app::types::UnixMillis;

use super::standing::Standing;

/// Milliseconds between two words on the same thing.
const AGAIN: i64 = 86_400_000;

/// What was said last.
#[derive(Debug, Default)]
pub(super) struct Reminder {
    said: Option<(Standing, UnixMillis)>,
}

impl Reminder {
    /// What is to be said now: at once where a certificate begins to stand so, then once a day.
    pub(super) fn due(&mut self, standing: Standing, now: UnixMillis) -> Option<Standing> {
        if standing == Standing::Good {
            self.said = None;
            return None;
        }
        // A clock that was set back keeps nobody waiting for longer than a day.
        let is_fresh = |at: UnixMillis| (0..AGAIN).contains(&now.0.saturating_sub(at.0));
        if self.said.is_some_and(|(said, at)| said == standing && is_fresh(at)) {
            return None;
        }
        self.said = Some((standing, now));
        Some(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_at_once_and_once_a_day() {
        use Standing::{Early, Ended, Ending, Good};
        let mut reminder = Reminder::default();
        let begun = UnixMillis(1_800_000_000_000);
        for (hours, standing, said) in [
            (0, Good, false),
            (1, Ending, true),
            (2, Ending, false),
            (24, Ending, false),
            (25, Ending, true),
            (48, Ending, false),
            // It ends: that is another thing.
            (48, Ended, true),
            (71, Ended, false),
            (72, Ended, true),
            // Another was put in its place, and ends too.
            (73, Good, false),
            (74, Ending, true),
            // The clock was set back by a year.
            (-8000, Ending, true),
            (-7999, Ending, false),
            (-7990, Early, true),
        ] {
            let told = reminder.due(standing, begun.plus_seconds(hours * 3_600));
            assert_eq!(told, said.then_some(standing), "{hours} {standing:?}");
        }
    }
}
