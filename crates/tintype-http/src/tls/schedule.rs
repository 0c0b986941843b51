//! When a certificate is asked for.

use tintype_app::{
    certificate::{Certificate, Issued},
    types::UnixMillis,
};

/// Pause after the first failure; each further one doubles it.
const PAUSE: i64 = 60;
/// Longest pause of our own choice.
const PAUSE_MAX: i64 = 6 * 3_600;
/// Shortest pause before the end of a certificate.
const PAUSE_MIN: i64 = 5;
/// Pause after a certificate that was old on arrival.
pub(super) const STALE_PAUSE: i64 = 86_400;
/// Longest pause that an authority may ask for.
const ASKED_MAX: i64 = 7 * 86_400;

/// When to ask next: at once where there is no certificate, else when a third of its life is left; after a failure when
/// that was put off to. What is kept may be of a time when the clock stood elsewhere: a pause that is longer than any that
/// would be begun now is none.
pub(super) fn due(certificate: &Certificate, now: UnixMillis) -> UnixMillis {
    let renewal = certificate.issued.as_ref().map_or(UnixMillis(i64::MIN), renewal);
    // A fifth is what chance adds.
    let longest = now.plus_seconds(ASKED_MAX + ASKED_MAX / 5);
    let put_off = certificate.due_at.filter(|at| *at <= longest).unwrap_or(UnixMillis(i64::MIN));
    renewal.max(put_off)
}

/// The same without a pause, unless it is longer than any of our own choice: that is what the authority asked for.
pub(super) fn due_hurried(certificate: &Certificate, now: UnixMillis) -> UnixMillis {
    let longest = now.plus_seconds(PAUSE_MAX + PAUSE_MAX / 5);
    let due_at = certificate.due_at.filter(|at| *at > longest);
    due(&Certificate { due_at, ..certificate.clone() }, now)
}

/// When a third of its life is left.
fn renewal(issued: &Issued) -> UnixMillis {
    let life = issued.not_after.0.saturating_sub(issued.not_before.0).max(0);
    UnixMillis(issued.not_after.0.saturating_sub(life / 3))
}

/// Whether the clock says that a certificate has to be renewed that was issued just now: then the clock is wrong, and asking
/// again would not help.
pub(super) fn is_stale(issued: &Issued, now: UnixMillis) -> bool {
    renewal(issued) <= now
}

/// Seconds to wait after a failure, the `failed`th in a row (from 1). What the authority asks for (Retry-After) is waited
/// at least. Where a certificate is about to end, no more than a quarter of what is left.
pub(super) fn pause(failed: u32, not_after: Option<UnixMillis>, asked: Option<i64>, now: UnixMillis) -> i64 {
    let mut pause = PAUSE.saturating_mul(1 << failed.saturating_sub(1).min(20)).min(PAUSE_MAX);
    if let Some(left) = not_after.map(|end| now.seconds_until(end)).filter(|left| *left > 0) {
        pause = pause.min((left / 4).max(PAUSE_MIN));
    }
    pause.max(asked.unwrap_or(0).min(ASKED_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn issued(begin: i64, end: i64) -> Issued {
        Issued {
            chain: String::new(),
            private_key: String::new(),
            not_before: NOW.plus_seconds(begin),
            not_after: NOW.plus_seconds(end),
        }
    }

    fn certificate(begin: i64, end: i64, due_at: Option<i64>) -> Certificate {
        let due_at = due_at.map(|seconds| NOW.plus_seconds(seconds));
        Certificate { issued: Some(issued(begin, end)), attempts: 0, due_at, problem: None }
    }

    #[test]
    fn whoever_hurries_ends_a_pause_that_may_be_our_own() {
        for (put_off, hurried) in [(60, true), (6 * 3_600, true), (8 * 3_600, false)] {
            let certificate = Certificate { issued: None, ..certificate(0, 0, Some(put_off)) };
            assert_eq!(due(&certificate, NOW), NOW.plus_seconds(put_off));
            assert_eq!(due_hurried(&certificate, NOW) <= NOW, hurried, "{put_off}");
        }
        let fresh = certificate(0, 90 * DAY, Some(60));
        assert_eq!(due_hurried(&fresh, NOW), NOW.plus_seconds(60 * DAY));
    }

    #[test]
    fn a_third_of_the_life_is_left_when_it_is_renewed() {
        assert!(due(&Certificate::default(), NOW) <= NOW);
        for (begin, end, expected) in [
            (0, 90 * DAY, 60 * DAY),
            // Short-lived ones too.
            (0, 6 * DAY, 4 * DAY),
            (-80 * DAY, 10 * DAY, -20 * DAY),
            // The end is past.
            (-100 * DAY, -10 * DAY, -40 * DAY),
        ] {
            assert_eq!(due(&certificate(begin, end, None), NOW), NOW.plus_seconds(expected));
        }
    }

    #[test]
    fn failures_are_waited_for_but_never_longer_than_a_pause_begun_now() {
        assert_eq!(due(&certificate(-80 * DAY, 10 * DAY, Some(300)), NOW), NOW.plus_seconds(300));
        assert_eq!(due(&certificate(-80 * DAY, 10 * DAY, Some(-300)), NOW), NOW.plus_seconds(-300));
        // The clock was a year ahead when this was put off.
        let ahead = certificate(-80 * DAY, 10 * DAY, Some(366 * DAY));
        assert!(due(&ahead, NOW) <= NOW);
        // And so was the whole life of what is kept.
        let fresh = certificate(0, 90 * DAY, Some(10 * 366 * DAY));
        assert_eq!(due(&fresh, NOW), NOW.plus_seconds(60 * DAY));
    }

    #[test]
    fn a_clock_that_was_moved_asks_neither_at_once_again_nor_never() {
        // Back: the certificate is of the future. Nothing is asked for until it ages.
        assert_eq!(due(&certificate(365 * DAY, 455 * DAY, None), NOW), NOW.plus_seconds(425 * DAY));
        assert!(!is_stale(&issued(365 * DAY, 455 * DAY), NOW));
        // Forward: what an authority issues is old on arrival.
        assert!(is_stale(&issued(-465 * DAY, -375 * DAY), NOW));
    }

    #[test]
    fn pauses_grow_and_heed_the_authority_and_the_end() {
        let pauses: Vec<i64> = (1..=11).map(|failed| pause(failed, None, None, NOW)).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 21_600, 21_600]);
        assert_eq!(pause(u32::MAX, None, None, NOW), PAUSE_MAX);
        assert_eq!(pause(9, Some(NOW.plus_seconds(4_000)), None, NOW), 1_000);
        assert_eq!(pause(1, Some(NOW.plus_seconds(2)), None, NOW), PAUSE_MIN);
        // Ended: as if there had been none.
        assert_eq!(pause(2, Some(NOW.plus_seconds(-2)), None, NOW), 120);
        assert_eq!(pause(1, None, Some(3_600), NOW), 3_600);
        assert_eq!(pause(1, Some(NOW.plus_seconds(20)), Some(3_600), NOW), 3_600);
        assert_eq!(pause(1, None, Some(i64::MAX), NOW), ASKED_MAX);
    }
}
