//! The link of a recovery letter. Opening it changes nothing; choosing a password takes the browser that opened it (R128).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::{Visit, forgotten, go_on, recovery_desk};
use crate::app::{App, Followed, Hosted};
use crate::identity::password::MIN_CHARACTERS;
use crate::kit::{Failed, FieldProblem, Refusal as _, Secret};
use crate::session::flow::Flow;
use crate::session::recovery::{self, Link, Opened, Refused, Resetting};
use crate::web::page::{PasswordField, Problem, ResetPassword, problems_of};
use crate::web::{Form, PageFailure, form_again};

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Path(token): Path<Secret>,
) -> Result<Response, PageFailure> {
    let link = recovery::open(&recovery_desk(&app), app.moment().now, &token).await?;
    match link {
        Link::Good(opened) => {
            let followed = follow(&app, &hosted, &opened.flow)?;
            page(&app, &hosted, &followed, (&token, &opened), &[])
        }
        Link::Over(flow) => over(&app, &hosted, &flow),
        Link::Unknown => Err(Refused::LinkOver.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct Typed {
    password: Secret,
}

pub(super) async fn submit(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<Secret>,
    Form(typed): Form<Typed>,
) -> Result<Response, PageFailure> {
    let (moment, hosted, desk) = (app.moment(), &visit.hosted, recovery_desk(&app));
    let opened = match recovery::open(&desk, moment.now, &token).await? {
        Link::Good(opened) => opened,
        Link::Over(flow) => return over(&app, hosted, &flow),
        Link::Unknown => return Err(Refused::LinkOver.into()),
    };
    let followed = follow(&app, hosted, &opened.flow)?;
    if !followed.application.policy.allows_local() {
        return over(&app, hosted, &opened.flow); // passwords have been given up since the letter
    }
    if !hosted.is_known_browser() {
        return page(&app, hosted, &followed, (&token, &opened), &[]);
    }
    let resetting = Resetting {
        token: &token,
        password: &typed.password,
        application: &followed.application,
        locale: &hosted.shell_of(&followed).locale,
        lifetime: app.session_lifetime(),
    };
    match recovery::reset(&desk, &moment, &opened, &resetting).await {
        Ok(started) => {
            // What applications hold because of the old password is worthless on this node from now on.
            app.revocations.reload(&app.db, &moment).await?;
            let mut response = hosted.signed_in(&app, &started, go_on(&app, &followed.sealed))?;
            let names: Vec<_> = opened
                .person
                .identifiers
                .iter()
                .map(|one| one.value.as_str())
                .collect();
            visit.remember(&app, opened.person.store, &names, &mut response)?;
            Ok(response)
        }
        Err(Failed::Refused(Refused::LinkOver)) => over(&app, hosted, &opened.flow),
        Err(Failed::Refused(Refused::NotTaken(not))) => {
            let mut problems = not.fields();
            if problems.is_empty() {
                problems.push(FieldProblem::new("", not.code(), not.sentence()));
            }
            let page = page(&app, hosted, &followed, (&token, &opened), &problems)?;
            Ok(form_again(&not, page))
        }
        Err(Failed::Internal(internal)) => Err(internal.into()),
    }
}

/// The way goes on in the browser that opened the link.
fn follow(app: &App, hosted: &Hosted, flow: &Flow) -> Result<Followed, PageFailure> {
    let moment = app.moment();
    let flow = flow.clone().moved_to(hosted.browser(), moment.now);
    hosted.follow(app, &flow.seal(&app.sealer, &moment)?)
}

fn page(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
    (token, opened): (&Secret, &Opened),
    problems: &[FieldProblem],
) -> Result<Response, PageFailure> {
    let identifier = opened
        .person
        .identifiers
        .first()
        .map(|first| first.value.clone());
    let page = ResetPassword {
        action: app.links.reset_password(token.reveal()),
        username: identifier.unwrap_or_default(),
        password: PasswordField {
            minimum: MIN_CHARACTERS,
        },
        problems: problems_of(problems),
    };
    hosted.page(app, &hosted.shell_of(followed), &page)
}

/// The link is over: the page on which the next one is asked for says so.
fn over(app: &App, hosted: &Hosted, flow: &Flow) -> Result<Response, PageFailure> {
    let followed = follow(app, hosted, flow)?;
    let problem = Problem::whole(Refused::LinkOver.code(), Refused::LinkOver.sentence());
    let page = forgotten::page(app, hosted, &followed, String::new(), vec![problem])?;
    Ok((StatusCode::GONE, page).into_response())
}
