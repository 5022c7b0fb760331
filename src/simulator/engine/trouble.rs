//! Answers that are no answers.
//!
//! When they are given is a quirk's part.

use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::json;

use super::{Site, reply};
use crate::simulator::quirks::Trouble;

const HUGE: usize = 5 * 1024 * 1024;

pub(super) async fn answer(site: &Site, trouble: Trouble) -> Response {
    let page = "<!doctype html><title>Gateway</title><h1>502 Bad Gateway</h1>";
    match trouble {
        Trouble::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            let mut response = reply(site.provider.api_failure(status));
            let headers = response.headers_mut();
            if status == StatusCode::TOO_MANY_REQUESTS {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
            }
            response
        }
        Trouble::Crash => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
        }
        Trouble::NotJson => (StatusCode::BAD_REQUEST, "error=invalid_grant").into_response(),
        Trouble::Html => Html(page).into_response(),
        Trouble::Empty => StatusCode::OK.into_response(),
        Trouble::ErrorWithOk => {
            let body = json!({
                "error": "bad_verification_code",
                "error_description": "The code passed is incorrect or expired.",
                "error_uri": "https://docs.example/bad-verification-code",
            });
            reply((StatusCode::OK, body))
        }
        Trouble::Array => reply((StatusCode::OK, json!([{"message": "not an object"}]))),
        Trouble::Huge => {
            let body = format!("{{\"padding\":\"{}\"}}", "x".repeat(HUGE));
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
        Trouble::Hang => std::future::pending().await,
        Trouble::Redirect(to) => match HeaderValue::from_str(&to) {
            Ok(to) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}
