//! Time.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This time and `seconds` more, saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// This time less `seconds`, saturating.
    #[must_use]
    pub const fn minus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_sub(seconds.saturating_mul(1000)))
    }

    /// Whole seconds from `self` to `later`; 0 where that is past.
    pub const fn seconds_until(self, later: Self) -> i64 {
        let left = later.0.saturating_sub(self.0);
        if left > 0 { left / 1000 } else { 0 }
    }
}
