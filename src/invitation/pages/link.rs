//! The mailed link and the short code: looking changes nothing, going on takes a person's POST in the same browser (R128).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;

use super::ends::ended;
use crate::app::{App, Hosted};
use crate::invitation::open::{self, Link};
use crate::invitation::{Invitation, code};
use crate::kit::{EmailAddress, Internal};
use crate::session::flow::{Destination, Flow};
use crate::session::throttle::{Budget, Counter};
use crate::web::page::{EnterCode, InvitationLanding, Problem};
use crate::web::{Brand, ClientAddress, Failure, Form, PageFailure};

/// GET and HEAD: shows what the link is. Changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Path(token): Path<String>,
) -> Result<Response, PageFailure> {
    match open_link(&app, &token).await? {
        Link::Usable(invitation) => landing(&app, &hosted, &invitation, &token),
        other => ended(&app, &hosted, other, &token),
    }
}

/// POST: the person goes on. Without our cookie from the landing page it is no person's browser: the page is shown again.
pub(super) async fn go_on(
    State(app): State<App>,
    hosted: Hosted,
    Path(token): Path<String>,
) -> Result<Response, PageFailure> {
    match open_link(&app, &token).await? {
        Link::Usable(invitation) if hosted.is_known_browser() => {
            follow(&app, &hosted, &invitation).await
        }
        Link::Usable(invitation) => landing(&app, &hosted, &invitation, &token),
        other => ended(&app, &hosted, other, &token),
    }
}

pub(super) async fn open_link(app: &App, token: &str) -> Result<Link, Internal> {
    let moment = app.moment();
    app.db
        .read(async |tx| open::open(tx, &app.keys, app.links.issuer(), &moment, token).await)
        .await
}

fn landing(
    app: &App,
    hosted: &Hosted,
    invitation: &Invitation,
    token: &str,
) -> Result<Response, PageFailure> {
    let catalogue = app.catalogue.current();
    let application = catalogue.application(invitation.application);
    let page = InvitationLanding {
        inviter: invitation.inviter.name.clone(),
        description: application
            .map(|it| it.description.clone())
            .unwrap_or_default(),
        address: invitation.email.as_typed().to_owned(),
        expires_at: invitation.expires_at,
        days_left: (invitation.expires_at - app.moment().now).num_days(),
        message: invitation.message.clone(),
        action: app.links.invitation(token),
        decline_url: app.links.decline(token),
    };
    hosted.page(app, &hosted.shell_for(app, invitation), &page)
}

/// Records that a person opened the link and begins the flow that ends in the application.
async fn follow(
    app: &App,
    hosted: &Hosted,
    invitation: &Invitation,
) -> Result<Response, PageFailure> {
    let moment = app.moment();
    let link = invitation.link();
    let opened: Result<(), Internal> = app
        .db
        .write(async |tx| open::opened(tx, &moment, link).await)
        .await;
    opened?;
    let mut flow = Flow::begin(
        &moment,
        hosted.browser(),
        invitation.application,
        Destination::Application,
    );
    flow.invitation = Some(link);
    flow.login_hint = Some(invitation.email.as_typed().to_owned());
    flow.locales = vec![invitation.locale.to_string()];
    let sealed = flow.seal(&app.sealer, &moment)?;
    Ok(hosted.with_cookies(Redirect::to(&app.links.continue_flow(&sealed)).into_response()))
}

pub(super) async fn ask_for_code(
    State(app): State<App>,
    hosted: Hosted,
) -> Result<Response, PageFailure> {
    hosted.page(&app, &hosted.shell(Brand::default()), &EnterCode::default())
}

/// Wrong codes that one network may type in a quarter of an hour.
const CODES: Budget = Budget {
    failures: 20,
    window: TimeDelta::minutes(15),
};

#[derive(Deserialize)]
pub(super) struct Code {
    username: String,
    code: String,
}

/// The short code of the letter, typed in on another device (R128).
pub(super) async fn redeem_code(
    State(app): State<App>,
    hosted: Hosted,
    address: ClientAddress,
    Form(form): Form<Code>,
) -> Result<Response, PageFailure> {
    if !hosted.is_known_browser() {
        return ask_for_code(State(app), hosted).await;
    }
    let Some(invitation) = redeem(&app, address, &form).await? else {
        let sentence =
            "This address and code don’t fit together. Check both, or use the link in the letter.";
        let problems = vec![Problem::whole("code_unknown", sentence)];
        let page = EnterCode {
            address: form.username,
            problems,
        };
        let answer = hosted.page(&app, &hosted.shell(Brand::default()), &page)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, answer).into_response());
    };
    follow(&app, &hosted, &invitation).await
}

/// Tries a code. Wrong ones count against the address they come from, too.
async fn redeem(
    app: &App,
    from: ClientAddress,
    form: &Code,
) -> Result<Option<Invitation>, PageFailure> {
    let Ok(email) = form.username.parse::<EmailAddress>() else {
        return Ok(None);
    };
    let moment = app.moment();
    let network = from.network().to_string();
    let counters = vec![Counter::new(
        "invitation code",
        &[network.as_bytes()],
        CODES,
    )];
    let redeemed: Result<_, Internal> = app
        .db
        .write(async |tx| {
            let attempt = match app.attempts.begin(tx, moment.now, counters).await? {
                Ok(attempt) => attempt,
                Err(too_many) => return Ok(Err(too_many)),
            };
            let found = code::redeem(tx, &app.sealer, &moment, &email, &form.code).await?;
            let counted = match found {
                Some(_) => None,
                None => Some(attempt.failed(tx, &moment).await?),
            };
            Ok(Ok((found, counted)))
        })
        .await;
    let (found, _counted) = redeemed?.map_err(Failure::from)?;
    Ok(found)
}
