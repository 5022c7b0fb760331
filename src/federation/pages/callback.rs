//! A provider sends a browser back.
//!
//! Unknown and foreign states end on a page of ours: no redirect, nothing lost, and no word of the provider's.

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use url::form_urlencoded;

use super::super::come_back::{Arrival, Callback, Stranded, come_back};
use super::super::land::{Landed, Landing, land};
use super::super::way::Lost;
use super::super::{Connection, ConnectionId};
use super::{desk, trouble};
use crate::app::{App, Followed, Hosted};
use crate::session::flow::Flow;
use crate::web::extract::read_form_body;
use crate::web::page::{FormPost, Hidden};
use crate::web::{Brand, Failure, PageFailure};

/// What a form of a provider may bring along; everything else is left behind (A16).
const CARRIED: [&str; 7] = [
    "state",
    "code",
    "iss",
    "error",
    "error_description",
    "error_subcode",
    "suberror",
];

/// `response_mode=query`.
pub(super) async fn called(
    State(app): State<App>,
    hosted: Hosted,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageFailure> {
    let callback = Callback::parse(query.unwrap_or_default().as_bytes());
    arrive(&app, &hosted, &connection, &callback).await
}

/// `response_mode=form_post`. A browser doesn't send our cookies along with another site's POST (`SameSite=Lax`), so a page of
/// ours brings the fields again.
pub(super) async fn posted(
    State(app): State<App>,
    hosted: Hosted,
    Path(connection): Path<String>,
    request: Request,
) -> Result<Response, PageFailure> {
    let body = read_form_body(request, &app).await.map_err(Failure::from)?;
    let pairs = form_urlencoded::parse(&body).into_owned();
    let carried = pairs.filter(|(name, _)| CARRIED.contains(&name.as_str()));
    let page = FormPost {
        action: app.links.external_return(&connection),
        fields: carried
            .map(|(name, value)| Hidden { name, value })
            .collect(),
    };
    // Without its cookie the browser looks new; it keeps the one that it has.
    let shell = hosted.shell(Brand::default());
    Ok(app.pages.render(&shell, &page)?.into_response())
}

/// The same fields, from our own page.
pub(super) async fn returned(
    State(app): State<App>,
    hosted: Hosted,
    Path(connection): Path<String>,
    request: Request,
) -> Result<Response, PageFailure> {
    let body = read_form_body(request, &app).await.map_err(Failure::from)?;
    arrive(&app, &hosted, &connection, &Callback::parse(&body)).await
}

async fn arrive(
    app: &App,
    hosted: &Hosted,
    connection: &str,
    callback: &Callback,
) -> Result<Response, PageFailure> {
    let id = connection.parse::<ConnectionId>().ok();
    let connections = app.connections.current();
    let connection = id
        .and_then(|id| connections.get(id))
        .filter(|it| it.enabled);
    let Some(connection) = connection else {
        return Err(lost(Lost::Unknown));
    };
    let (desk, moment) = (desk(app), app.moment());
    let browser = hosted.browser();
    let coming = come_back(&desk, &moment, (connection, &browser), callback);
    match coming.await? {
        Ok(arrival) => settle(app, hosted, connection, arrival).await,
        Err(Stranded::Lost(why)) => Err(lost(why)),
        Err(Stranded::Troubled { flow, trouble: why }) => {
            let followed = hosted.follow(app, &flow)?;
            trouble::page(app, hosted, &followed, (connection, &why))
        }
    }
}

/// Signed in, or on to what follows.
async fn settle(
    app: &App,
    hosted: &Hosted,
    connection: &Connection,
    arrival: Arrival,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(app, &arrival.flow)?;
    let Followed { application, .. } = &followed;
    let connections = app.connections.current();
    let usable = connections.usable(&application.policy);
    if !usable.iter().any(|it| it.id == connection.id) {
        return Err(lost(Lost::Unknown)); // taken from the application meanwhile
    }
    let before = hosted.session_in(application.store);
    let landing = Landing {
        arrival: &arrival,
        store: application.store,
        before,
        connecting: before
            .filter(|session| followed.flow.connects(session))
            .map(|it| it.identity),
        lifetime: app.session_lifetime(),
    };
    let moment = app.moment();
    match land(&desk(app), &moment, &landing).await? {
        Landed::SignedIn(started) => {
            let go = Redirect::to(&app.links.continue_flow(&followed.sealed)).into_response();
            Ok(hosted.signed_in(app, &started, go)?)
        }
        Landed::Unknown => {
            let flow = Flow {
                external: Some(arrival.way),
                ..followed.flow
            };
            let sealed = flow.seal(&app.sealer, &moment)?;
            let go = Redirect::to(&app.links.continue_flow(&sealed));
            Ok(hosted.with_cookies(go.into_response()))
        }
        Landed::Troubled(why) => trouble::page(app, hosted, &followed, (connection, &why)),
    }
}

fn lost(why: Lost) -> PageFailure {
    let (code, sentence) = match why {
        Lost::Unknown => (
            "external_unknown",
            "This way back from the provider is not known here. Nothing is lost: open the application or the link in your letter again.",
        ),
        Lost::OtherBrowser => (
            "external_other_browser",
            "You began to sign in in another browser. Go on there, or open the application or the link in your letter here.",
        ),
        Lost::Expired => (
            "external_expired",
            "It took too long to come back from the provider. Nothing is lost: open the application or the link in your letter again.",
        ),
        Lost::Used => (
            "external_used",
            "This way back from the provider was used already. If you are not signed in, open the application or the link in your letter again.",
        ),
    };
    Failure::refused(StatusCode::BAD_REQUEST, code, sentence).into()
}
