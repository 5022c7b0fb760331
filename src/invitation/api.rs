//! Invitations in the management API (R20–R63, R133, R137).

mod body;
mod view;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::issue::Issued;
use super::list::Filter;
use super::resend::Resend;
use super::{
    Appoints, Invitation, InvitationId, Refused, Sending, Status, address, issue, list, resend,
    revoke,
};
use crate::access::{Needs, Permission, may};
use crate::api::{
    Acts, Created, Creates, IdempotencyKey, List, Made, Named, Once, Reads, Tagged, choice, page,
    parameter,
};
use crate::app::{ApiClient, App};
use crate::application::{ApplicationId, Purpose};
use crate::db::Tx;
use crate::event::{self, Actor, Event, Kind};
use crate::kit::{EmailAddress, Failed, Internal, Moment, kinds};
use crate::web::{ApiQuery, Failure, Json};

use body::{AddressBody, InvitationBody, LifetimeBody};
use view::{CreatedInvitation, FreshLink};
pub use view::{InvitationDetail, InvitationView};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, create))
        .routes(routes!(show))
        .routes(routes!(resend_letter))
        .routes(routes!(fresh_link))
        .routes(routes!(revoke_invitation))
        .routes(routes!(approve_address))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only this status; revoked invitations are in no list.
    #[param(value_type = Option<Status>)]
    status: Option<String>,
    #[param(value_type = Option<ApplicationId>)]
    application: Option<String>,
    /// Compared without case.
    email: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if missing.
    #[param(value_type = Option<u16>)]
    limit: Option<String>,
}

/// Lists invitations: pending, done, expired and declined ones together (R56).
#[utoipa::path(get, path = "/invitations", operation_id = "list_invitations", tag = "Invitations", params(Wanted),
    security(("oauth2" = ["invitations:read"])), responses((status = 200, body = List<InvitationView>), Reads))]
async fn list_invitations(
    State(app): State<App>,
    _: ApiClient<may::InvitationsRead>,
    ApiQuery(wanted): ApiQuery<Wanted>,
) -> Result<axum::Json<List<InvitationView>>, Failure> {
    let page = page(wanted.after.as_deref(), wanted.limit.as_deref())?;
    let filter = Filter {
        status: choice("status", wanted.status.as_deref())?,
        application: parameter("application", wanted.application.as_deref())?,
        email: parameter("email", wanted.email.as_deref())?,
    };
    let moment = app.moment();
    let found = app
        .db
        .read(async |tx| list::list(tx, &moment, &filter, &page).await)
        .await?;
    Ok(axum::Json(List::of(found, |invitation| {
        InvitationView::from(&invitation)
    })))
}

/// Invites somebody into an application (R20–R53). The letter goes out by itself; with `"sending": "link"` there is no letter and
/// the link is in the first answer only, which needs `invitations:link` as well (R133).
#[utoipa::path(post, path = "/invitations", operation_id = "create_invitation", tag = "Invitations",
    security(("oauth2" = ["invitations:write"])), params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = CreatedInvitation), Creates))]
async fn create(
    State(app): State<App>,
    client: ApiClient<may::InvitationsWrite>,
    key: IdempotencyKey,
    Json(body): Json<InvitationBody>,
) -> Result<Created<CreatedInvitation>, Failure> {
    let once = Once::new(client.id, key, "create invitation", &body)?;
    require(&client, &app, body.application, body.sending())?;
    let (moment, catalogue, actor) = (app.moment(), app.catalogue.current(), client.actor());
    let inviter = body.inviter(&client.name, actor)?;
    let (new, sending) = (body.read(&catalogue)?, body.sending());
    let groups = new.groups.clone();
    let written = app.db.write(async |tx| {
        let desk = app.desk(&catalogue);
        let made = once.run(tx, &moment, async |tx| {
            let who = (inviter, appoints(&client));
            let issued = issue::issue(tx, &desk, &moment, who, new).await?;
            let since = reveal(tx, &moment, &actor, (issued.invitation.id, sending)).await?;
            Ok::<_, Failed<Refused>>((issued.invitation.id, (issued, since)))
        });
        Ok::<_, Failure>(match made.await? {
            Made::Now(_, (issued, since)) => {
                let detail = InvitationDetail::begins(&issued, groups, since.into_iter().collect());
                let link = (sending == Sending::LinkOnly).then_some(issued.link);
                (detail, issued.invitation.revision, link)
            }
            Made::Before(id) => {
                let invitation = found(tx, &moment, id).await?;
                let detail = InvitationDetail::read(tx, &invitation).await?;
                (detail, invitation.revision, None)
            }
        })
    });
    let (invitation, revision, link) = written.await?;
    let id = invitation.id().to_string();
    Ok(Created {
        location: app.links.api_v1(&["invitations", &id]),
        revision,
        body: CreatedInvitation::new(invitation, link),
    })
}

/// Somebody sees a link: the log says who.
async fn reveal(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (id, sending): (InvitationId, Sending),
) -> Result<Option<Event>, Internal> {
    if sending == Sending::Letter {
        return Ok(None);
    }
    let revealed = Kind::InvitationLinkRevealed.about(id, serde_json::json!({}));
    event::record(tx, moment, actor, revealed).await.map(Some)
}

/// Seeing a link needs a permission of its own (R133), and so does everything about an administrator's invitation: whoever
/// makes, sends or holds one decides who becomes an administrator.
fn require<P: Needs>(
    client: &ApiClient<P>,
    app: &App,
    application: ApplicationId,
    sending: Sending,
) -> Result<(), Failure> {
    let mut needed = Vec::new();
    if sending == Sending::LinkOnly {
        needed.push(Permission::InvitationsLink);
    }
    let catalogue = app.catalogue.current();
    if catalogue
        .application(application)
        .is_some_and(|one| one.purpose == Purpose::Console)
    {
        needed.push(Permission::AdministratorsWrite);
    }
    needed
        .into_iter()
        .try_for_each(|permission| client.require(permission))
}

fn appoints<P>(client: &ApiClient<P>) -> Appoints {
    if client.permissions().allow(Permission::AdministratorsWrite) {
        Appoints::Administrators
    } else {
        Appoints::Nobody
    }
}

async fn found(tx: &mut Tx, moment: &Moment, id: InvitationId) -> Result<Invitation, Failure> {
    super::find(tx, id, moment.now)
        .await?
        .ok_or_else(Failure::not_found)
}

/// Shows an invitation with its delivery (R137) and its history (R58).
#[utoipa::path(get, path = "/invitations/{id}", operation_id = "show_invitation", tag = "Invitations",
    security(("oauth2" = ["invitations:read"])), params(("id" = InvitationId, Path)),
    responses((status = 200, body = InvitationDetail), Reads))]
async fn show(
    State(app): State<App>,
    _: ApiClient<may::InvitationsRead>,
    Named(id): Named<kinds::Invitation>,
) -> Result<Tagged<InvitationDetail>, Failure> {
    let moment = app.moment();
    let read = app.db.read(async |tx| {
        let invitation = found(tx, &moment, id).await?;
        Ok::<_, Failure>(Tagged(
            invitation.revision,
            InvitationDetail::read(tx, &invitation).await?,
        ))
    });
    read.await
}

/// Sends the letter again with a new link (R57, R63): its validity begins anew, older links end.
#[utoipa::path(post, path = "/invitations/{id}/resend", operation_id = "resend_invitation", tag = "Invitations",
    security(("oauth2" = ["invitations:write"])), params(("id" = InvitationId, Path)),
    responses((status = 200, body = InvitationView), Creates))]
async fn resend_letter(
    State(app): State<App>,
    client: ApiClient<may::InvitationsWrite>,
    Named(id): Named<kinds::Invitation>,
    Json(body): Json<LifetimeBody>,
) -> Result<Tagged<InvitationView>, Failure> {
    let issued = again(&app, &client, id, body, Sending::Letter).await?;
    Ok(Tagged(
        issued.invitation.revision,
        InvitationView::from(&issued.invitation),
    ))
}

/// Makes a new link and shows it, in this answer only (R133); no letter goes out, older links end.
#[utoipa::path(post, path = "/invitations/{id}/link", operation_id = "create_invitation_link", tag = "Invitations",
    security(("oauth2" = ["invitations:link"])), params(("id" = InvitationId, Path)),
    responses((status = 200, body = FreshLink), Creates))]
async fn fresh_link(
    State(app): State<App>,
    client: ApiClient<may::InvitationsLink>,
    Named(id): Named<kinds::Invitation>,
    Json(body): Json<LifetimeBody>,
) -> Result<axum::Json<FreshLink>, Failure> {
    let issued = again(&app, &client, id, body, Sending::LinkOnly).await?;
    Ok(axum::Json(FreshLink::new(
        &issued.link,
        issued.invitation.expires_at,
    )))
}

async fn again<P: Needs>(
    app: &App,
    client: &ApiClient<P>,
    id: InvitationId,
    body: LifetimeBody,
    sending: Sending,
) -> Result<Issued, Failure> {
    let (moment, catalogue, actor) = (app.moment(), app.catalogue.current(), client.actor());
    let wish = Resend {
        invitation: id,
        actor: &actor,
        lifetime: body.lifetime(),
        sending,
        appoints: appoints(client),
    };
    let resent = app.db.write(async |tx| {
        require(
            client,
            app,
            found(tx, &moment, id).await?.application,
            sending,
        )?;
        let issued = resend::resend(tx, &app.desk(&catalogue), &moment, wish).await?;
        reveal(tx, &moment, &actor, (id, sending)).await?;
        let invitation = found(tx, &moment, id).await?;
        Ok::<_, Failure>(Issued {
            invitation,
            ..issued
        })
    });
    resent.await
}

/// Revokes an invitation for good (R59, R60): its links end at once, and it leaves the list.
#[utoipa::path(post, path = "/invitations/{id}/revoke", operation_id = "revoke_invitation", tag = "Invitations",
    security(("oauth2" = ["invitations:write"])), params(("id" = InvitationId, Path)),
    responses((status = 204), Acts))]
async fn revoke_invitation(
    State(app): State<App>,
    client: ApiClient<may::InvitationsWrite>,
    Named(id): Named<kinds::Invitation>,
) -> Result<StatusCode, Failure> {
    let moment = app.moment();
    let revoked = app.db.write(async |tx| {
        require(
            &client,
            &app,
            found(tx, &moment, id).await?.application,
            Sending::Letter,
        )?;
        revoke::revoke(tx, &moment, &client.actor(), id).await?;
        Ok::<_, Failure>(StatusCode::NO_CONTENT)
    });
    revoked.await
}

/// Agrees to another address than the invited one, where the application's policy is `any_with_approval` (R38).
#[utoipa::path(post, path = "/invitations/{id}/approve-address", operation_id = "approve_address", tag = "Invitations",
    security(("oauth2" = ["invitations:write"])), params(("id" = InvitationId, Path)),
    responses((status = 204), Creates))]
async fn approve_address(
    State(app): State<App>,
    client: ApiClient<may::InvitationsWrite>,
    Named(id): Named<kinds::Invitation>,
    Json(body): Json<AddressBody>,
) -> Result<StatusCode, Failure> {
    let (moment, wanted): (_, EmailAddress) = (app.moment(), body.read()?);
    let approved = app.db.write(async |tx| {
        require(
            &client,
            &app,
            found(tx, &moment, id).await?.application,
            Sending::Letter,
        )?;
        address::approve(tx, &moment, &client.actor(), id, &wanted).await?;
        Ok::<_, Failure>(StatusCode::NO_CONTENT)
    });
    approved.await
}
