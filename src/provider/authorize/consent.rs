//! The consent page: which client wants to know what, and an answer that is as easy to refuse as to give.
//!
//! Whether somebody has to be asked is `rights`' decision.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::answer::Answer;
use super::go_on::{FlowQuery, dispatch, send};
use super::refused::Refused;
use super::request::AuthorizationRequest;
use super::standing::Standing;
use super::step::Step;
use crate::app::{App, Hosted};
use crate::grant::consent;
use crate::identity::{self, IdentityId};
use crate::kit::{Internal, Moment};
use crate::session::flow::Account;
use crate::web::page::Consent;
use crate::web::{Form, PageFailure, Query};

/// A person who has to be asked about a request.
struct Question<'a> {
    request: &'a AuthorizationRequest,
    identity: IdentityId,
}

impl Standing {
    /// Nothing to ask: the flow goes elsewhere.
    fn question(&self) -> Option<Question<'_>> {
        let (request, session) = (self.request.as_ref()?, self.session.as_ref()?);
        let identity = session.identity;
        (self.step() == Step::AskConsent).then_some(Question { request, identity })
    }

    /// The answer counts only for the session that sees the question: somebody else may sign in meanwhile.
    fn ask_this_person(&mut self) {
        if let Some(session) = &self.session {
            self.flow.account = Account::Chosen(session.id);
        }
    }

    fn asked_this_person(&self) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| self.flow.account == Account::Chosen(session.id))
    }
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<FlowQuery>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &query.flow)?;
    let mut standing = match Standing::read(&app, &hosted, followed.flow.clone()).await? {
        Ok(standing) => standing,
        Err(answered) => return Ok(answered),
    };
    if standing.question().is_none() {
        return dispatch(&app, &hosted, standing.flow).await;
    }
    standing.ask_this_person();
    let flow = standing.seal(&app)?;
    let Some(Question { request, identity }) = standing.question() else {
        return dispatch(&app, &hosted, standing.flow).await;
    };
    let person = app
        .db
        .read(async |tx| identity::find(tx, identity).await)
        .await?;
    let page = Consent {
        flow,
        account: person
            .map(|person| person.display_name())
            .unwrap_or_default(),
        scopes: request.to_allow().iter().map(str::to_owned).collect(),
    };
    hosted.page(&app, &hosted.shell_of(&followed), &page)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    flow: String,
    choice: String,
}

pub(super) async fn choose(
    State(app): State<App>,
    hosted: Hosted,
    Form(form): Form<Chosen>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &form.flow)?;
    let standing = match Standing::read(&app, &hosted, followed.flow).await? {
        Ok(standing) => standing,
        Err(answered) => return Ok(answered),
    };
    let question = standing.question().filter(|_| standing.asked_this_person());
    match (question, form.choice.as_str()) {
        (Some(question), "allow") => {
            allow(&app, &standing.moment, &question).await?;
            Ok(Redirect::to(&app.links.continue_flow(&form.flow)).into_response())
        }
        (Some(question), "deny") => {
            deny(&app, &standing.moment, &question).await?;
            let refused = Refused::access_denied("The person said no.");
            send(&app, &hosted, &standing, &Answer::Refused(refused))
        }
        _ => dispatch(&app, &hosted, standing.flow).await,
    }
}

async fn allow(app: &App, moment: &Moment, question: &Question<'_>) -> Result<(), Internal> {
    let (identity, client) = (question.identity, question.request.party.client.id);
    let scope = question.request.to_allow();
    app.db
        .write(async |tx| consent::give(tx, moment, identity, client, &scope).await)
        .await
}

async fn deny(app: &App, moment: &Moment, question: &Question<'_>) -> Result<(), Internal> {
    let (identity, client) = (question.identity, question.request.party.client.id);
    app.db
        .write(async |tx| consent::deny(tx, moment, identity, client).await)
        .await
}
