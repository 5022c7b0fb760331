//! One's own account: what one signs in with, what can be added and what taken away.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{go_on, telling};
use crate::app::{App, Followed, Hosted};
use crate::application::ApplicationId;
use crate::federation::methods::{self, Methods, UnlinkRefused};
use crate::federation::{AccountKey, LinkedAccount};
use crate::identity::{self, Identity};
use crate::kit::{Failed, Internal, Refusal as _, digest};
use crate::session::Session;
use crate::session::flow::{Account, Destination, Flow};
use crate::web::page::{self, AccountNotice, LinkedRow, Problem};
use crate::web::{Failure, Form, PageFailure, Query};

#[derive(Deserialize)]
pub(super) struct Of {
    application: Option<ApplicationId>,
    notice: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<Of>,
) -> Result<Response, PageFailure> {
    let followed = follow(&app, &hosted, query.application)?;
    let Some(session) = hosted.session_in(followed.application.store) else {
        return Ok(hosted.with_cookies(go_on(&app, &followed.sealed)));
    };
    let notice = query.notice.filter(|word| word == "unlinked");
    let notice = notice.map(|_| AccountNotice::Unlinked);
    render(&app, &hosted, (&followed, session), notice, Vec::new()).await
}

#[derive(Deserialize)]
pub(super) struct Unlink {
    application: ApplicationId,
    /// As the page named it.
    account: String,
}

pub(super) async fn unlink(
    State(app): State<App>,
    hosted: Hosted,
    Form(form): Form<Unlink>,
) -> Result<Response, PageFailure> {
    let followed = follow(&app, &hosted, Some(form.application))?;
    let Some(session) = hosted.session_in(followed.application.store) else {
        return Ok(hosted.with_cookies(go_on(&app, &followed.sealed)));
    };
    match take_away(&app, &hosted, (&followed, session), &form.account).await {
        Ok(()) => {
            let page = app
                .links
                .account_after(&form.application.to_string(), "unlinked");
            Ok(Redirect::to(&page).into_response())
        }
        Err(Failed::Refused(refused)) => {
            let problem = Problem::whole(refused.code(), refused.sentence());
            let page = render(&app, &hosted, (&followed, session), None, vec![problem]).await?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(Failed::Internal(internal)) => Err(internal.into()),
    }
}

/// A way to this page and to connecting more: the application gives its name and says what can be connected.
fn follow(
    app: &App,
    hosted: &Hosted,
    application: Option<ApplicationId>,
) -> Result<Followed, PageFailure> {
    let catalogue = app.catalogue.current();
    let named = application.and_then(|id| catalogue.application(id));
    let of_session = || {
        let store = hosted.session()?.store;
        catalogue
            .applications()
            .iter()
            .find(|one| one.store == store)
    };
    let application = named.or_else(of_session).ok_or_else(Failure::not_found)?;
    let session = hosted.session_in(application.store);
    let flow = Flow {
        destination: Destination::Account,
        account: session.map_or(Account::NotAsked, |session| Account::Chosen(session.id)),
        ..hosted.new_flow(app, application.id)
    };
    hosted.follow(app, &flow.seal(&app.sealer, &app.moment())?)
}

async fn render(
    app: &App,
    hosted: &Hosted,
    (followed, session): (&Followed, &Session),
    notice: Option<AccountNotice>,
    problems: Vec<Problem>,
) -> Result<Response, PageFailure> {
    let identity = session.identity;
    let read: Result<_, Internal> = app
        .db
        .read(async |tx| {
            let person = identity::find(tx, identity).await?;
            Ok((person, methods::of(tx, identity).await?))
        })
        .await;
    let (person, methods) = read?;
    let person: Identity = person.ok_or_else(Failure::not_found)?;
    let identifier = person.identifiers.first().map(|first| first.value.clone());
    let application = followed.application.id.to_string();
    let page = page::Account {
        name: person.display_name(),
        identifier: identifier.unwrap_or_default(),
        password: methods.password,
        forgotten_url: app.links.forgotten_password_of(&application),
        accounts: rows(&methods),
        flow: followed.sealed.clone(),
        providers: app.buttons_of(&followed.application),
        home_url: Some(app.home_of(&followed.application)),
        notice,
        problems,
        application,
    };
    hosted.page(app, &hosted.shell_of(followed), &page)
}

fn rows(methods: &Methods) -> Vec<LinkedRow> {
    let row = |account: &LinkedAccount| LinkedRow {
        key: name_of(&account.key),
        connection: account.connection_name.clone(),
        account: account.label.clone(),
        last_used_at: account.last_used_at,
        usable: account.usable,
        removable: methods.can_lose(&account.key),
    };
    methods.accounts.iter().map(row).collect()
}

/// What the page calls an account: nothing that says more than the page.
fn name_of(key: &AccountKey) -> String {
    let text = format!("{}\n{}", key.namespace, key.subject);
    URL_SAFE_NO_PAD.encode(digest(text.as_bytes()))
}

async fn take_away(
    app: &App,
    hosted: &Hosted,
    (followed, session): (&Followed, &Session),
    account: &str,
) -> Result<(), Failed<UnlinkRefused>> {
    let moment = app.moment();
    let (locale, account_page) = telling(app, hosted, followed);
    let telling = methods::Telling {
        sealer: &app.sealer,
        application: &followed.application,
        locale: &locale,
        account_page: &account_page,
    };
    app.db
        .write(async |tx| {
            let all = methods::of(tx, session.identity).await?.accounts;
            let gone = all.into_iter().find(|one| name_of(&one.key) == account);
            let gone = gone.ok_or(Failed::Refused(UnlinkRefused::NotLinked))?;
            methods::disconnect(tx, &moment, &telling, (session, &gone.key)).await
        })
        .await
}
