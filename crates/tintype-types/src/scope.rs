//! What an API token may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One permission of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Upload images.
    Upload,
    /// List and read the owner's images, private ones too.
    Read,
    /// Change, delete and restore the owner's images.
    Delete,
    /// Publish images at named paths.
    Paths,
    /// Everything, with every image.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Upload, Self::Read, Self::Delete, Self::Paths, Self::Admin];

    /// The word used on the command line, in the API and in the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Read => "read",
            Self::Delete => "delete",
            Self::Paths => "paths",
            Self::Admin => "admin",
        }
    }
}

/// Not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scope is called {0:?}: the scopes are upload, read, delete, paths, admin")]
pub struct InvalidScope(pub String);

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| InvalidScope(text.to_owned()))
    }
}

/// A set of scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Whether the set holds `scope`; `admin` holds every other.
    pub fn allows(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.0.contains(&Scope::Admin)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<Scope> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }
}

/// The comma-separated form of the catalogue: `upload,read`.
impl FromStr for Scopes {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_admin_holds_all() {
        let scopes: Scopes = "read, upload".parse().unwrap();
        assert_eq!(scopes.to_string(), "upload,read");
        assert!(scopes.allows(Scope::Read) && !scopes.allows(Scope::Delete));
        assert!("admin".parse::<Scopes>().unwrap().allows(Scope::Paths));
        assert_eq!("root".parse::<Scopes>(), Err(InvalidScope("root".to_owned())));
    }
}
