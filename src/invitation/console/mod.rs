//! Invitations in the console: the list, the form, the detail view (R26–R63).
//!
//! The same use cases as the management API; here they are shown to a person.

mod approve;
mod detail;
mod invite;
pub mod stores;

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::access::Permission;
use crate::app::{Admin, App};
use crate::application::{ApplicationId, Purpose};
use crate::console::frame;
use crate::db::Tx;
use crate::invitation::list::{self, Filter};
use crate::invitation::{Invitation, InvitationId, Status};
use crate::kit::{EmailAddress, Internal, PageRequest};
use crate::mail;
use crate::web::page::{Chip, InvitationList, InvitationRow, ResultingGroup};
use crate::web::{Brand, Failure, PageFailure, Query, path};

pub fn routes() -> Router<App> {
    Router::new()
        .route(path::CONSOLE_INVITATIONS, get(show))
        .route(path::CONSOLE_INVITE, get(invite::form).post(invite::submit))
        .route(path::CONSOLE_INVITATION, get(detail::show))
        .route(path::CONSOLE_INVITATION_RESEND, post(detail::resend))
        .route(path::CONSOLE_INVITATION_REVOKE, post(detail::revoke))
        .route(path::CONSOLE_INVITATION_APPROVE, post(approve::submit))
        .route(path::CONSOLE_INVITATION_LINK, post(detail::link))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    status: String,
    #[serde(default)]
    email: String,
    after: Option<InvitationId>,
    #[serde(default)]
    notice: String,
}

/// Each line asks for its letter's state, so a page is short.
const LINES: u16 = 25;

impl Wanted {
    /// The list with the same search, another status and another page.
    fn url(&self, app: &App, status: &str, after: &str) -> String {
        let mut filters = vec![
            ("status", status),
            ("email", self.email.trim()),
            ("after", after),
        ];
        filters.retain(|(_, value)| !value.is_empty());
        app.links.console_invitations_where(&filters)
    }

    fn chips(&self, app: &App) -> Vec<Chip> {
        let chip = |status: &str, words: &str| Chip {
            status: words.to_owned(),
            url: self.url(app, status, ""),
            count: None,
            current: self.status == status,
        };
        let each = Status::LISTED
            .iter()
            .map(|one| chip(one.as_str(), one.as_str()));
        std::iter::once(chip("", "all")).chain(each).collect()
    }
}

/// R51–R56: pending, done, expired and declined together, filtered by links that are kept in the URL.
async fn show(
    State(app): State<App>,
    admin: Admin,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsRead)?;
    let status = Status::LISTED
        .into_iter()
        .find(|status| status.as_str() == wanted.status);
    let email = wanted.email.parse::<EmailAddress>().ok();
    let nobody = email.is_none() && !wanted.email.trim().is_empty();
    let filter = Filter {
        status,
        email,
        ..Filter::default()
    };
    let page = PageRequest {
        after: wanted.after,
        limit: LINES,
    };
    let moment = app.moment();
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| {
            if nobody {
                return Ok((Vec::new(), None));
            }
            let found = list::list(tx, &moment, &filter, &page).await?;
            Ok((rows(tx, &app, &found.items).await?, found.next))
        })
        .await;
    let (rows, next) = read?;
    let status = status.map_or("", Status::as_str);
    let page = InvitationList {
        me: frame(&app, &admin).await?,
        chips: wanted.chips(&app),
        search: wanted.email.clone(),
        status: status.to_owned(),
        rows,
        next_url: next.map(|id| wanted.url(&app, status, &id.to_string())),
        first_url: wanted.after.map(|_| wanted.url(&app, status, "")),
        notice: (wanted.notice == "revoked").then(|| wanted.notice.clone()),
    };
    admin
        .hosted
        .page(&app, &admin.hosted.shell(Brand::default()), &page)
}

/// The lines of a list.
pub async fn rows(
    tx: &mut Tx,
    app: &App,
    invitations: &[Invitation],
) -> Result<Vec<InvitationRow>, Internal> {
    let mut rows = Vec::with_capacity(invitations.len());
    for invitation in invitations {
        rows.push(row(tx, app, invitation).await?);
    }
    Ok(rows)
}

/// One line, with what became of the letter (R137).
async fn row(tx: &mut Tx, app: &App, invitation: &Invitation) -> Result<InvitationRow, Internal> {
    let catalogue = app.catalogue.current();
    let application = catalogue.application(invitation.application);
    let delivery = mail::delivery_of(tx, invitation.id).await?;
    Ok(InvitationRow {
        url: app.links.console_invitation(&invitation.id.to_string()),
        name: invitation.profile.display_name().unwrap_or_default(),
        address: invitation.email.as_typed().to_owned(),
        application: application.map(|it| it.name.clone()).unwrap_or_default(),
        status: invitation.stage.status().as_str().to_owned(),
        delivery: delivery.map(|delivery| delivery.state.as_str().to_owned()),
        inviter: invitation.inviter.name.clone(),
        sent_at: invitation.sent_at,
        expires_at: invitation.expires_at,
    })
}

/// Whoever makes, sends or holds an invitation into the console decides who becomes an administrator, and needs a
/// permission of its own for that.
fn require(
    admin: &Admin,
    app: &App,
    application: ApplicationId,
    permission: Permission,
) -> Result<(), Failure> {
    admin.must(permission)?;
    if is_console(app, application) {
        admin.must(Permission::AdministratorsWrite)?;
    }
    Ok(())
}

fn is_console(app: &App, application: ApplicationId) -> bool {
    let catalogue = app.catalogue.current();
    catalogue
        .application(application)
        .is_some_and(|one| one.purpose == Purpose::Console)
}

/// R45, R49: each group once, with the reasons for it.
fn union(invited: &BTreeSet<String>, assigned: &BTreeSet<String>) -> Vec<ResultingGroup> {
    let group = |name: &String| ResultingGroup {
        name: name.clone(),
        by_invitation: invited.contains(name),
        by_application: assigned.contains(name),
    };
    invited.union(assigned).map(group).collect()
}
