//! Signing out at an application's request (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Ends sessions and what hangs on them. An application signs out its own person only; a request that names no application is
//! about everybody who is signed in in this browser, unless `logout_hint` says who. A mistake in the request gives a page,
//! never a redirect (section 4).

mod request;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::app::{App, Hosted, brand_of};
use crate::federation::Exit;
use crate::federation::pages::exits;
use crate::kit::{Internal, Moment};
use crate::session::{self, Origin, Session, SessionId};
use crate::web::extract::read_form;
use crate::web::page::{ConfirmLogout, Hidden, ProviderExit, SignedOut};
use crate::web::{Brand, Failure, PageFailure, Pairs, path};

use request::{Account, KNOWN, Leave, LogoutRequest};

/// Other sites send people here, with GET and with POST.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(path::LOGOUT, get(ask).post(ask_again))
        .route(path::SIGN_OUT_DONE, get(done))
        .route(path::EXTERNAL_SIGNED_OUT, get(left_provider))
}

/// For people who leave and have nowhere to go.
async fn done(State(app): State<App>, hosted: Hosted) -> Result<Response, PageFailure> {
    let page = SignedOut {
        ended: hosted.session().is_none(),
        home_url: None,
        exits: Vec::new(),
    };
    hosted.page(&app, &hosted.shell(Brand::default()), &page)
}

/// The question whether to sign out, as it travels through the form: made here, for one browser and its sessions.
#[derive(Serialize, Deserialize)]
struct Question {
    asked_at: DateTime<Utc>,
    browser: String,
    sessions: Vec<SessionId>,
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
    let about = request.about(&app, &hosted).await?;
    if about.accounts.is_empty() {
        return gone(&app, &hosted, &request.leave);
    }
    let subject = request.hint.as_ref().map(|hint| hint.subject.as_str());
    if about.is_just(subject) {
        let sessions: Vec<_> = about.accounts.iter().map(|it| it.session).collect();
        return sign_out(&app, &hosted, (&moment, &sessions), &request.leave).await;
    }
    confirm(&app, &hosted, (&moment, &about.accounts), request)
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

/// Nobody proved that the request comes from the signed-in person, so they are asked.
fn confirm(
    app: &App,
    hosted: &Hosted,
    (moment, accounts): (&Moment, &[Account<'_>]),
    request: LogoutRequest,
) -> Result<Response, PageFailure> {
    let brand = brand(app, &request.leave);
    let question = Question {
        asked_at: moment.now,
        browser: encode(&hosted.browser()),
        sessions: accounts.iter().map(|it| it.session.id).collect(),
        leave: request.leave,
    };
    let sealed = app.sealer.seal(
        SEALED_AS,
        &serde_json::to_vec(&question).map_err(Internal::from)?,
        moment,
    )?;
    let page = ConfirmLogout {
        accounts: accounts.iter().map(Account::name).collect(),
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
    let sessions: Vec<_> = hosted
        .sessions()
        .filter(|session| question.sessions.contains(&session.id))
        .collect();
    match choice {
        _ if sessions.is_empty() => gone(app, hosted, &question.leave),
        Choice::SignOut => sign_out(app, hosted, (&moment, &sessions), &question.leave).await,
        Choice::Stay => {
            let page = SignedOut {
                ended: false,
                home_url: home(app, &question.leave),
                exits: Vec::new(),
            };
            let shell = hosted.shell(brand(app, &question.leave));
            hosted.page(app, &shell, &page)
        }
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
    (moment, sessions): (&Moment, &[&Session]),
    leave: &Leave,
) -> Result<Response, PageFailure> {
    let ended: Result<Vec<Origin>, Internal> = app
        .db
        .write(async |tx| {
            let mut origins = Vec::new();
            for session in sessions {
                origins.extend(session::origin(tx, session.id).await?);
                session::end(tx, moment, session).await?;
            }
            Ok(origins)
        })
        .await;
    let origins = ended?;
    app.revocations.reload(&app.db, moment).await?;
    let page = if let Some(redirect) = straight_back(leave) {
        redirect
    } else {
        let state = leave.seal(app, moment)?;
        let exits = exits(app, &origins, &state).await;
        signed_out(app, hosted, leave, exits)?
    };
    Ok(hosted.signed_out(app, sessions, page)?)
}

/// Whom it was about is not signed in any more: back to the client, or a page that says so.
fn gone(app: &App, hosted: &Hosted, leave: &Leave) -> Result<Response, PageFailure> {
    match straight_back(leave) {
        Some(redirect) => Ok(redirect),
        None => signed_out(app, hosted, leave, Vec::new()),
    }
}

fn straight_back(leave: &Leave) -> Option<Response> {
    let redirect = leave.redirect.as_ref().filter(|_| leave.proven)?;
    Some(Redirect::to(redirect).into_response())
}

fn signed_out(
    app: &App,
    hosted: &Hosted,
    leave: &Leave,
    exits: Vec<Exit>,
) -> Result<Response, PageFailure> {
    let exits = exits.into_iter().map(|exit| ProviderExit {
        provider: exit.provider,
        url: exit.url.into(),
    });
    let page = SignedOut {
        ended: true,
        home_url: home(app, leave),
        exits: exits.collect(),
    };
    hosted.page(app, &hosted.shell(brand(app, leave)), &page)
}

/// A provider sends somebody back who has signed out there, too.
async fn left_provider(
    State(app): State<App>,
    hosted: Hosted,
    RawQuery(query): RawQuery,
) -> Result<Response, PageFailure> {
    let pairs = Pairs::parse(query.unwrap_or_default().as_bytes())?;
    let leave = pairs
        .get("state")
        .and_then(|state| Leave::open(&app, state));
    signed_out(&app, &hosted, &leave.unwrap_or_default(), Vec::new())
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
