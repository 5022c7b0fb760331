//! Strict reading of forms, queries and JSON: what is ambiguous or unreadable is refused before anybody acts on it.
//!
//! Whether a value makes sense is for the noun to say.

use std::fmt::Display;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::respond::{Failure, PageFailure};
use crate::keys::unique_object;
use crate::kit::FieldProblem;

/// Why input can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    #[error("The content type must be {0}.")]
    ContentType(&'static str),
    #[error("That is more than fits here.")]
    TooLarge,
    #[error("The text is not valid UTF-8.")]
    NotUtf8,
    #[error("“{0}” contains a NUL byte.")]
    Nul(String),
    #[error("“{0}” is there more than once.")]
    Duplicate(String),
    #[error("The form is not complete: {0}.")]
    Incomplete(String),
}

impl BadInput {
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ContentType(_) => "wrong_content_type",
            Self::TooLarge => "too_large",
            Self::NotUtf8 => "not_utf8",
            Self::Nul(_) => "nul_byte",
            Self::Duplicate(_) => "duplicate_field",
            Self::Incomplete(_) => "incomplete_form",
        }
    }
}

impl From<BadInput> for Failure {
    fn from(bad: BadInput) -> Self {
        Self::refused(bad.status(), bad.code(), bad.to_string())
    }
}

impl From<BadInput> for PageFailure {
    fn from(bad: BadInput) -> Self {
        Failure::from(bad).into()
    }
}

/// Names and values of a form or a query, in order, each name at most once. A name that ends in `[]` may repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads `application/x-www-form-urlencoded` text.
    pub fn parse(encoded: &[u8]) -> Result<Self, BadInput> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in decode_pairs(encoded)? {
            if !name.ends_with("[]") && pairs.iter().any(|(known, _)| *known == name) {
                return Err(BadInput::Duplicate(name));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    #[must_use]
    pub fn into_inner(self) -> Vec<(String, String)> {
        self.0
    }

    /// Fills `T`, whose fields are `String`, `Option<String>`, `Vec<String>` (for `name[]`), or a flattened map.
    pub fn into<T: DeserializeOwned>(self) -> Result<T, BadInput> {
        let mut object = Map::new();
        for (name, value) in self.0 {
            if let Some(list) = name.strip_suffix("[]") {
                let list = object
                    .entry(list)
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(value.into());
                }
            } else {
                object.insert(name, value.into());
            }
        }
        serde_json::from_value(object.into()).map_err(incomplete)
    }
}

fn incomplete(error: impl Display) -> BadInput {
    BadInput::Incomplete(error.to_string())
}

/// Names and values in order, as often as they come: for protocols that have their own answer to a repeated name.
pub fn decode_pairs(encoded: &[u8]) -> Result<Vec<(String, String)>, BadInput> {
    let parts = encoded
        .split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty());
    let pair = |part: &[u8]| {
        let at = part
            .iter()
            .position(|byte| *byte == b'=')
            .unwrap_or(part.len());
        let (name, value) = part.split_at_checked(at).unwrap_or((part, &[]));
        let name = decode(name)?;
        let value = decode(value.strip_prefix(b"=").unwrap_or_default())?;
        if name.contains('\0') || value.contains('\0') {
            return Err(BadInput::Nul(name.replace('\0', "�")));
        }
        Ok((name, value))
    };
    parts.map(pair).collect()
}

/// Percent-decodes strictly: what is no UTF-8 is refused instead of being replaced.
fn decode(encoded: &[u8]) -> Result<String, BadInput> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match rest.as_slice() {
                [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    bytes.push(hex(*high) << 4 | hex(*low));
                    rest.nth(1);
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).map_err(|_| BadInput::NotUtf8)
}

const fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

fn is_kind(headers: &HeaderMap, wanted: &str) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim();
    kind.eq_ignore_ascii_case(wanted)
}

async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, BadInput> {
    Bytes::from_request(request, state)
        .await
        .map_err(|_| BadInput::TooLarge)
}

/// The pairs of a form that a person sent, for handlers that don't know its fields beforehand.
impl<S: Send + Sync> FromRequest<S> for Pairs {
    type Rejection = PageFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageFailure> {
        Ok(read_form(request, state).await?)
    }
}

/// The pairs of a form body, for handlers that answer bad input in their own way.
pub async fn read_form<S: Send + Sync>(request: Request, state: &S) -> Result<Pairs, BadInput> {
    Pairs::parse(&read_form_body(request, state).await?)
}

/// The undecoded text of a form body.
pub async fn read_form_body<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, BadInput> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if !is_kind(request.headers(), FORM) {
        return Err(BadInput::ContentType(FORM));
    }
    body(request, state).await
}

/// A form that a person sent. What can't be read is answered with a page.
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = PageFailure;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageFailure> {
        Ok(Self(read_form(request, state).await?.into()?))
    }
}

/// The query of a page.
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageFailure> {
        Ok(Self(read_query(parts)?.into()?))
    }
}

/// The query of an API call.
pub struct ApiQuery<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(read_query(parts)?.into()?))
    }
}

/// The pairs of a query.
pub fn read_query(parts: &Parts) -> Result<Pairs, BadInput> {
    Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes())
}

/// The JSON body of an API call; a mistake is answered with a pointer to its place (RFC 6901).
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        const JSON: &str = "application/json";
        if !is_kind(request.headers(), JSON) {
            return Err(BadInput::ContentType(JSON).into());
        }
        read_json(&body(request, state).await?).map(Self)
    }
}

/// Reads the text of a JSON object.
pub fn read_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Failure> {
    let text = str::from_utf8(text).map_err(|_| BadInput::NotUtf8)?;
    // PostgreSQL can't keep NUL in texts, and nothing of ours needs it.
    if text.contains("\\u0000") {
        return Err(BadInput::Nul("the body".to_owned()).into());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = pointer(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            let text = inner.to_string();
            let sentence = text.split(" at line ").next().unwrap_or_default(); // the pointer says where
            let problem = FieldProblem::new(place, "invalid", sentence);
            Failure::invalid(vec![problem])
        } else {
            Failure::refused(
                StatusCode::BAD_REQUEST,
                "not_json",
                format!("The body is not JSON: {inner}."),
            )
        }
    })?;
    reader.end().map_err(|error| {
        Failure::refused(
            StatusCode::BAD_REQUEST,
            "not_json",
            format!("The body is not JSON: {error}."),
        )
    })?;
    // serde refuses doubled members of structs, not those of free maps; RFC 8259 section 4 leaves them to the reader.
    if unique_object(text.as_bytes()).is_none() {
        return Err(BadInput::Duplicate("a member of the body".to_owned()).into());
    }
    Ok(value)
}

/// A JSON pointer without its first slash.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let steps = path.iter().map(|segment| match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => "?".to_owned(),
    });
    steps.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
