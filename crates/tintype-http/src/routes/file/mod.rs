//! Files at named paths.

pub(crate) mod change;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod read;

use tintype_app::text::{self, InvalidField};

use crate::{Http, place::Place, problem::Problem};

/// The path in an address, as it was written.
fn path(http: &Http, place: Result<Place<String>, Problem>) -> Result<String, Problem> {
    place.map(|Place(path)| path).map_err(|_| {
        let invalid = InvalidField::new("path", "is not UTF-8; percent-encode it as UTF-8");
        Problem::from_field(&http.app, &invalid)
    })
}

/// What an address speaks of.
enum Named {
    /// A folder, with a slash at its end.
    Folder(String),
    /// A file.
    File(String),
}

impl Named {
    fn path(&self) -> &str {
        match self {
            Self::Folder(path) | Self::File(path) => path,
        }
    }
}

fn named(http: &Http, path: &str) -> Result<Named, Problem> {
    let named = if path.ends_with('/') {
        text::named_folder(path).map(Named::Folder)
    } else {
        text::named_path(path).map(Named::File)
    };
    named.map_err(|invalid| Problem::from_field(&http.app, &invalid))
}
