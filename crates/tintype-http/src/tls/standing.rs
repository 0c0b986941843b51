//! How near its end a certificate is.

use tintype_app::types::UnixMillis;

/// Longest time before the end of a certificate of the operator's that is told of: most are renewed a month before.
const OWN_SOON: i64 = 14 * 86_400;

/// How long a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Since when.
    pub begin: UnixMillis,
    /// Until when.
    pub end: UnixMillis,
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not good yet by this machine's clock.
    Early,
    /// It is good.
    Good,
    /// It is good, and so near its end that another should be there.
    Ending,
    /// It has ended.
    Ended,
}

impl Life {
    /// Whether it is good at this time.
    pub fn contains(self, now: UnixMillis) -> bool {
        self.begin <= now && now < self.end
    }

    fn seconds(self) -> i64 {
        self.begin.seconds_until(self.end).max(0)
    }
}

impl Standing {
    /// Of a certificate that others renew: it is ending when a third of its life is left, or 14 days where that is less.
    pub fn of_own(life: Life, now: UnixMillis) -> Self {
        Self::of(life, OWN_SOON.min(life.seconds() / 3), now)
    }

    /// Of a certificate that this server renews when a third of its life is left: it is ending when a third of that is left.
    pub fn of_issued(life: Life, now: UnixMillis) -> Self {
        Self::of(life, life.seconds() / 9, now)
    }

    fn of(life: Life, soon: i64, now: UnixMillis) -> Self {
        if now >= life.end {
            Self::Ended
        } else if now < life.begin {
            Self::Early
        } else if now.seconds_until(life.end) <= soon {
            Self::Ending
        } else {
            Self::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    #[test]
    fn an_end_is_near_by_the_length_of_the_life() {
        use Standing::{Early, Ended, Ending, Good};
        for (days, left, own, issued) in [
            (90, 91, Early, Early),
            (90, 90, Good, Good),
            (90, 15, Good, Good),
            (90, 14, Ending, Good),
            (90, 10, Ending, Ending),
            (90, 0, Ended, Ended),
            (90, -1, Ended, Ended),
            // Short-lived ones.
            (6, 3, Good, Good),
            (6, 2, Ending, Good),
            // One that lasts for years.
            (3650, 15, Good, Ending),
            (3650, 14, Ending, Ending),
        ] {
            let end = NOW.plus_seconds(left * DAY);
            let life = Life { begin: end.plus_seconds(-days * DAY), end };
            let stands = (Standing::of_own(life, NOW), Standing::of_issued(life, NOW));
            assert_eq!(stands, (own, issued), "{days} {left}");
        }
    }
}
