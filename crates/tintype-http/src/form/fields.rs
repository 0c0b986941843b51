//! What an uploader may say about an image, in the body or in the query.

use percent_encoding::percent_decode_str;
use tintype_app::{
    text::{self, InvalidField},
    upload::UploadFields,
};

use crate::{
    Http,
    form::not_supported,
    problem::{Code, Problem},
};

const KNOWN: &str =
    "title, description, alt, tags, label, path, visibility, expires_in, keep_metadata, duplicates";

/// The fields of one request, as they come.
#[derive(Debug, Default)]
pub(crate) struct FieldSet {
    fields: UploadFields,
    seen: Vec<String>,
}

impl FieldSet {
    /// Reads the query.
    pub(super) fn from_query(http: &Http, query: &str) -> Result<Self, Problem> {
        let mut set = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            set.set(http, &decode(http, name)?, &decode(http, value)?)?;
        }
        Ok(set)
    }

    /// Takes one field.
    pub(crate) fn set(&mut self, http: &Http, name: &str, value: &str) -> Result<(), Problem> {
        if self.seen.iter().any(|seen| seen == name) {
            let detail = format!("The field {name} stands twice; send it once.");
            return Err(Problem::new(&http.app, Code::InvalidField, detail).with("field", name));
        }
        self.seen.push(name.to_owned());
        match self.apply(name, value) {
            Ok(true) if name == "path" => {
                let path = self.fields.path.as_deref().unwrap_or_default();
                http.config.allows_path(path).map_err(|invalid| Problem::from_field(&http.app, &invalid))
            }
            Ok(true) => Ok(()),
            Ok(false) if matches!(name, "album" | "url") => {
                Err(not_supported(http, &format!("the field {name}"), "Leave it away."))
            }
            Ok(false) => Err(unknown(http, name)),
            Err(invalid) => Err(Problem::from_field(&http.app, &invalid)),
        }
    }

    /// Takes a member of a JSON object that has others too: those that are no fields of an image are passed over.
    pub(super) fn set_known(&mut self, http: &Http, name: &str, value: &str) -> Result<(), Problem> {
        if matches!(name, "path" | "album") {
            return Err(not_supported(
                http,
                &format!("the field {name} of a direct upload"),
                "Leave it away.",
            ));
        }
        self.apply(name, value).map(drop).map_err(|invalid| Problem::from_field(&http.app, &invalid))
    }

    /// Whether a named path was asked for.
    pub(super) fn has_path(&self) -> bool {
        self.fields.path.is_some()
    }

    /// The fields.
    pub(super) fn finish(self) -> UploadFields {
        self.fields
    }

    /// Sets a known field; `false` for an unknown one.
    fn apply(&mut self, name: &str, value: &str) -> Result<bool, InvalidField> {
        let fields = &mut self.fields;
        match name {
            "title" => fields.title = text::text("title", value, text::TITLE_MAX, false)?,
            "description" => {
                fields.description = text::text("description", value, text::DESCRIPTION_MAX, true)?;
            }
            "alt" => fields.alt = text::text("alt", value, text::ALT_MAX, true)?,
            "tags" => fields.tags = text::tags(value)?,
            "label" => fields.label = text::text("label", value, text::LABEL_MAX, false)?,
            "path" => fields.path = Some(text::named_path(value)?),
            "visibility" => fields.visibility = Some(text::visibility(value)?),
            "expires_in" => fields.expires_in = Some(text::expires_in(value)?),
            "keep_metadata" => fields.keep_metadata = text::flag("keep_metadata", value)?,
            "duplicates" => {
                fields.return_duplicates = Some(match value {
                    "return" => true,
                    "new" => false,
                    _ => {
                        return Err(InvalidField::new(
                            "duplicates",
                            format!("is {value:?}; it takes return or new"),
                        ));
                    }
                });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn unknown(http: &Http, name: &str) -> Problem {
    let name: String = name.chars().take(50).collect();
    let detail = format!("There is no field {name:?}. Files are parts named file; the fields are {KNOWN}.");
    Problem::new(&http.app, Code::UnknownField, detail).with("field", name)
}

/// A file in a part that is not named `file`.
pub(super) fn misplaced(http: &Http, name: &str) -> Problem {
    let name: String = name.chars().take(50).collect();
    let detail =
        format!("The part {name:?} holds a file. Files are parts named file; the fields are {KNOWN}.");
    Problem::new(&http.app, Code::UnknownField, detail).with("field", name)
}

/// Decodes `%41` and `+` of a query (the form encoding of the URL standard).
fn decode(http: &Http, text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| {
        Problem::new(
            &http.app,
            Code::MalformedBody,
            "The query is not UTF-8. Percent-encode its values as UTF-8.",
        )
    })
}
