//! Somebody forgot their password. The same answer in the same time whether there is such an account or not.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::{Visit, recovery_desk};
use crate::app::{App, Followed, Hosted};
use crate::application::ApplicationId;
use crate::federation::methods::{self, Telling};
use crate::identity::Identity;
use crate::kit::{Internal, Moment};
use crate::session::flow::Flow;
use crate::session::recovery::{self, Asking};
use crate::web::page::{ForgottenPassword, Problem, RecoveryMailSent};
use crate::web::{Failure, Form, PageFailure, Query};

/// The answer takes this long, so that writing a letter can't be told from not writing one.
const ANSWER_AFTER: Duration = Duration::from_millis(250);

/// On a way, or from a letter that names the application.
#[derive(Deserialize)]
pub(super) struct Begin {
    flow: Option<String>,
    application: Option<ApplicationId>,
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(begin): Query<Begin>,
) -> Result<Response, PageFailure> {
    let sealed = match (begin.flow, begin.application) {
        (Some(sealed), _) => sealed,
        (None, Some(application)) => hosted
            .new_flow(&app, application)
            .seal(&app.sealer, &app.moment())?,
        (None, None) => return Err(Failure::not_found().into()),
    };
    let followed = hosted.follow(&app, &sealed)?;
    page(&app, &hosted, &followed, String::new(), Vec::new())
}

pub(super) fn page(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
    username: String,
    problems: Vec<Problem>,
) -> Result<Response, PageFailure> {
    let username = if username.is_empty() {
        followed.flow.login_hint.clone()
    } else {
        Some(username)
    };
    let page = ForgottenPassword {
        flow: followed.sealed.clone(),
        username: username.unwrap_or_default().chars().take(254).collect(),
        sign_in_url: app.links.sign_in(&followed.sealed),
        problems,
    };
    hosted.page(app, &hosted.shell_of(followed), &page)
}

#[derive(Deserialize)]
pub(super) struct Typed {
    flow: String,
    username: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    visit: Visit,
    Form(typed): Form<Typed>,
) -> Result<Response, PageFailure> {
    let begun = Instant::now();
    let hosted = &visit.hosted;
    let followed = hosted.follow(&app, &typed.flow)?;
    if typed.username.trim().is_empty() {
        let problem = Problem {
            field: "username".to_owned(),
            code: "required".to_owned(),
            sentence: "Enter what you sign in with.".to_owned(),
        };
        let page = page(&app, hosted, &followed, String::new(), vec![problem])?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let (moment, shell) = (app.moment(), hosted.shell_of(&followed));
    let asking = Asking {
        application: &followed.application,
        username: &typed.username,
        flow: &as_long_as_the_link(&app, &moment, &followed.flow)?,
        address: visit.address,
        locale: &shell.locale,
    };
    let without_password = recovery::ask(&recovery_desk(&app), &moment, &asking).await?;
    if let Some(person) = without_password {
        remind(&app, &moment, &asking, &person).await?;
    }
    let page = RecoveryMailSent {
        username: typed.username.chars().take(254).collect(),
        minutes: recovery::LIFETIME.num_minutes(),
        sign_in_url: app.links.sign_in(&followed.sealed),
    };
    sleep_until(begun + ANSWER_AFTER).await;
    hosted.page(&app, &shell, &page)
}

/// An account that has no password: its owner reads with what they sign in. Only who has nothing else gets a link, and with it
/// a first password; the mailbox is then all that proves them.
async fn remind(
    app: &App,
    moment: &Moment,
    asking: &Asking<'_>,
    person: &Identity,
) -> Result<(), Internal> {
    let application = asking.application.id.to_string();
    let telling = Telling {
        sealer: &app.sealer,
        application: asking.application,
        locale: asking.locale,
        account_page: &app.links.account_in(&application),
    };
    let desk = recovery_desk(app);
    app.db
        .write(async |tx| {
            if methods::remind(tx, moment, &telling, person).await? {
                return Ok(());
            }
            recovery::write_letter(tx, &desk, moment, asking, person).await
        })
        .await
}

/// The flow begins anew, so that it doesn't end before the link does.
fn as_long_as_the_link(app: &App, moment: &Moment, flow: &Flow) -> Result<String, PageFailure> {
    let flow = Flow {
        begun: moment.now,
        ..flow.clone()
    };
    Ok(flow.seal(&app.sealer, moment)?)
}
