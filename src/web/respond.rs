//! Where failures become answers: pages for people, problem details (RFC 9457) for programs.
//!
//! Says what happened, never why inside: an internal failure is logged once, here, and shown as a request id.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::layers::Surroundings;
use super::page::{ErrorPage, NotFound, TooManyAttempts};
use super::pages::Brand;
use super::visitor::Visitor;
use crate::db;
use crate::kit::{Because, Failed, FieldProblem, Internal, Refusal};

/// Why a request is not answered as asked. As a response of its own it becomes problem details.
#[derive(Debug)]
pub enum Failure {
    /// The caller can do something about it.
    Refused(Box<Refused>),
    /// The caller can't.
    Internal(Internal),
}

/// A "no" with its reason.
#[derive(Debug)]
pub struct Refused {
    pub status: StatusCode,
    /// Stable, for programs.
    pub code: &'static str,
    /// What happened and what to do next.
    pub sentence: String,
    pub fields: Vec<FieldProblem>,
    pub retry_after_seconds: Option<u64>,
    /// A `WWW-Authenticate` challenge (RFC 9110 section 11.6.1).
    pub challenge: Option<String>,
}

/// A failure that a person sees: it becomes a page.
#[derive(Debug)]
pub struct PageFailure {
    failure: Failure,
    brand: Option<Box<Brand>>,
}

impl Failure {
    #[must_use]
    pub fn refused(status: StatusCode, code: &'static str, sentence: impl Into<String>) -> Self {
        Self::Refused(Box::new(Refused {
            status,
            code,
            sentence: sentence.into(),
            fields: Vec::new(),
            retry_after_seconds: None,
            challenge: None,
        }))
    }

    /// One field of a body is wrong.
    #[must_use]
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        Self::refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_fields",
            "Some fields need another look.",
        )
        .with_fields(fields)
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::refused(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
    }

    #[must_use]
    pub fn forbidden() -> Self {
        Self::refused(StatusCode::FORBIDDEN, "forbidden", "You may not do this.")
    }

    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.fields = fields;
        }
        self
    }

    #[must_use]
    pub fn with_challenge(mut self, challenge: impl Into<String>) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.challenge = Some(challenge.into());
        }
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.retry_after_seconds = Some(seconds);
        }
        self
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(refused) => refused.status,
            Self::Internal(internal) if db::is_unavailable(internal) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::Refused(refused) => refused.retry_after_seconds,
            Self::Internal(internal) => db::is_unavailable(internal).then_some(5),
        }
    }
}

/// The status of each kind of "no".
#[must_use]
pub const fn status_of(because: Because) -> StatusCode {
    match because {
        Because::Invalid | Because::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Because::Unauthenticated => StatusCode::UNAUTHORIZED,
        Because::Forbidden => StatusCode::FORBIDDEN,
        Because::NotFound => StatusCode::NOT_FOUND,
        Because::Conflict => StatusCode::CONFLICT,
        Because::Gone => StatusCode::GONE,
        Because::Stale => StatusCode::PRECONDITION_FAILED,
        Because::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Because::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The form again, with what was typed, under the head that the refusal has everywhere.
pub fn form_again(refusal: &impl Refusal, page: impl IntoResponse) -> Response {
    let mut response = (status_of(refusal.because()), page).into_response();
    if let Some(seconds) = refusal.retry_after_seconds() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

impl<R: Refusal> From<R> for Failure {
    fn from(refusal: R) -> Self {
        let status = status_of(refusal.because());
        let failure = Self::refused(status, refusal.code(), refusal.sentence());
        let failure = failure.with_fields(refusal.fields());
        match refusal.retry_after_seconds() {
            Some(seconds) => failure.retry_after(seconds),
            None => failure,
        }
    }
}

impl From<Internal> for Failure {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}

impl<R: Refusal> From<Failed<R>> for Failure {
    fn from(failed: Failed<R>) -> Self {
        match failed {
            Failed::Refused(refusal) => refusal.into(),
            Failed::Internal(internal) => Self::Internal(internal),
        }
    }
}

impl PageFailure {
    /// Shows the failure under an application's name and colour.
    #[must_use]
    pub fn under(mut self, brand: Brand) -> Self {
        self.brand = Some(Box::new(brand));
        self
    }
}

impl From<Failure> for PageFailure {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            brand: None,
        }
    }
}

impl From<Internal> for PageFailure {
    fn from(internal: Internal) -> Self {
        Failure::from(internal).into()
    }
}

impl<R: Refusal> From<R> for PageFailure {
    fn from(refusal: R) -> Self {
        Failure::from(refusal).into()
    }
}

impl<R: Refusal> From<Failed<R>> for PageFailure {
    fn from(failed: Failed<R>) -> Self {
        Failure::from(failed).into()
    }
}

/// A failure on its way out: the layer that knows the request writes its body.
#[derive(Clone)]
enum Pending {
    Problem(Arc<Failure>),
    Page(Arc<PageFailure>),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        pending(self.status(), Pending::Problem(Arc::new(self)))
    }
}

impl IntoResponse for PageFailure {
    fn into_response(self) -> Response {
        pending(self.failure.status(), Pending::Page(Arc::new(self)))
    }
}

fn pending(status: StatusCode, pending: Pending) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(pending);
    response
}

/// Writes the bodies of failures, and of refusals that the framework makes without one.
pub(super) async fn answer_failures(
    State(surroundings): State<Surroundings>,
    visitor: Visitor,
    request: Request,
    next: Next,
) -> Response {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let mut response = next.run(request).await;
    let pending = match response.extensions_mut().remove::<Pending>() {
        Some(pending) => pending,
        None if is_bare(&response) => {
            let failure = bare(response.status());
            if wants_page {
                Pending::Page(Arc::new(failure.into()))
            } else {
                Pending::Problem(Arc::new(failure))
            }
        }
        None => return response,
    };
    let (failure, body) = match &pending {
        Pending::Problem(failure) => (&**failure, problem(failure, &visitor)),
        Pending::Page(page) => (&page.failure, error_page(page, &visitor, &surroundings)),
    };
    if let Failure::Internal(internal) = failure {
        tracing::error!(request.id = %visitor.request_id, error = ?internal, "a request failed");
    }
    finish(response, failure, body)
}

/// Puts the body under the head that the failing handler left, with the headers that belong to the failure.
fn finish(response: Response, failure: &Failure, body: Response) -> Response {
    let (head, _) = response.into_parts();
    let (body_head, body) = body.into_parts();
    let mut response = Response::from_parts(head, body);
    *response.status_mut() = failure.status();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.extend(body_head.headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = failure.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if let Failure::Refused(refused) = failure
        && let Some(challenge) = &refused.challenge
        && let Ok(challenge) = HeaderValue::from_str(challenge)
    {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Whether the framework refused without words: no route, wrong method, too slow.
fn is_bare(response: &Response) -> bool {
    let status = response.status();
    (status.is_client_error() || status.is_server_error())
        && !response.headers().contains_key(header::CONTENT_TYPE)
}

fn bare(status: StatusCode) -> Failure {
    let (code, sentence) = match status {
        StatusCode::NOT_FOUND => return Failure::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_not_allowed",
            "This address doesn’t answer to that method.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "That is more than fits here."),
        StatusCode::REQUEST_TIMEOUT => ("timeout", "That took too long. Please try again."),
        StatusCode::FORBIDDEN => return Failure::forbidden(),
        _ => ("refused", "That didn’t work."),
    };
    Failure::refused(status, code, sentence)
}

/// RFC 9457 section 3.
fn problem(failure: &Failure, visitor: &Visitor) -> Response {
    let status = failure.status();
    let (code, detail, fields) = match failure {
        Failure::Refused(refused) => (
            refused.code,
            refused.sentence.as_str(),
            refused.fields.as_slice(),
        ),
        Failure::Internal(_) if status == StatusCode::SERVICE_UNAVAILABLE => (
            "unavailable",
            "The service is not available for a moment. Please try again shortly.",
            &[][..],
        ),
        Failure::Internal(_) => (
            "internal",
            "Something went wrong on our side. Quote the request id.",
            &[][..],
        ),
    };
    let errors: Vec<_> = fields
        .iter()
        .map(|field| json!({"pointer": pointer(&field.field), "code": field.code, "detail": field.sentence}))
        .collect();
    let mut body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
        "request_id": visitor.request_id,
    });
    if !errors.is_empty()
        && let Some(body) = body.as_object_mut()
    {
        body.insert("errors".to_owned(), errors.into());
    }
    let kind = HeaderValue::from_static("application/problem+json");
    ([(header::CONTENT_TYPE, kind)], Json(body)).into_response()
}

/// RFC 6901: the whole body is the empty pointer.
fn pointer(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!("/{field}")
    }
}

fn error_page(failed: &PageFailure, visitor: &Visitor, around: &Surroundings) -> Response {
    let brand = failed.brand.as_deref().cloned().unwrap_or_default();
    let shell = visitor.shell(brand);
    let pages = &around.pages;
    let rendered = match &failed.failure {
        Failure::Refused(refused) if refused.status == StatusCode::NOT_FOUND => {
            pages.render(&shell, &NotFound {})
        }
        Failure::Refused(refused) if refused.status == StatusCode::TOO_MANY_REQUESTS => pages
            .render(
                &shell,
                &TooManyAttempts::after(refused.retry_after_seconds.unwrap_or(60)),
            ),
        Failure::Refused(refused) => {
            pages.render(&shell, &ErrorPage::refused(refused.code, &refused.sentence))
        }
        Failure::Internal(internal) if db::is_unavailable(internal) => {
            pages.render(&shell, &ErrorPage::unavailable())
        }
        Failure::Internal(_) => pages.render(&shell, &ErrorPage::internal()),
    };
    rendered.map_or_else(
        |internal| {
            tracing::error!(request.id = %visitor.request_id, error = ?internal, "the error page failed");
            problem(&failed.failure, visitor)
        },
        IntoResponse::into_response,
    )
}
