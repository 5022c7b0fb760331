//! One invitation (R57–R63, R137): its history, its letter, and what can still be done.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::{approve, require, row, union};
use crate::access::Permission;
use crate::app::{Admin, App};
use crate::console::frame;
use crate::db::Tx;
use crate::event::{self, Actor, Event, Filter};
use crate::group::{self, GroupId};
use crate::identity::{self, IdentityStore};
use crate::invitation::form::{ATTRIBUTE, prefilled};
use crate::invitation::issue::Issued;
use crate::invitation::resend::{self, Resend};
use crate::invitation::{
    self, Invitation, InvitationId, Refused, Sending, Stage, Status, revoke as revoking,
};
use crate::kit::{Failed, Internal, Moment, PageRequest};
use crate::mail::{self, Delivery, State as Letter};
use crate::web::page::{
    DeliveryFacts, Field, InvitationDetail, InvitationLinkOnce, InvitationRow, OtherAddress,
    ResultingGroup, Step, StepState,
};
use crate::web::{Brand, Failure, PageFailure, Query};

/// What the page shows, as read in one go.
struct Seen {
    invitation: Invitation,
    groups: Vec<(GroupId, String)>,
    row: InvitationRow,
    store: Option<IdentityStore>,
    addresses: Vec<OtherAddress>,
    delivery: Option<Delivery>,
    events: Vec<Event>,
}

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    notice: String,
}

pub(super) async fn show(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    Query(after): Query<After>,
) -> Result<Response, PageFailure> {
    admin.must(Permission::InvitationsRead)?;
    let id = parse(&id)?;
    let seen = look(&app, id).await?.ok_or_else(Failure::not_found)?;
    let open = matches!(
        seen.invitation.stage.status(),
        Status::Pending | Status::Expired
    );
    let (text, application) = (id.to_string(), seen.invitation.application);
    let may = |permission, url: String| {
        (open && require(&admin, &app, application, permission).is_ok()).then_some(url)
    };
    let notices = ["sent", "resent", "approved"];
    let page = InvitationDetail {
        me: frame(&app, &admin).await?,
        message: seen.invitation.message.clone(),
        locale: seen.invitation.locale.to_string(),
        profile: profile(&seen),
        groups: resulting(&app, &seen),
        account_url: account(&app, &admin, &seen.invitation),
        addresses: seen.addresses.clone(),
        approve_url: may(
            Permission::InvitationsWrite,
            app.links.console_invitation_approve(&text),
        ),
        steps: steps(&seen),
        delivery: seen.delivery.as_ref().map(facts),
        store: seen.store.map(|store| store.name).unwrap_or_default(),
        row: seen.row,
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
        notice: Some(after.notice).filter(|notice| notices.contains(&notice.as_str())),
        problems: Vec::new(),
    };
    admin
        .hosted
        .page(&app, &admin.hosted.shell(Brand::default()), &page)
}

pub(super) fn parse(id: &str) -> Result<InvitationId, Failure> {
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
                kind: Some("invitation.".to_owned()),
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
            Ok(Some(Seen {
                row: row(tx, app, &invitation).await?,
                addresses: approve::addresses(tx, app, &invitation).await?,
                invitation,
                groups,
                store,
                delivery,
                events: events.items,
            }))
        })
        .await
}

/// R53: the account that came of it.
fn account(app: &App, admin: &Admin, invitation: &Invitation) -> Option<String> {
    match &invitation.stage {
        Stage::Done { identity, .. } if admin.may(Permission::IdentitiesRead) => {
            Some(app.links.console_account(&identity.to_string()))
        }
        _ => None,
    }
}

/// What was filled in, under the names that stand in the form.
fn profile(seen: &Seen) -> Vec<Field> {
    let label = |name: &str| {
        let name = name.strip_prefix(ATTRIBUTE)?;
        let mut definitions = seen.store.iter().flat_map(|store| &store.attributes);
        definitions
            .find(|one| one.name == name)
            .map(|one| one.label.clone())
    };
    prefilled(&seen.invitation)
        .into_iter()
        .map(|(name, value)| Field {
            label: label(&name),
            ..Field::claim(&name, value)
        })
        .collect()
}

fn resulting(app: &App, seen: &Seen) -> Vec<ResultingGroup> {
    let catalogue = app.catalogue.current();
    let assigned = catalogue.groups_of(seen.invitation.application);
    let assigned = assigned.iter().map(|it| it.name.clone()).collect();
    let invited = seen.groups.iter().map(|(_, name)| name.clone()).collect();
    union(&invited, &assigned)
}

/// The history, oldest first, and what is still to come.
fn steps(seen: &Seen) -> Vec<Step> {
    let inviter = &seen.invitation.inviter;
    let step = |event: &Event| {
        let kind = event.kind.trim_start_matches("invitation.");
        let text = |name: &str| event.data.get(name).and_then(|text| text.as_str());
        let said = text("answer").or_else(|| text("address"));
        let who = (event.actor == inviter.actor.to_string()).then_some(inviter.name.as_str());
        Step {
            kind: kind.to_owned(),
            state: match kind {
                "delivery_failed" | "declined" | "reported" | "revoked" | "expired"
                | "address_waiting" => StepState::Warn,
                _ => StepState::Done,
            },
            at: Some(event.at),
            detail: said.or(who).unwrap_or_default().to_owned(),
        }
    };
    let mut steps: Vec<Step> = seen.events.iter().rev().map(step).collect();
    if seen.invitation.stage.status() == Status::Pending {
        let last = steps.last_mut();
        if let Some(last) = last.filter(|last| last.state == StepState::Done) {
            last.state = StepState::Now;
        }
        steps.push(Step {
            kind: "accepted".to_owned(),
            state: StepState::Todo,
            at: None,
            detail: String::new(),
        });
    }
    steps
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

/// A new link for an open invitation. One that is shown instead of mailed is written down as seen (R133).
async fn renew(
    app: &App,
    admin: &Admin,
    id: &str,
    (sending, permission): (Sending, Permission),
) -> Result<Issued, PageFailure> {
    let (id, moment, actor) = (parse(id)?, app.moment(), admin.actor());
    let invitation = found(app, id).await?;
    require(admin, app, invitation.application, permission)?;
    let catalogue = app.catalogue.current();
    let desk = app.desk(&catalogue);
    let wish = Resend {
        invitation: id,
        actor: &actor,
        lifetime: None,
        sending,
        appoints: super::invite::appoints(admin),
    };
    let renewed = app.db.write(async |tx| {
        let issued = resend::resend(tx, &desk, &moment, wish).await?;
        if sending == Sending::LinkOnly {
            revealed(tx, &moment, &actor, id).await?;
        }
        Ok::<_, Failed<Refused>>(issued)
    });
    Ok(renewed.await?)
}

pub(super) async fn found(app: &App, id: InvitationId) -> Result<Invitation, PageFailure> {
    let now = app.moment().now;
    let found = app
        .db
        .read(async |tx| invitation::find(tx, id, now).await)
        .await?;
    Ok(found.ok_or_else(Failure::not_found)?)
}

pub(super) async fn revealed(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: InvitationId,
) -> Result<(), Internal> {
    let happening = event::Kind::InvitationLinkRevealed.about(id, serde_json::json!({}));
    event::record(tx, moment, actor, happening).await?;
    Ok(())
}

pub(super) async fn resend(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let how = (Sending::Letter, Permission::InvitationsWrite);
    renew(&app, &admin, &id, how).await?;
    Ok(Redirect::to(&app.links.console_invitation_after(&id, "resent")).into_response())
}

/// A new link, shown once, under its own permission (R133); the older link ends.
pub(super) async fn link(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let how = (Sending::LinkOnly, Permission::InvitationsLink);
    let issued = renew(&app, &admin, &id, how).await?;
    link_page(&app, &admin, &issued).await
}

pub(super) async fn link_page(
    app: &App,
    admin: &Admin,
    issued: &Issued,
) -> Result<Response, PageFailure> {
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| row(tx, app, &issued.invitation).await)
        .await;
    let row = read?;
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
    let (moment, actor, id) = (app.moment(), admin.actor(), parse(&id)?);
    let invitation = found(&app, id).await?;
    let write = Permission::InvitationsWrite;
    require(&admin, &app, invitation.application, write)?;
    app.db
        .write(async |tx| revoking::revoke(tx, &moment, &actor, id).await)
        .await?;
    let list = app
        .links
        .console_invitations_where(&[("notice", "revoked")]);
    Ok(Redirect::to(&list).into_response())
}
