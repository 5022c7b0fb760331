//! Somebody is signed in already (R24, R41, R141): both accounts are named, and nothing happens without a choice.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::desk::Desk;
use crate::app::{App, Hosted};
use crate::identity;
use crate::invitation::accept;
use crate::kit::Internal;
use crate::session;
use crate::session::flow::Flow;
use crate::web::page::DifferentAccount;
use crate::web::{Form, PageFailure, Query};

#[derive(Deserialize)]
pub(super) struct FlowQuery {
    flow: String,
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<FlowQuery>,
) -> Result<Response, PageFailure> {
    let desk = match Desk::open(&app, &hosted, &query.flow).await? {
        Ok(desk) => desk,
        Err(page) => return Ok(page),
    };
    let signed_in = hosted
        .session_in(desk.store.id)
        .map(|session| session.identity);
    let (Some(identity), Some(invitation)) = (signed_in, &desk.invitation) else {
        return Ok(Redirect::to(&app.links.continue_flow(&query.flow)).into_response());
    };
    let catalogue = app.catalogue.current();
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| {
            let Some(account) = identity::find(tx, identity).await? else {
                return Ok(None);
            };
            let may = accept::could_accept(tx, &catalogue, invitation, &account).await?;
            Ok(Some((account, may)))
        })
        .await;
    let Some((account, may_continue)) = read? else {
        return Ok(Redirect::to(&app.links.sign_in(&query.flow)).into_response());
    };
    let page = DifferentAccount {
        flow: query.flow,
        invited_address: invitation.email.as_typed().to_owned(),
        signed_in_as: account
            .email()
            .map_or_else(|| account.display_name(), |(email, _)| email.to_owned()),
        may_continue,
    };
    hosted.page(&app, &hosted.shell_of(&desk.followed), &page)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    flow: String,
    choice: String,
}

/// Continue as the signed-in account, switch to another, or leave everything as it is.
pub(super) async fn choose(
    State(app): State<App>,
    hosted: Hosted,
    Form(form): Form<Chosen>,
) -> Result<Response, PageFailure> {
    let desk = match Desk::open(&app, &hosted, &form.flow).await? {
        Ok(desk) => desk,
        Err(page) => return Ok(page),
    };
    let Some(session) = hosted.session_in(desk.store.id) else {
        return Ok(Redirect::to(&app.links.continue_flow(&form.flow)).into_response());
    };
    let (moment, catalogue) = (app.moment(), app.catalogue.current());
    match (form.choice.as_str(), &desk.invitation) {
        ("continue", Some(invitation)) => {
            let (link, identity) = (invitation.link(), session.identity);
            app.db
                .write(async |tx| {
                    accept::with_existing_account(tx, &catalogue, &moment, link, identity).await
                })
                .await?;
            // Who came from a provider besides is not asked for: that account belongs to nobody who said so.
            let flow = Flow {
                external: None,
                ..desk.followed.flow
            };
            let sealed = flow.seal(&app.sealer, &moment)?;
            Ok(Redirect::to(&app.links.continue_flow(&sealed)).into_response())
        }
        ("switch", _) => {
            let ended: Result<(), Internal> = app
                .db
                .write(async |tx| session::end(tx, &moment, session).await)
                .await;
            ended?;
            let go = Redirect::to(&app.links.sign_up(&form.flow)).into_response();
            Ok(hosted.signed_out(&app, &[session], go)?)
        }
        _ => Ok(Redirect::to(&app.home_of(&desk.followed.application)).into_response()),
    }
}
