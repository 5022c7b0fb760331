//! The one dispatcher: every step of every flow comes back here, and here it is decided what comes next.
//!
//! Steps themselves live with their nouns; this file only opens the next door.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;

use super::answer::Answer;
use super::request::AuthorizationRequest;
use super::standing::Standing;
use super::step::Step;
use crate::app::{App, Hosted, brand_of};
use crate::application::Scopes;
use crate::grant::{self, CodeBinding, Details, NewGrant};
use crate::kit::Secret;
use crate::provider::landing;
use crate::session::Session;
use crate::session::flow::{Account, Destination, Flow};
use crate::web::page::Welcome;
use crate::web::{PageFailure, Query};

#[derive(Deserialize)]
pub(super) struct FlowQuery {
    pub(super) flow: String,
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<FlowQuery>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &query.flow)?;
    dispatch(&app, &hosted, followed.flow).await
}

/// Opens the next door.
pub(super) async fn dispatch(
    app: &App,
    hosted: &Hosted,
    flow: Flow,
) -> Result<Response, PageFailure> {
    match Standing::read(app, hosted, flow).await? {
        Ok(standing) => open(app, hosted, standing).await,
        Err(answered) => Ok(answered),
    }
}

async fn open(app: &App, hosted: &Hosted, mut standing: Standing) -> Result<Response, PageFailure> {
    let links = &app.links;
    let door = match standing.step() {
        Step::Answer(scope) => return answer(app, hosted, &standing, scope).await,
        Step::Refuse(refused) => return send(app, hosted, &standing, &Answer::Refused(refused)),
        Step::Land => return land(app, hosted, &standing).await,
        Step::SignIn => links.sign_in(&standing.seal(app)?),
        Step::SignInAs(session) => {
            standing.flow.account = Account::Another(session);
            links.sign_in(&standing.seal(app)?)
        }
        Step::SignUp => links.sign_up(&standing.seal(app)?),
        Step::LinkAccount => links.link_account(&standing.seal(app)?),
        Step::NoAccount => links.no_account(&standing.seal(app)?),
        Step::ChooseAccount => links.choose_account(&standing.seal(app)?),
        Step::AskConsent => links.consent_in(&standing.seal(app)?),
    };
    Ok(hosted.with_cookies(Redirect::to(&door).into_response()))
}

/// The client gets its code.
async fn answer(
    app: &App,
    hosted: &Hosted,
    standing: &Standing,
    scope: Scopes,
) -> Result<Response, PageFailure> {
    let (Some(request), Some(session)) = (&standing.request, &standing.session) else {
        return land(app, hosted, standing).await;
    };
    let (grant, binding) = terms(app, request, session, scope);
    let moment = &standing.moment;
    let code: Secret = app
        .db
        .write(async |tx| grant::issue_code(tx, moment, &grant, binding).await)
        .await?;
    send(app, hosted, standing, &Answer::Code(code))
}

fn terms(
    app: &App,
    request: &AuthorizationRequest,
    session: &Session,
    scope: Scopes,
) -> (NewGrant, CodeBinding) {
    let grant = NewGrant {
        client: request.party.client.id,
        identity: session.identity,
        session: session.id,
        scope,
        details: Details {
            nonce: request.wants.nonce.clone(),
            claims: request.wants.claims.clone(),
            auth_time: session.authenticated_at,
            methods: session.methods.as_slice().to_vec(),
            acr: None,
            session_ends_at: session.expires_at,
        },
    };
    let binding = CodeBinding {
        redirect_uri: request.back.redirect_uri.clone(),
        code_challenge: request.wants.code_challenge.clone(),
        lifetime: TimeDelta::seconds(app.config.tokens.code_seconds),
    };
    (grant, binding)
}

/// Sends the client its answer.
pub(super) fn send(
    app: &App,
    hosted: &Hosted,
    standing: &Standing,
    answer: &Answer,
) -> Result<Response, PageFailure> {
    match &standing.request {
        Some(request) => request
            .back
            .send(app, hosted, &standing.application, answer),
        None => Ok(Redirect::to(&app.home_of(&standing.application)).into_response()),
    }
}

/// R127: the person arrives in the application, signed in.
async fn land(app: &App, hosted: &Hosted, standing: &Standing) -> Result<Response, PageFailure> {
    if standing.flow.destination == Destination::Account {
        let door = app.links.account_in(&standing.application.id.to_string());
        return Ok(hosted.with_cookies(Redirect::to(&door).into_response()));
    }
    let identity = standing.session.as_ref().map(|session| session.identity);
    if let Some(address) = landing::of(app, &standing.application, identity).await? {
        return Ok(hosted.with_cookies(Redirect::to(&address).into_response()));
    }
    let shell = hosted.shell(brand_of(&standing.application));
    hosted.page(app, &shell, &Welcome {})
}
