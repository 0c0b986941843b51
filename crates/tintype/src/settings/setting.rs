//! One setting: its name in three forms, what it is without anybody's word, how its value is read.

use std::borrow::Cow;

use super::Settings;

/// One setting.
pub(crate) struct Setting {
    /// `section.key`.
    pub(crate) name: &'static str,
    /// A second, short flag, without its dashes.
    pub(crate) short: Option<&'static str>,
    /// What stands in force where nobody says otherwise: a value, or words where there is none.
    pub(crate) default: &'static str,
    /// A value to show in the sample, where the default is none.
    pub(crate) sample: Option<&'static str>,
    /// What it does, with its unit.
    pub(crate) help: &'static str,
    /// Takes a value, or says what would be accepted.
    pub(crate) set: fn(&mut Settings, &str) -> Result<(), String>,
}

impl Setting {
    /// A value as people may read it: no key, and of addresses neither a password nor a query, which may hold one.
    pub(crate) fn shown<'a>(&self, value: &'a str) -> Cow<'a, str> {
        match value {
            _ if self.is_secret() => "(not shown)".into(),
            _ if self.name.ends_with("_url") || value.contains("://") => address(value),
            _ => value.into(),
        }
    }

    /// Whether the flag may be given several times, each for one more of a list.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.name == "tls.domains"
    }

    /// The flag, without its dashes: `upload-bytes-max`.
    pub(crate) fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }

    /// Whether its value is a key that is shown to nobody.
    pub(crate) fn is_secret(&self) -> bool {
        ["_key", "_secret", "_token"].iter().any(|end| self.name.ends_with(end))
    }

    /// The environment's name: `TINTYPE_UPLOAD_BYTES_MAX`.
    pub(crate) fn variable(&self) -> String {
        format!("TINTYPE_{}", self.name.replace('.', "_").to_uppercase())
    }
}

/// An address without what stands before its host and behind its path.
fn address(text: &str) -> Cow<'_, str> {
    let (user, rest) = text.rsplit_once('@').map_or(("", text), |(_, rest)| ("…@", rest));
    let (plain, query) = rest.split_once(['?', '#']).map_or((rest, ""), |(plain, _)| (plain, "?…"));
    if plain == text { text.into() } else { format!("{user}{plain}{query}").into() }
}

macro_rules! setting {
    ($name:literal $(, short $short:literal)? $(, sample $sample:literal)?, $default:literal, $help:literal, $set:expr) => {
        Setting {
            name: $name,
            short: setting!(@maybe $($short)?),
            sample: setting!(@maybe $($sample)?),
            default: $default,
            help: $help,
            set: $set,
        }
    };
    (@maybe) => { None };
    (@maybe $text:literal) => { Some($text) };
}

pub(super) use setting;
