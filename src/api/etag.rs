//! Lost updates don't happen: whoever changes a thing says which revision they read (RFC 9110 sections 8.8.3 and 13.1.1).

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::web::Failure;

/// The revision in `If-Match`. Without the header nothing is changed (RFC 6585 section 3).
pub struct IfMatch(pub i64);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            let sentence = "Read the resource first and send its ETag as If-Match.";
            return Err(Failure::refused(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_required",
                sentence,
            ));
        };
        let text = value.to_str().unwrap_or_default().trim();
        let revision = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        revision
            .and_then(|revision| revision.parse().ok())
            .map(Self)
            .ok_or_else(changed)
    }
}

/// Somebody else was faster, or the tag is not one of ours.
fn changed() -> Failure {
    let sentence =
        "The resource was changed since you read it. Read it again and repeat your change.";
    Failure::refused(
        StatusCode::PRECONDITION_FAILED,
        "revision_changed",
        sentence,
    )
}

/// A thing with its revision as ETag.
pub struct Tagged<T>(pub i64, pub T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, format!("\"{}\"", self.0))], Json(self.1)).into_response()
    }
}

/// A new thing: 201 with its place and its revision.
pub struct Created<T> {
    pub location: String,
    pub revision: i64,
    pub body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let tagged = Tagged(self.revision, self.body);
        (
            StatusCode::CREATED,
            [(header::LOCATION, self.location)],
            tagged,
        )
            .into_response()
    }
}
