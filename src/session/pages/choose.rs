//! Which account goes on: the one that is signed in, or another.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::go_on;
use crate::app::{App, Hosted};
use crate::identity;
use crate::session::flow::{Account, Flow};
use crate::web::page::{AccountChoice, ChooseAccount};
use crate::web::{Form, PageFailure, Query};

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
    let Some(session) = hosted.session_in(followed.application.store) else {
        return Ok(go_on(&app, &followed.sealed));
    };
    let identity = session.identity;
    let person = app
        .db
        .read(async |tx| identity::find(tx, identity).await)
        .await?;
    let accounts = person.into_iter().map(|person| AccountChoice {
        id: session.id.to_string(),
        name: person.display_name(),
        identifier: person
            .identifiers
            .first()
            .map(|first| first.value.clone())
            .unwrap_or_default(),
    });
    let page = ChooseAccount {
        flow: followed.sealed.clone(),
        accounts: accounts.collect(),
    };
    hosted.page(&app, &hosted.shell_of(&followed), &page)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    flow: String,
    /// A session's id, or `other`.
    choice: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    hosted: Hosted,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &chosen.flow)?;
    let Some(session) = hosted.session_in(followed.application.store) else {
        return Ok(go_on(&app, &followed.sealed));
    };
    let account = if chosen.choice == session.id.to_string() {
        Account::Chosen(session.id)
    } else {
        Account::Another(session.id)
    };
    let flow = Flow {
        account,
        ..followed.flow
    };
    Ok(go_on(&app, &flow.seal(&app.sealer, &app.moment())?))
}
