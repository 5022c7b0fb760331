//! Providers tell of the end of their sessions: from server to server, and Entra by way of the browser.
//!
//! Neither door needs a cookie, and neither says who was signed in.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use url::form_urlencoded;

use super::super::sign_out::{self, Exit};
use super::super::{Connection, ConnectionId};
use super::desk;
use crate::app::App;
use crate::session::Origin;
use crate::web::Failure;
use crate::web::extract::read_form_body;

/// OpenID Connect Back-Channel Logout 1.0, section 2.5.
pub(super) async fn told(
    State(app): State<App>,
    Path(connection): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let body = read_form_body(request, &app).await?;
    let token = only(&body, "logout_token").unwrap_or_default();
    let connections = app.connections.current();
    let connection = named(connections.all(), &connection).ok_or_else(Failure::not_found)?;
    let (desk, moment) = (desk(&app), app.moment());
    let answer = match sign_out::hear(&desk, &moment, connection, &token).await? {
        Ok(ended) => {
            tracing::info!(connection.id = %connection.id, sessions = ended, "A provider ended sessions.");
            app.revocations.reload(&app.db, &moment).await?;
            StatusCode::OK.into_response()
        }
        Err(trouble) => {
            tracing::warn!(connection.id = %connection.id, why = %trouble, "A logout token was refused.");
            let (status, error) = match trouble.name() {
                "unavailable" => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
                _ => (StatusCode::BAD_REQUEST, "invalid_request"),
            };
            (status, Json(json!({ "error": error }))).into_response()
        }
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}

/// OpenID Connect Front-Channel Logout 1.0, section 2, as Entra speaks it.
pub(super) async fn told_in_front(
    State(app): State<App>,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let (issuer, sid) = (only(query.as_bytes(), "iss"), only(query.as_bytes(), "sid"));
    let connections = app.connections.current();
    if let (Some(connection), Some(issuer), Some(sid)) =
        (named(connections.all(), &connection), issuer, sid)
    {
        let moment = app.moment();
        sign_out::hear_in_front(&desk(&app), &moment, connection, (&issuer, &sid)).await?;
        app.revocations.reload(&app.db, &moment).await?;
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], "").into_response())
}

fn named<'c>(all: &'c [std::sync::Arc<Connection>], text: &str) -> Option<&'c Connection> {
    let id = text.parse::<ConnectionId>().ok()?;
    let mut enabled = all.iter().filter(|connection| connection.enabled);
    Some(enabled.find(|connection| connection.id == id)?)
}

/// What stands there twice isn't there.
fn only(encoded: &[u8], name: &str) -> Option<String> {
    let mut found = form_urlencoded::parse(encoded).filter(|(known, _)| known == name);
    let first = found.next().map(|(_, value)| value.into_owned());
    first.filter(|_| found.next().is_none())
}

/// The ways out at the providers that these sessions came from. `state` comes back to the page that follows.
pub async fn exits(app: &App, origins: &[Origin], state: &str) -> Vec<Exit> {
    let (connections, moment) = (app.connections.current(), app.moment());
    let mut exits = Vec::new();
    for origin in origins {
        if let Some(connection) = connections.get(origin.connection) {
            let about = (origin, state);
            exits.extend(sign_out::exit(&desk(app), &moment, connection, about).await);
        }
    }
    exits
}
