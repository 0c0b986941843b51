//! How much confinement is asked for.

use std::{fmt, str::FromStr};

/// How much confinement workers must have before they are given a stranger's file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Landlock and seccomp where the kernel has them; goes on, degraded, while one of the two is there.
    #[default]
    Auto,
    /// Both Landlock and seccomp, or nothing is decoded.
    Require,
    /// Neither. Workers are still processes of their own with resource limits and a deadline.
    Off,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Require, Self::Off];

    /// The word used in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Require => "require",
            Self::Off => "off",
        }
    }
}

/// Not a mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sandbox = {0:?} is not valid; it is one of auto, require, off")]
pub struct InvalidMode(pub String);

impl FromStr for Mode {
    type Err = InvalidMode;

    fn from_str(text: &str) -> Result<Self, InvalidMode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| InvalidMode(text.to_owned()))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_back_and_others_are_refused_with_the_choice() {
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        let error = "on".parse::<Mode>().unwrap_err().to_string();
        assert!(error.contains("\"on\"") && error.contains("auto, require, off"), "{error}");
    }
}
