//! Images by the native API.

pub(crate) mod change;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod restore;
pub(crate) mod upload;

use tintype_app::types::ImageId;

use crate::{Http, problem::Problem};

/// The id in a path. What cannot be an id names no image.
pub(crate) fn id(http: &Http, text: &str) -> Result<ImageId, Problem> {
    text.parse().map_err(|_| Problem::from_denial(&http.app, tintype_app::authorize::Denial::NotFound))
}
