//! Somebody came from a provider with an account that belongs to nobody here, and may not sign up uninvited.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::go_on;
use crate::app::{App, Arrival, Hosted};
use crate::kit::Internal;
use crate::web::page::{NoAccount, NoAccountReason};
use crate::web::{PageFailure, Query};

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
    let (flow, application) = (&followed.flow, &followed.application);
    let read = async |tx: &mut _| Arrival::read(&app, tx, flow, application).await;
    let arrival: Result<_, Internal> = app.db.read(read).await;
    let Some(arrival) = arrival?.filter(|arrival| arrival.owner.is_none()) else {
        return Ok(go_on(&app, &followed.sealed));
    };
    let page = NoAccount {
        reason: NoAccountReason::Unknown,
        flow: followed.sealed.clone(),
        connection: arrival.connection.name.clone(),
        account: arrival.identity.label,
        invited_address: None,
        providers: app.provider_buttons(&hosted, &followed),
        sign_in_url: Some(app.links.sign_in(&followed.sealed)),
        form_url: None,
    };
    hosted.page(&app, &hosted.shell_of(&followed), &page)
}
