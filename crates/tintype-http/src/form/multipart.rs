//! Multipart forms (RFC 7578): any number of parts named `file`, and fields before or after them.

use multer::{Field, Multipart};
use tintype_app::{
    text,
    upload::{Admission, UploadError},
};

use super::{
    FieldSet, File,
    body::{self, BodyError, Pieces},
    fields as field_rules,
};
use crate::{
    Http,
    problem::{Code, Problem},
};

/// Most bytes of a part that is not a file.
const FIELD_BYTES_MAX: usize = 64 << 10;
/// Most parts that are not files.
const FIELDS_MAX: usize = 50;

pub(super) async fn read(
    http: &Http,
    admission: &Admission,
    content_type: &str,
    body: impl Pieces,
    mut fields: FieldSet,
) -> Result<(Vec<File>, FieldSet), Problem> {
    let boundary = multer::parse_boundary(content_type).map_err(|error| malformed(http, &error))?;
    let mut form = Multipart::new(body, boundary);
    let (mut files, mut others) = (Vec::new(), 0);
    while let Some(part) = form.next_field().await.map_err(|error| malformed(http, &error))? {
        match part.name() {
            Some("file") if part.file_name().is_some_and(str::is_empty) && files.is_empty() => {
                // A browser sends an empty part for a chooser in which nothing was chosen.
                if !is_empty(http, part).await? {
                    return Err(missing(http));
                }
            }
            Some("file") => {
                let max = http.app.config().upload_files_max;
                if files.len() == max {
                    let detail = format!("One request takes {max} files. Send the others in another one.");
                    return Err(Problem::new(&http.app, Code::TooManyFiles, detail).with("limit", max));
                }
                files.push(file(http, admission, part).await?);
            }
            name => {
                others += 1;
                if others > FIELDS_MAX {
                    let detail = format!("The form has more than {FIELDS_MAX} fields. Send each field once.");
                    return Err(Problem::new(&http.app, Code::MalformedBody, detail));
                }
                let name = name.unwrap_or_default().to_owned();
                if part.file_name().is_some() {
                    return Err(field_rules::misplaced(http, &name));
                }
                let value = value(http, part).await?;
                fields.set(http, &name, &value)?;
            }
        }
    }
    if files.is_empty() { Err(missing(http)) } else { Ok((files, fields)) }
}

/// Reads the one file of a form, whatever its part is called, and passes over what is no file.
pub(super) async fn read_one(
    http: &Http,
    admission: &Admission,
    content_type: &str,
    body: impl Pieces,
) -> Result<Vec<File>, Problem> {
    let boundary = multer::parse_boundary(content_type).map_err(|error| malformed(http, &error))?;
    let mut form = Multipart::new(body, boundary);
    let (mut files, mut others) = (Vec::new(), 0);
    while let Some(part) = form.next_field().await.map_err(|error| malformed(http, &error))? {
        if part.file_name().is_none_or(str::is_empty) {
            others += 1;
            if others > FIELDS_MAX {
                let detail = format!("The form has more than {FIELDS_MAX} fields. Send the file alone.");
                return Err(Problem::new(&http.app, Code::MalformedBody, detail));
            }
            value(http, part).await?;
        } else if files.is_empty() {
            files.push(file(http, admission, part).await?);
        } else {
            let detail = "This takes one file at a time. Send the others in requests of their own.";
            return Err(Problem::new(&http.app, Code::TooManyFiles, detail).with("limit", 1));
        }
    }
    if files.is_empty() { Err(missing(http)) } else { Ok(files) }
}

pub(super) fn missing(http: &Http) -> Problem {
    Problem::new(
        &http.app,
        Code::MissingFile,
        "The form has no file. Send one or more parts named file, each with a file name.",
    )
}

async fn is_empty(http: &Http, mut part: Field<'_>) -> Result<bool, Problem> {
    Ok(part.chunk().await.map_err(|error| malformed(http, &error))?.is_none())
}

/// A file name as it was before a browser wrote it into the form: that escapes these three characters and no other (HTML
/// Living Standard, 4.10.21.7, "multipart/form-data encoding algorithm").
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

async fn file(http: &Http, admission: &Admission, mut part: Field<'_>) -> Result<File, Problem> {
    let name = part.file_name().map(unescaped).as_deref().and_then(text::file_name);
    let mut receiving = match http.app.receive(admission).await {
        Ok(receiving) => receiving,
        Err(error) => return skip(http, part, name, error).await,
    };
    while let Some(chunk) = part.chunk().await.map_err(|error| malformed(http, &error))? {
        if let Err(error) = receiving.write(chunk).await {
            return skip(http, part, name, error).await;
        }
    }
    Ok(File { name, received: receiving.finish().await })
}

/// Reads on to the next part, so that the other files of the form are taken; gives up on a part that goes on for as
/// long again as a file may be.
async fn skip(
    http: &Http,
    mut part: Field<'_>,
    name: Option<String>,
    error: UploadError,
) -> Result<File, Problem> {
    let mut skipped = 0;
    while let Some(chunk) = part.chunk().await.map_err(|error| malformed(http, &error))? {
        skipped += chunk.len() as u64;
        if skipped > http.app.config().upload_bytes_max {
            return Err(Problem::from_upload(&http.app, &error));
        }
    }
    Ok(File { name, received: Err(error) })
}

async fn value(http: &Http, mut part: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| malformed(http, &error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD_BYTES_MAX {
            let detail =
                format!("A field has more than {FIELD_BYTES_MAX} bytes. Files are parts named file.");
            return Err(Problem::new(&http.app, Code::InvalidField, detail).with("limit", FIELD_BYTES_MAX));
        }
    }
    String::from_utf8(bytes).map_err(|_| {
        Problem::new(&http.app, Code::MalformedBody, "A field is not UTF-8. Send text as UTF-8.")
    })
}

fn malformed(http: &Http, error: &multer::Error) -> Problem {
    if let multer::Error::StreamReadFailed(cause) = error
        && let Some(cause) = cause.downcast_ref::<BodyError>()
    {
        return body::problem(http, cause);
    }
    let detail =
        format!("The form cannot be read ({error}). Send multipart/form-data with the boundary it names.");
    Problem::new(&http.app, Code::MalformedBody, detail)
}
