//! One invitation (R57–R63, R137): its history, its letter, and what can still be done.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::row;
use crate::access::Permission;
use crate::app::{Admin, App};
use crate::console::frame;
use crate::event::{self, Event, Filter};
use crate::group::{self, GroupId};
use crate::identity;
use crate::invitation::issue::Issued;
use crate::invitation::resend::{self, Resend};
use crate::invitation::{self, Invitation, InvitationId, Sending, Status, revoke as revoking};
use crate::kit::{Internal, PageRequest};
use crate::mail::{self, Delivery, State as Letter};
use crate::web::page::{
    DeliveryFacts, Field, InvitationDetail, InvitationLinkOnce, ResultingGroup, Step, StepState,
};
use crate::web::{Brand, Failure, PageFailure};

/// What the page shows, as read in one go.
struct Seen {
    invitation: Invitation,
    groups: Vec<(GroupId, String)>,
    store: String,
    delivery: Option<Delivery>,
    events: Vec<Event>,
}

pub(super) async fn show(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsRead)?;
    let id = parse(&id)?;
    let seen = look(&app, id).await?.ok_or_else(Failure::not_found)?;
    let open = matches!(
        seen.invitation.stage.status(),
        Status::Pending | Status::Expired
    );
    let text = id.to_string();
    let may = |permission, url: String| (open && admin.may(permission)).then_some(url);
    let page = InvitationDetail {
        me: frame(&app, &admin).await?,
        row: row(&app, &seen.invitation),
        store: seen.store.clone(),
        message: seen.invitation.message.clone(),
        locale: seen.invitation.locale.to_string(),
        profile: profile(&seen.invitation),
        groups: resulting(&app, &seen),
        steps: seen.events.iter().rev().filter_map(step).collect(),
        delivery: seen.delivery.as_ref().map(facts),
        resend_url: may(
            Permission::InvitationsWrite,
            app.links.console_invitation_resend(&text),
        ),
        revoke_url: may(
            Permission::InvitationsWrite,
            app.links.console_invitation_revoke(&text),
        ),
        link_url: may(
            Permission::InvitationsLink,
            app.links.console_invitation_link(&text),
        ),
        id: text,
        notice: None,
        problems: Vec::new(),
    };
    admin
        .hosted
        .page(&app, &admin.hosted.shell(Brand::default()), &page)
}

fn parse(id: &str) -> Result<InvitationId, Failure> {
    id.parse().map_err(|_| Failure::not_found())
}

async fn look(app: &App, id: InvitationId) -> Result<Option<Seen>, Internal> {
    let now = app.moment().now;
    app.db
        .read(async |tx| {
            let Some(invitation) = invitation::find(tx, id, now).await? else {
                return Ok(None);
            };
            let mut groups = Vec::new();
            for group in invitation::groups_of(tx, id).await? {
                groups.extend(group::find(tx, group).await?.map(|it| (it.id, it.name)));
            }
            let store = identity::find_store(tx, invitation.store).await?;
            let filter = Filter {
                subject: Some(id.to_string()),
                kind: None,
            };
            let events = event::list(
                tx,
                &filter,
                &PageRequest {
                    after: None,
                    limit: 100,
                },
            )
            .await?;
            let delivery = mail::delivery_of(tx, id).await?;
            let store = store.map(|it| it.name).unwrap_or_default();
            Ok(Some(Seen {
                invitation,
                groups,
                store,
                delivery,
                events: events.items,
            }))
        })
        .await
}

fn profile(invitation: &Invitation) -> Vec<Field> {
    let claims = invitation
        .profile
        .iter()
        .map(|(name, value)| Field::claim(name, value));
    let attributes = invitation.attributes.iter().map(|(name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        Field {
            label: Some(name.to_owned()),
            ..Field::claim(name, text)
        }
    });
    claims.chain(attributes).collect()
}

fn resulting(app: &App, seen: &Seen) -> Vec<ResultingGroup> {
    let catalogue = app.catalogue.current();
    let assigned = catalogue.groups_of(seen.invitation.application);
    let assigned: BTreeSet<&str> = assigned.iter().map(|it| it.name.as_str()).collect();
    let invited: BTreeSet<&str> = seen.groups.iter().map(|(_, name)| name.as_str()).collect();
    let group = |name: &&str| ResultingGroup {
        name: (*name).to_owned(),
        by_invitation: invited.contains(name),
        by_application: assigned.contains(name),
    };
    invited.union(&assigned).map(group).collect()
}

/// A line of the history; events that mean nothing to a reader are left out.
fn step(event: &Event) -> Option<Step> {
    let (kind, state) = match event.kind.as_str() {
        "invitation.created" => ("created", StepState::Done),
        "invitation.delivered" => ("sent", StepState::Done),
        "invitation.delivery_failed" => ("failed", StepState::Warn),
        "invitation.opened" => ("opened", StepState::Done),
        "invitation.started" => ("started", StepState::Done),
        "invitation.accepted" => ("done", StepState::Done),
        "invitation.resent" => ("resent", StepState::Done),
        "invitation.declined" => ("declined", StepState::Warn),
        "invitation.reported" => ("reported", StepState::Warn),
        "invitation.revoked" => ("revoked", StepState::Warn),
        "invitation.expired" => ("expired", StepState::Warn),
        "invitation.link_revealed" => ("link_copied", StepState::Done),
        _ => return None,
    };
    let (kind, detail) = (kind.to_owned(), String::new());
    Some(Step {
        kind,
        state,
        at: Some(event.at),
        detail,
    })
}

fn facts(delivery: &Delivery) -> DeliveryFacts {
    DeliveryFacts {
        state: delivery.state.as_str().to_owned(),
        attempts: delivery.attempts,
        answer: delivery.answer.clone(),
        next_try: delivery
            .next_try
            .filter(|_| delivery.state == Letter::Deferred),
        sent_at: delivery.sent_at,
    }
}

async fn renew(
    app: &App,
    admin: &Admin,
    id: &str,
    sending: Sending,
) -> Result<Issued, PageFailure> {
    let (moment, catalogue, actor) = (app.moment(), app.catalogue.current(), admin.actor());
    let desk = app.desk(&catalogue);
    let wish = Resend {
        invitation: parse(id)?,
        actor: &actor,
        lifetime: None,
        sending,
        appoints: super::invite::appoints(admin),
    };
    Ok(app
        .db
        .write(async |tx| resend::resend(tx, &desk, &moment, wish).await)
        .await?)
}

pub(super) async fn resend(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsWrite)?;
    renew(&app, &admin, &id, Sending::Letter).await?;
    Ok(Redirect::to(&app.links.console_invitation(&id)).into_response())
}

/// A new link, shown once, under its own permission (R133); the older link ends.
pub(super) async fn link(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsLink)?;
    let issued = renew(&app, &admin, &id, Sending::LinkOnly).await?;
    let (moment, actor) = (app.moment(), admin.actor());
    let happening =
        event::Kind::InvitationLinkRevealed.about(issued.invitation.id, serde_json::json!({}));
    let recorded: Result<_, Internal> = app
        .db
        .write(async |tx| event::record(tx, &moment, &actor, happening).await)
        .await;
    recorded?;
    link_page(&app, &admin, &issued).await
}

pub(super) async fn link_page(
    app: &App,
    admin: &Admin,
    issued: &Issued,
) -> Result<Response, PageFailure> {
    let row = row(app, &issued.invitation);
    let page = InvitationLinkOnce {
        me: frame(app, admin).await?,
        address: row.address,
        application: row.application,
        link: issued.link.reveal().to_owned(),
        expires_at: issued.invitation.expires_at,
        invitation_url: row.url,
    };
    admin
        .hosted
        .page(app, &admin.hosted.shell(Brand::default()), &page)
}

pub(super) async fn revoke(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsWrite)?;
    let (moment, actor, id) = (app.moment(), admin.actor(), parse(&id)?);
    app.db
        .write(async |tx| revoking::revoke(tx, &moment, &actor, id).await)
        .await?;
    Ok(Redirect::to(&app.links.console_invitations()).into_response())
}
