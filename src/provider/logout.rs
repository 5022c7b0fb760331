//! Signing out at an application's request (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Ends the session and what hangs on it; applications learn of it when they come back. A mistake in the request gives a
//! page, never a redirect (section 4).

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::hint::{self, Hint};
use crate::app::{App, Hosted, brand_of};
use crate::application::ClientId;
use crate::identity;
use crate::kit::{Internal, Moment};
use crate::session::{self, Session, SessionId};
use crate::web::extract::read_form;
use crate::web::page::{ConfirmLogout, Hidden, SignedOut};
use crate::web::{Brand, Failure, PageFailure, Pairs, path};

/// Other sites send people here, with GET and with POST.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(path::LOGOUT, get(ask).post(ask_again))
        .route(path::SIGN_OUT_DONE, get(done))
}

/// For people who leave and have nowhere to go.
async fn done(State(app): State<App>, hosted: Hosted) -> Result<Response, PageFailure> {
    let page = SignedOut {
        ended: hosted.session().is_none(),
        home_url: None,
    };
    hosted.page(&app, &hosted.shell(Brand::default()), &page)
}

const KNOWN: [&str; 6] = [
    "client_id",
    "id_token_hint",
    "logout_hint",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
];

/// A request that makes sense.
struct LogoutRequest {
    hint: Option<Hint>,
    /// Where people go afterwards.
    leave: Leave,
    locales: Vec<String>,
}

/// Where a signed-out person goes.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Leave {
    client: Option<ClientId>,
    /// Registered for that client; with the request's `state`.
    redirect: Option<String>,
    /// Whether an ID token shows that the request comes from that client: only then the browser is sent there by itself.
    proven: bool,
}

/// The question whether to sign out, as it travels through the form: made here, for one browser and one session.
#[derive(Serialize, Deserialize)]
struct Question {
    asked_at: DateTime<Utc>,
    browser: String,
    session: SessionId,
    leave: Leave,
}

const SEALED_AS: &str = "logout question";
const TIME_TO_ANSWER: TimeDelta = TimeDelta::hours(1);

async fn ask(
    State(app): State<App>,
    hosted: Hosted,
    RawQuery(query): RawQuery,
) -> Result<Response, PageFailure> {
    let pairs = Pairs::parse(query.unwrap_or_default().as_bytes())?;
    let moment = app.moment();
    let request = LogoutRequest::understand(&app, &moment, &pairs)?;
    let Some(session) = request.session(&app, &hosted) else {
        return gone(&app, &hosted, &request.leave);
    };
    let subject = request.hint.as_ref().map(|hint| hint.subject.as_str());
    if subject == Some(session.identity.to_string().as_str()) {
        return sign_out(&app, &hosted, (&moment, session), &request.leave).await;
    }
    confirm(&app, &hosted, (&moment, session), request).await
}

/// Our own form's answer, or another site's POST: a browser doesn't send our cookies along with that (`SameSite=Lax`), so it
/// is asked to come again.
async fn ask_again(
    State(app): State<App>,
    hosted: Hosted,
    request: Request,
) -> Result<Response, PageFailure> {
    let pairs = read_form(request, &app).await?;
    if let Some(question) = pairs.get("question") {
        let choice = match pairs.get("choice") {
            Some("logout") => Choice::SignOut,
            _ => Choice::Stay,
        };
        return answered(&app, &hosted, question, choice).await;
    }
    let mut pairs = pairs.into_inner();
    pairs.retain(|(name, value)| KNOWN.contains(&name.as_str()) && !value.is_empty());
    Ok(Redirect::to(&app.links.logout_again(&pairs)).into_response())
}

impl LogoutRequest {
    /// Among the people of the application that asks; where none does, who signed in last.
    fn session<'h>(&self, app: &App, hosted: &'h Hosted) -> Option<&'h Session> {
        let Some(client) = self.leave.client else {
            return hosted.session();
        };
        let catalogue = app.catalogue.current();
        let (_, application) = catalogue.relying_party(client)?;
        hosted.session_in(application.store)
    }

    fn understand(app: &App, moment: &Moment, pairs: &Pairs) -> Result<Self, Failure> {
        let get = |name| pairs.get(name).filter(|value: &&str| !value.is_empty());
        let hint = match get("id_token_hint") {
            Some(token) => Some(hint::read(app, moment, token).ok_or_else(|| wrong(BAD_HINT))?),
            None => None,
        };
        let named = match get("client_id") {
            Some(id) => Some(id.parse().map_err(|_| wrong(UNKNOWN_CLIENT))?),
            None => None,
        };
        let hinted = hint.as_ref().and_then(Hint::client);
        if hinted.is_some() && named.is_some() && hinted != named {
            return Err(wrong(OTHER_CLIENT));
        }
        let mut leave = Leave {
            client: hinted.or(named),
            redirect: None,
            proven: hint.is_some(),
        };
        if let Some(id) = leave.client {
            let catalogue = app.catalogue.current();
            let (client, _) = catalogue
                .relying_party(id)
                .ok_or_else(|| wrong(UNKNOWN_CLIENT))?;
            if let Some(requested) = get("post_logout_redirect_uri") {
                let uri = client.post_logout_redirect_uri(requested);
                let uri = uri.ok_or_else(|| wrong(UNKNOWN_REDIRECT_URI))?;
                leave.redirect = Some(with_state(uri.as_str(), get("state")));
            }
        }
        let locales = get("ui_locales").unwrap_or_default().split(' ').take(8);
        Ok(Self {
            hint,
            leave,
            locales: locales.map(str::to_owned).collect(),
        })
    }
}

const BAD_HINT: (&str, &str) = (
    "bad_id_token_hint",
    "The application that sent you here did not prove itself: id_token_hint is no ID token of ours. You are still signed in.",
);
const UNKNOWN_CLIENT: (&str, &str) = (
    "unknown_client",
    "The application that sent you here is not registered: there is no such client_id.",
);
const OTHER_CLIENT: (&str, &str) = (
    "other_client",
    "The application that sent you here is not the one that the ID token was made for. You are still signed in.",
);
const UNKNOWN_REDIRECT_URI: (&str, &str) = (
    "unknown_post_logout_redirect_uri",
    "The application that sent you here wants you to go to an address that is not registered for it. You are still signed in.",
);

fn wrong((code, sentence): (&'static str, &'static str)) -> Failure {
    Failure::refused(StatusCode::BAD_REQUEST, code, sentence)
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else {
        return uri.to_owned();
    };
    let mark = if uri.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("state", state)
        .finish();
    format!("{uri}{mark}{query}")
}

/// Nobody proved that the request comes from the signed-in person, so they are asked.
async fn confirm(
    app: &App,
    hosted: &Hosted,
    (moment, session): (&Moment, &Session),
    request: LogoutRequest,
) -> Result<Response, PageFailure> {
    let id = session.identity;
    let person = app.db.read(async |tx| identity::find(tx, id).await).await?;
    let brand = brand(app, &request.leave);
    let question = Question {
        asked_at: moment.now,
        browser: encode(&hosted.browser()),
        session: session.id,
        leave: request.leave,
    };
    let sealed = app.sealer.seal(
        SEALED_AS,
        &serde_json::to_vec(&question).map_err(Internal::from)?,
        moment,
    )?;
    let page = ConfirmLogout {
        account: person
            .map(|person| person.display_name())
            .unwrap_or_default(),
        fields: vec![Hidden {
            name: "question".to_owned(),
            value: encode(&sealed),
        }],
    };
    let locales = request.locales.iter().map(String::as_str);
    hosted.page(app, &hosted.shell_in(locales, brand), &page)
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The person's answer to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    SignOut,
    Stay,
}

async fn answered(
    app: &App,
    hosted: &Hosted,
    sealed: &str,
    choice: Choice,
) -> Result<Response, PageFailure> {
    let moment = app.moment();
    let question = Question::open(app, sealed).filter(|question| {
        question.browser == encode(&hosted.browser())
            && moment.now < question.asked_at + TIME_TO_ANSWER
    });
    let old = Failure::refused(
        StatusCode::BAD_REQUEST,
        "question_too_old",
        "This page is too old, or was opened in another browser. You are still signed in.",
    );
    let question = question.ok_or(old)?;
    let session = hosted
        .sessions()
        .find(|session| session.id == question.session);
    match (session, choice) {
        (Some(session), Choice::SignOut) => {
            sign_out(app, hosted, (&moment, session), &question.leave).await
        }
        (Some(_), Choice::Stay) => {
            let page = SignedOut {
                ended: false,
                home_url: home(app, &question.leave),
            };
            let shell = hosted.shell(brand(app, &question.leave));
            hosted.page(app, &shell, &page)
        }
        (None, _) => gone(app, hosted, &question.leave),
    }
}

impl Question {
    fn open(app: &App, sealed: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = app.sealer.open(SEALED_AS, &bytes).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

async fn sign_out(
    app: &App,
    hosted: &Hosted,
    (moment, session): (&Moment, &Session),
    leave: &Leave,
) -> Result<Response, PageFailure> {
    app.db
        .write(async |tx| session::end(tx, moment, session).await)
        .await?;
    app.revocations.reload(&app.db, moment).await?;
    Ok(hosted.signed_out(app, session, gone(app, hosted, leave)?)?)
}

/// Nobody is signed in any more: back to the client, or a page that says so.
fn gone(app: &App, hosted: &Hosted, leave: &Leave) -> Result<Response, PageFailure> {
    if let Some(redirect) = leave.redirect.as_ref().filter(|_| leave.proven) {
        return Ok(Redirect::to(redirect).into_response());
    }
    let page = SignedOut {
        ended: true,
        home_url: home(app, leave),
    };
    hosted.page(app, &hosted.shell(brand(app, leave)), &page)
}

/// Where a button leads: the person decides, so a registered address is enough.
fn home(app: &App, leave: &Leave) -> Option<String> {
    let catalogue = app.catalogue.current();
    let (_, application) = catalogue.relying_party(leave.client?)?;
    Some(
        leave
            .redirect
            .clone()
            .unwrap_or_else(|| app.home_of(application)),
    )
}

fn brand(app: &App, leave: &Leave) -> Brand {
    let catalogue = app.catalogue.current();
    let party = leave.client.and_then(|id| catalogue.relying_party(id));
    party
        .map(|(_, application)| brand_of(application))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::with_state;

    /// LOG-05: `state` comes back as it was, and doesn't come where it wasn't.
    #[test]
    fn state_is_returned_as_sent() {
        assert_eq!(
            with_state("https://a.example/out", None),
            "https://a.example/out"
        );
        assert_eq!(
            with_state("https://a.example/out", Some("a&b ü")),
            "https://a.example/out?state=a%26b+%C3%BC"
        );
        assert_eq!(
            with_state("https://a.example/out?x=1", Some("y")),
            "https://a.example/out?x=1&state=y"
        );
    }
}
