//! The development mailbox in a browser, and as JSON for tests.
//!
//! Exists only while no mail server is configured and Usher is reached from this machine only.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::{HeaderMap, header, request::Parts};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Delivered, LetterId, find_delivered, list_delivered};
use crate::app::App;
use crate::db::Tx;
use crate::kit::Internal;
use crate::web::page::{LetterRow, LetterView, Mailbox};
use crate::web::{Brand, Failure, PageFailure, Visitor, headers, path};

pub fn routes() -> Router<App> {
    Router::new()
        .route(path::MAILBOX, get(all))
        .route(path::MAILBOX_JSON, get(all_as_json))
        .route(path::LETTER, get(one))
        .route(path::LETTER_HTML, get(one_as_html))
}

/// The proof that there is a mailbox to look into. The Host header counts here, and only here: a page from elsewhere whose name
/// was made to point at this machine (DNS rebinding) must not read letters.
struct MailboxExists;

impl FromRequestParts<App> for MailboxExists {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageFailure> {
        let exists = app.config.mail.is_none() && app.config.server.is_local();
        if exists && names_this_machine(&parts.headers) {
            Ok(Self)
        } else {
            Err(Failure::not_found().into())
        }
    }
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else {
        return true; // HTTP/2 has none, and browsers speak that over TLS only
    };
    let host = host
        .to_str()
        .ok()
        .and_then(|host| format!("http://{host}/").parse().ok());
    host.is_some_and(|url: url::Url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

async fn all(
    State(app): State<App>,
    _: MailboxExists,
    visitor: Visitor,
) -> Result<Html<String>, PageFailure> {
    let letters = app
        .db
        .read(async |tx: &mut Tx| list_delivered(tx).await)
        .await?;
    let row = |letter: Delivered| LetterRow {
        url: app.links.letter(&letter.id.to_string()),
        recipient: letter.recipient,
        subject: letter.subject,
        at: letter.delivered_at,
    };
    let page = Mailbox {
        letters: letters.into_iter().map(row).collect(),
    };
    Ok(app.pages.render(&visitor.shell(Brand::default()), &page)?)
}

async fn one(
    State(app): State<App>,
    _: MailboxExists,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let letter = found(&app, &id).await?;
    let page = LetterView {
        sender: app.config.mail_from.clone(),
        recipient: letter.recipient,
        subject: letter.subject,
        at: letter.delivered_at,
        html_url: app.links.letter_html(&id),
        text: letter.text,
    };
    let page = app.pages.render(&visitor.shell(Brand::default()), &page)?;
    Ok((
        [(header::CONTENT_SECURITY_POLICY, headers::PAGE_WITH_FRAME)],
        page,
    )
        .into_response())
}

async fn one_as_html(
    State(app): State<App>,
    _: MailboxExists,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let letter = found(&app, &id).await?;
    let policy = [(header::CONTENT_SECURITY_POLICY, headers::LETTER)];
    Ok((policy, Html(letter.html)).into_response())
}

async fn found(app: &App, id: &str) -> Result<Delivered, PageFailure> {
    let id: LetterId = id.parse().map_err(|_| Failure::not_found())?;
    let letter: Result<_, Internal> = app
        .db
        .read(async |tx: &mut Tx| find_delivered(tx, id).await)
        .await;
    Ok(letter?.ok_or_else(Failure::not_found)?)
}

/// A letter for programs.
#[derive(Serialize)]
struct LetterJson {
    id: LetterId,
    recipient: String,
    subject: String,
    links: Vec<String>,
    text: String,
    html: String,
    delivered_at: DateTime<Utc>,
}

async fn all_as_json(
    State(app): State<App>,
    _: MailboxExists,
) -> Result<Json<Vec<LetterJson>>, Failure> {
    let letters: Result<_, Internal> = app
        .db
        .read(async |tx: &mut Tx| list_delivered(tx).await)
        .await;
    let json = |letter: Delivered| LetterJson {
        links: letter.links().into_iter().map(str::to_owned).collect(),
        id: letter.id,
        recipient: letter.recipient,
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        delivered_at: letter.delivered_at,
    };
    Ok(Json(letters?.into_iter().map(json).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_open_the_mailbox() {
        for (host, opens) in [
            ("localhost:8080", true),
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("192.168.1.7:8080", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(names_this_machine(&headers), opens, "{host}");
        }
    }
}
