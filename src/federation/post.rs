//! Requests to providers: how long an answer may take and be, and the bridge for the `oauth2` crate.
//!
//! Where a request may go is for `web::Outgoing` to say.

use std::time::Duration;

use http::{Method, Request, header};
use tokio::time::timeout;
use url::Url;

use crate::web::{Answer, Outgoing, Unanswered};

/// A13: connecting, sending and reading.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a request and waits for its answer, not for long.
pub(super) async fn send(
    outgoing: &Outgoing,
    request: Request<Vec<u8>>,
    longest: usize,
) -> Result<Answer, Unanswered> {
    match timeout(PATIENCE, outgoing.send(request, longest)).await {
        Ok(answer) => answer,
        Err(_) => Err(Unanswered::Failed("no answer in time".to_owned())),
    }
}

/// Asks for a document.
pub(super) async fn get(
    outgoing: &Outgoing,
    at: &Url,
    longest: usize,
) -> Result<Answer, Unanswered> {
    let request = Request::builder()
        .method(Method::GET)
        .uri(at.as_str())
        .header(header::ACCEPT, "application/json")
        .body(Vec::new());
    let request = request.map_err(|error| Unanswered::Failed(error.to_string()))?;
    send(outgoing, request, longest).await
}

/// Asks for something that only the holder of a token may see.
pub(super) async fn get_with(
    outgoing: &Outgoing,
    at: &Url,
    (token, accept): (&str, &'static str),
    longest: usize,
) -> Result<Answer, Unanswered> {
    let bearer = header::HeaderValue::from_str(&format!("Bearer {token}"));
    let mut bearer = bearer.map_err(|error| Unanswered::Failed(error.to_string()))?;
    bearer.set_sensitive(true);
    let request = Request::builder()
        .method(Method::GET)
        .uri(at.as_str())
        .header(header::ACCEPT, accept)
        .header(header::AUTHORIZATION, bearer)
        .body(Vec::new());
    let request = request.map_err(|error| Unanswered::Failed(error.to_string()))?;
    send(outgoing, request, longest).await
}
