//! `GET` and `POST /report/{id}`

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use percent_encoding::percent_decode_str;
use tintype_app::{abuse::Reason, authorize::Denial, image::ImageError, text, text::InvalidField};

use crate::{
    Http,
    caller::{Caller, Client},
    form,
    limit::Kind,
    pages::{self, Look},
    place::Place,
    problem::{Code, Problem},
};

/// A report weighs as much as this many uploads.
const COST: u64 = 20;

/// The form.
pub(crate) async fn ask(State(http): State<Http>, Place(id): Place<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    super::share::of_picture(&http, &id, &parts, pages::report::ask).await
}

/// Takes the form. Anybody may report what they can see.
pub(crate) async fn report(State(http): State<Http>, Place(id): Place<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let look = Look::of(&parts);
    let Ok(id) = id.parse() else { return pages::missing(&Look::of(&parts), Denial::NotFound) };
    let outcome = async {
        let app = &http.app;
        if let Some(client) = parts.extensions.get::<Client>() {
            http.limit(Kind::Uploads, *client, COST)?;
        }
        let actor = Caller::of(&http, &parts)?.actor(app).await?;
        let fields = fields(&form::small_text(&http, body).await?);
        let (reason, detail, contact) = fields.map_err(|error| Problem::from_field(app, &error))?;
        match app.report(&actor, id, reason, detail, contact).await {
            Ok(()) => Ok(Ok(())),
            Err(ImageError::Denied(denial)) => Ok(Err(denial)),
            Err(error) => Err(Problem::from_image(app, &error)),
        }
    };
    let (page, status) = match outcome.await {
        Ok(Ok(())) => (pages::report::done(&look), StatusCode::OK),
        Ok(Err(denial)) => return pages::missing(&Look::of(&parts), denial),
        Err(problem) if problem.code == Code::InvalidField => {
            (pages::report::refused(&look, &problem.detail), problem.code.status())
        }
        Err(problem) => return problem.into_response(),
    };
    let mut response = pages::respond(page.into_string(), pages::Scripts::None);
    *response.status_mut() = status;
    response
}

type Fields = (Reason, Option<String>, Option<String>);

/// Reads `reason=…&detail=…&contact=…` (the form encoding of the URL standard).
fn fields(body: &str) -> Result<Fields, InvalidField> {
    let value = |wanted: &str| {
        let raw = body
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == wanted))
            .map(|(_, value)| value);
        percent_decode_str(&raw.unwrap_or_default().replace('+', " ")).decode_utf8_lossy().into_owned()
    };
    let reason = Reason::parse(&value("reason")).ok_or_else(|| {
        let words: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        InvalidField::new("reason", format!("takes {}", words.join(", ")))
    })?;
    let detail = text::text("detail", &value("detail"), text::ALT_MAX, true)?;
    let contact = text::text("contact", &value("contact"), text::TITLE_MAX, false)?;
    Ok((reason, detail, contact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_read_as_browsers_send_it() {
        let (reason, detail, contact) =
            fields("reason=privacy&detail=That%27s+me%0D%0Ahere&contact=").unwrap();
        assert_eq!((reason, detail.as_deref(), contact), (Reason::Privacy, Some("That's me\r\nhere"), None));
        assert!(fields("detail=x").is_err() && fields("reason=because").is_err());
        assert!(fields(&format!("reason=other&detail={}", "x".repeat(1_001))).is_err());
    }
}
