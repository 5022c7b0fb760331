//! What every request passes: a request id, the client's address, a log line, metrics, limits, hard headers, failures.
//!
//! No route and no authority. Logs name the matched route, never a path, a query, a token or an address.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use ipnet::IpNet;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument as _;

use super::headers::harden;
use super::links::Links;
use super::metrics::Metrics;
use super::pages::Pages;
use super::respond::{Failure, PageFailure, answer_failures};
use super::visitor::{ClientAddress, RequestId, peer};
use crate::kit::{Clock, Internal};

/// What the layers need to know. Cheap to clone.
#[derive(Clone)]
pub struct Surroundings {
    pub links: Links,
    pub pages: Arc<Pages>,
    pub metrics: Metrics,
    pub clock: Clock,
    pub trusted_proxies: Arc<[IpNet]>,
}

/// Forms and API bodies are small; a route with bigger ones says so with its own `DefaultBodyLimit`.
const BODY_BYTES: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Puts the layers around all routes.
pub fn surround<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    around: &Surroundings,
) -> Router<S> {
    routes
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIMEOUT,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(around.clone(), answer_failures))
        .layer(from_fn_with_state(around.clone(), harden))
        .layer(from_fn_with_state(around.clone(), observe))
}

/// Refuses form posts from other sites, on every router whose authority is a cookie. Endpoints that other sites call
/// (token, userinfo, authorize) stay without it.
pub fn refuse_cross_site<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    links: &Links,
) -> Router<S> {
    let layer = CsrfLayer::new().with_rejection_response(cross_site);
    // The public origin is ours even where a proxy rewrites Host.
    let layer = layer
        .clone()
        .add_trusted_origin(links.issuer())
        .unwrap_or(layer);
    routes.layer(layer)
}

fn cross_site(_: ProtectionError) -> Response {
    let sentence = "This form was sent from another website, so nothing was done. Open the page again and retry.";
    let failure = Failure::refused(StatusCode::FORBIDDEN, "cross_site", sentence);
    PageFailure::from(failure).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    PageFailure::from(Internal::because(format!("a handler panicked: {text}"))).into_response()
}

async fn observe(State(around): State<Surroundings>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let request_id = RequestId(around.clock.moment().id());
    let client = ClientAddress::find(peer(&parts), &parts.headers, &around.trusted_proxies);
    parts.extensions.insert(request_id);
    parts.extensions.insert(client);
    let route = parts
        .extensions
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let method = known_method(parts.method.as_str());
    let span = tracing::info_span!("request", request.id = %request_id, http.method = method, http.route = route);
    let began = Instant::now();
    let mut response = next
        .run(Request::from_parts(parts, body))
        .instrument(span.clone())
        .await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    around.metrics.request(&route, method, status, took);
    let duration_ms = took.as_millis();
    tracing::info!(parent: &span, http.status = status, duration_ms, "answered");
    if let Ok(id) = HeaderValue::from_str(&request_id.to_string()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

/// A label has few values: what a stranger invents is not one of them.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("OTHER")
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
