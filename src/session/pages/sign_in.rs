//! The sign-in page. The same page, status and time whether there is such an account or not.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::sign_in::{self, Desk, Refused, SignedIn, Trying};
use super::{Visit, go_on};
use crate::app::{App, Arrival, Followed, Hosted};
use crate::application::SignUp;
use crate::federation::pages::{Going, send_to_provider};
use crate::identity;
use crate::kit::{Failed, Internal, Refusal as _, Secret};
use crate::session::flow::Account;
use crate::web::page::{External, Problem, SignIn};
use crate::web::{Form, PageFailure, Query, form_again};

#[derive(Deserialize)]
pub(super) struct InFlow {
    flow: String,
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<InFlow>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &query.flow)?;
    let username = expected(&app, &hosted, &followed).await?;
    page(&app, &hosted, &followed, username, Vec::new()).await
}

#[derive(Deserialize)]
pub(super) struct Typed {
    flow: String,
    username: String,
    #[serde(default)]
    password: Option<Secret>,
}

pub(super) async fn submit(
    State(app): State<App>,
    visit: Visit,
    Form(typed): Form<Typed>,
) -> Result<Response, PageFailure> {
    let followed = visit.hosted.follow(&app, &typed.flow)?;
    let local = followed.application.policy.allows_local();
    let password = typed
        .password
        .filter(|password| local && !password.reveal().is_empty());
    let (Some(password), false) = (password, typed.username.trim().is_empty()) else {
        return lead_away(&app, &visit, &followed, typed.username).await;
    };
    match try_in(&app, &visit, &followed, (&typed.username, &password)).await {
        Ok(SignedIn::Begun(started)) => {
            let go = go_on(&app, &followed.sealed);
            let mut response = visit.hosted.signed_in(&app, &started, go)?;
            let store = followed.application.store;
            visit.remember(&app, store, &[&typed.username], &mut response)?;
            Ok(response)
        }
        Ok(SignedIn::MustChange(token)) => {
            Ok(Redirect::to(&app.links.reset_password(token.reveal())).into_response())
        }
        Err(Failed::Refused(refused)) => {
            refuse(&app, &visit.hosted, &followed, typed.username, refused).await
        }
        Err(Failed::Internal(internal)) => Err(internal.into()),
    }
}

/// Home-realm discovery: a name without a password leads to the provider of its domain, whether there is such an account or
/// not (checklist BR-04).
async fn lead_away(
    app: &App,
    visit: &Visit,
    followed: &Followed,
    username: String,
) -> Result<Response, PageFailure> {
    let application = &followed.application;
    let connection = app.connection_for(&followed.flow, application, Some(&username));
    if let Some(connection) = connection {
        let going = Going {
            connection: &connection,
            hint: Some(&username),
            choose_account: false,
            address: visit.address,
        };
        return send_to_provider(app, &visit.hosted, followed, &going).await;
    }
    let problem = if application.policy.allows_local() {
        Problem::whole("credentials_required", "Fill in both fields.")
    } else {
        Problem::whole(
            "no_provider_for_address",
            "This address leads to none of the ways to sign in here. Choose one of the buttons.",
        )
    };
    let page = page(app, &visit.hosted, followed, username, vec![problem]).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn try_in(
    app: &App,
    visit: &Visit,
    followed: &Followed,
    (username, password): (&str, &Secret),
) -> Result<SignedIn, Failed<Refused>> {
    let store = followed.application.store;
    let trying = Trying {
        store,
        username,
        password,
        flow: &followed.sealed,
        address: visit.address,
        browser: &visit.hosted.browser(),
        known: &visit.known,
        before: visit.hosted.session_in(store),
        lifetime: app.session_lifetime(),
    };
    let desk = Desk {
        db: &app.db,
        hasher: &app.hasher,
        attempts: &app.attempts,
    };
    sign_in::sign_in(&desk, &app.moment(), &trying).await
}

async fn refuse(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
    username: String,
    refused: Refused,
) -> Result<Response, PageFailure> {
    let problem = Problem::whole(refused.code(), refused.sentence());
    let page = page(app, hosted, followed, username, vec![problem]).await?;
    Ok(form_again(&refused, page))
}

/// Who will probably sign in: whom the application or the invitation names, else who is signed in and has to show it again.
async fn expected(app: &App, hosted: &Hosted, followed: &Followed) -> Result<String, Internal> {
    let flow = &followed.flow;
    if let Some(hint) = flow.login_hint.clone() {
        return Ok(hint);
    }
    match hosted.session_in(followed.application.store) {
        Some(session) if !matches!(flow.account, Account::Another(_)) => {
            let identity = session.identity;
            let person = app
                .db
                .read(async |tx| identity::find(tx, identity).await)
                .await?;
            let identifier = person.and_then(|person| person.identifiers.into_iter().next());
            Ok(identifier
                .map(|identifier| identifier.value)
                .unwrap_or_default())
        }
        _ => Ok(String::new()),
    }
}

async fn page(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
    username: String,
    problems: Vec<Problem>,
) -> Result<Response, PageFailure> {
    let (application, sealed) = (&followed.application, &followed.sealed);
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| {
            let arrival = Arrival::read(app, tx, &followed.flow, application).await?;
            let store = identity::find_store(tx, application.store).await?;
            Ok((store, arrival))
        })
        .await;
    let (store, arrival) = read?;
    let arrival = arrival.filter(|arrival| arrival.owner.is_none());
    let kinds = store.map(|store| store.identifiers).unwrap_or_default();
    let open = application.policy.sign_up == SignUp::Open || followed.flow.invitation.is_some();
    let page = SignIn {
        flow: sealed.clone(),
        username: username.chars().take(254).collect(),
        identifiers: kinds
            .into_iter()
            .map(|kind| kind.as_str().to_owned())
            .collect(),
        forgotten_url: app.links.forgotten_password(sealed),
        sign_up_url: open.then(|| app.links.sign_up(sealed)),
        providers: app.provider_buttons(hosted, followed),
        password: application.policy.allows_local(),
        by_domain: app.leads_by_domain(application),
        waiting: arrival.map(|arrival| External {
            connection: arrival.connection.name.clone(),
            account: arrival.identity.label,
        }),
        problems,
    };
    hosted.page(app, &hosted.shell_of(followed), &page)
}
