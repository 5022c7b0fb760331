//! Links that lead nowhere any more, each with a page of its own (R142), and the invitee's "no" (R143).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::link::open_link;
use crate::app::{App, Hosted};
use crate::invitation::decline::{self, Post, Reason};
use crate::invitation::open::Link;
use crate::invitation::{Invitation, Refused, Stage, fresh_link};
use crate::kit::Failed;
use crate::web::page::{
    DeclineInvitation, Declined, FreshLinkAsked, InvitationEnd, InvitationEnded,
};
use crate::web::{Brand, Form, PageFailure, Query};

/// The page of a link that can't be used. What it tells depends on what the link proves.
pub(super) fn ended(
    app: &App,
    hosted: &Hosted,
    link: Link,
    token: &str,
) -> Result<Response, PageFailure> {
    let (end, status, invitation) = match link {
        Link::Expired(it) => (InvitationEnd::Expired, StatusCode::GONE, Some(it)),
        Link::Replaced(it) => (InvitationEnd::Superseded, StatusCode::GONE, Some(it)),
        Link::Used(it) => (InvitationEnd::Used, StatusCode::GONE, Some(it)),
        Link::Declined(it) => (InvitationEnd::Declined, StatusCode::GONE, Some(it)),
        Link::Revoked(it) => (InvitationEnd::Revoked, StatusCode::GONE, Some(it)),
        Link::Usable(_) | Link::Unknown | Link::OtherApplication => {
            (InvitationEnd::Unknown, StatusCode::NOT_FOUND, None)
        }
    };
    let offers_fresh = matches!(end, InvitationEnd::Expired | InvitationEnd::Superseded);
    let page = InvitationEnded {
        end,
        inviter: invitation.as_ref().map(|it| it.inviter.name.clone()),
        ended_at: invitation.as_ref().and_then(ended_at),
        masked_address: invitation.as_ref().map(|it| it.email.masked()),
        fresh_link_token: (offers_fresh && !token.is_empty()).then(|| token.to_owned()),
        sign_in_url: invitation
            .as_ref()
            .filter(|_| end == InvitationEnd::Used)
            .and_then(|it| {
                let flow = hosted.new_flow(app, it.application);
                flow.seal(&app.sealer, &app.moment())
                    .ok()
                    .map(|sealed| app.links.continue_flow(&sealed))
            }),
    };
    let shell = invitation.map_or_else(
        || hosted.shell(Brand::default()),
        |it| hosted.shell_for(app, &it),
    );
    Ok((status, hosted.page(app, &shell, &page)?).into_response())
}

fn ended_at(invitation: &Invitation) -> Option<chrono::DateTime<chrono::Utc>> {
    match invitation.stage {
        Stage::Pending => None,
        Stage::Expired => Some(invitation.expires_at),
        Stage::Done { at, .. } | Stage::Declined { at, .. } | Stage::Revoked { at } => Some(at),
    }
}

#[derive(Deserialize)]
pub(super) struct Token {
    token: String,
}

/// Mails the original address and nobody else; the answer is the same whether it was sent now or a moment ago.
pub(super) async fn send_fresh_link(
    State(app): State<App>,
    hosted: Hosted,
    Form(form): Form<Token>,
) -> Result<Response, PageFailure> {
    let link = open_link(&app, &form.token).await?;
    let (Link::Expired(invitation) | Link::Replaced(invitation)) = link else {
        return ended(&app, &hosted, link, &form.token);
    };
    let (moment, catalogue) = (app.moment(), app.catalogue.current());
    let desk = app.desk(&catalogue);
    let asked = app
        .db
        .write(async |tx| fresh_link::ask(tx, &desk, &moment, invitation.id).await)
        .await;
    match asked {
        Ok(()) | Err(Failed::Refused(Refused::TooSoon)) => {}
        Err(failed) => return Err(failed.into()),
    }
    let page = FreshLinkAsked {
        masked_address: Some(invitation.email.masked()),
    };
    hosted.page(&app, &hosted.shell_for(&app, &invitation), &page)
}

pub(super) async fn ask_to_decline(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<Token>,
) -> Result<Response, PageFailure> {
    let invitation = match open_link(&app, &query.token).await? {
        Link::Usable(invitation) => invitation,
        other => return ended(&app, &hosted, other, &query.token),
    };
    let page = DeclineInvitation {
        inviter: invitation.inviter.name.clone(),
        back_url: app.links.invitation(&query.token),
        token: query.token,
    };
    hosted.page(&app, &hosted.shell_for(&app, &invitation), &page)
}

#[derive(Deserialize)]
pub(super) struct Choice {
    token: String,
    choice: String,
}

pub(super) async fn decline(
    State(app): State<App>,
    hosted: Hosted,
    Form(form): Form<Choice>,
) -> Result<Response, PageFailure> {
    let invitation = match open_link(&app, &form.token).await? {
        Link::Usable(invitation) if hosted.is_known_browser() => invitation,
        Link::Usable(_) => {
            return ask_to_decline(State(app), hosted, Query(Token { token: form.token })).await;
        }
        other => return ended(&app, &hosted, other, &form.token),
    };
    let reason = if form.choice == "report" {
        Reason::Reported
    } else {
        Reason::Declined
    };
    let (moment, catalogue, link) = (app.moment(), app.catalogue.current(), invitation.link());
    let post = Post {
        sealer: &app.sealer,
        catalogue: &catalogue,
        links: &app.links,
    };
    app.db
        .write(async |tx| decline::decline(tx, &post, &moment, link, reason).await)
        .await?;
    let page = Declined {
        inviter: invitation.inviter.name.clone(),
        reported: reason == Reason::Reported,
    };
    hosted.page(&app, &hosted.shell_for(&app, &invitation), &page)
}
