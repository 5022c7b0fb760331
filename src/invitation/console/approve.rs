//! Agreeing to another address than the invited one, where the application's policy asks for it (R38).
//!
//! Whether an address may be used at all stands in the policy; here somebody looks at it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::{detail, require};
use crate::access::Permission;
use crate::app::{Admin, App};
use crate::application::AddressMode;
use crate::db::Tx;
use crate::invitation::{Invitation, address};
use crate::kit::{EmailAddress, Internal};
use crate::web::page::OtherAddress;
use crate::web::{Failure, Form, PageFailure};

/// What there is to agree to; nothing where the policy doesn't ask.
pub(super) async fn addresses(
    tx: &mut Tx,
    app: &App,
    invitation: &Invitation,
) -> Result<Vec<OtherAddress>, Internal> {
    let catalogue = app.catalogue.current();
    let application = catalogue.application(invitation.application);
    if application.is_none_or(|it| it.policy.address != AddressMode::AnyWithApproval) {
        return Ok(Vec::new());
    }
    let proven = address::proven(tx, invitation.id).await?;
    let shown = |it: address::Proven| OtherAddress {
        email: it.email,
        approved: it.approved_at.is_some(),
    };
    Ok(proven.into_iter().map(shown).collect())
}

#[derive(Deserialize)]
pub(super) struct Typed {
    email: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, PageFailure> {
    let (moment, actor, id) = (app.moment(), admin.actor(), detail::parse(&id)?);
    let invitation = detail::found(&app, id).await?;
    let write = Permission::InvitationsWrite;
    require(&admin, &app, invitation.application, write)?;
    let wanted: EmailAddress = typed.email.parse().map_err(|_| Failure::not_found())?;
    app.db
        .write(async |tx| address::approve(tx, &moment, &actor, id, &wanted).await)
        .await?;
    let id = id.to_string();
    Ok(Redirect::to(&app.links.console_invitation_after(&id, "approved")).into_response())
}
