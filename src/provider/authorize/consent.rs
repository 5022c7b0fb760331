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
use crate::kit::Internal;
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
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<FlowQuery>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &query.flow)?;
    let standing = match Standing::read(&app, &hosted, followed.flow.clone()).await? {
        Ok(standing) => standing,
        Err(answered) => return Ok(answered),
    };
    let Some(question) = standing.question() else {
        return dispatch(&app, &hosted, standing.flow).await;
    };
    let (request, id) = (question.request, question.identity);
    let person = app.db.read(async |tx| identity::find(tx, id).await).await?;
    let page = Consent {
        flow: query.flow,
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
    let moment = &standing.moment;
    if let Some(Question { request, identity }) = standing.question() {
        let (client, scope) = (request.party.client.id, request.to_allow());
        let allow = form.choice == "allow";
        let written: Result<(), Internal> = app
            .db
            .write(async |tx| {
                if allow {
                    consent::give(tx, moment, identity, client, &scope).await
                } else {
                    consent::deny(tx, moment, identity, client).await
                }
            })
            .await;
        written?;
        if !allow {
            let refused = Refused::access_denied("The person said no.");
            return send(&app, &hosted, &standing, &Answer::Refused(refused));
        }
    }
    Ok(Redirect::to(&app.links.continue_flow(&form.flow)).into_response())
}
