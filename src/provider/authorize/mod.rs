//! The authorization endpoint: a client's request becomes a flow, and a flow becomes an answer to the client.
//!
//! Doesn't sign anybody in or up; it sends people to those who do, and they come back to the dispatcher.

mod answer;
mod asked;
mod checks;
mod consent;
mod go_on;
mod invited;
mod leave;
mod refused;
mod request;
mod rights;
mod standing;
mod step;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use crate::app::{App, Hosted};
use crate::provider::hint;
use crate::session::flow::{Destination, Flow};
use crate::web::extract::read_form_body;
use crate::web::{Failure, PageFailure, path};
use answer::Answer;
use asked::Asked;
use invited::Followed;
use refused::{NoWayBack, Refused};
use request::{AuthorizationRequest, Party, PromptValue};

/// Other sites send people here, with GET and with POST.
pub(super) fn called_from_elsewhere() -> Router<App> {
    Router::new().route(path::AUTHORIZE, get(ask).post(ask_again))
}

/// Only our own pages post here.
pub(super) fn own_pages() -> Router<App> {
    Router::new()
        .route(path::CONTINUE, get(go_on::show))
        .route(path::LEAVE, post(leave::submit))
        .route(path::CONSENT, get(consent::show).post(consent::choose))
}

async fn ask(
    State(app): State<App>,
    hosted: Hosted,
    RawQuery(query): RawQuery,
) -> Result<Response, PageFailure> {
    let asked = read(query.unwrap_or_default().as_bytes())?;
    begin(&app, &hosted, &asked).await
}

/// A browser doesn't send our cookies along with another site's POST (`SameSite=Lax`), so it is asked to come again.
async fn ask_again(State(app): State<App>, request: Request) -> Result<Response, PageFailure> {
    let body = read_form_body(request, &app).await;
    let asked = read(&body.map_err(NoWayBack::Unreadable).map_err(Failure::from)?)?;
    Ok(Redirect::to(&app.links.authorize_again(asked.pairs())).into_response())
}

fn read(encoded: &[u8]) -> Result<Asked, Failure> {
    Ok(Asked::parse(encoded).map_err(NoWayBack::Unreadable)?)
}

/// Judges the request, and makes it a flow.
async fn begin(app: &App, hosted: &Hosted, asked: &Asked) -> Result<Response, PageFailure> {
    let (moment, catalogue) = (app.moment(), app.catalogue.current());
    let (party, back) = Party::find(&catalogue, asked).map_err(Failure::from)?;
    let application = party.application.clone();
    let read_hint = |client: &_, token: &str| {
        let hint = hint::read(app, &moment, token)?;
        hint.is_for(client).then_some(hint.subject)
    };
    let understood = AuthorizationRequest::understand(party, back.clone(), asked, &read_hint);
    let request = match understood {
        Ok(request) => request,
        Err(refused) => return back.send(app, hosted, &application, &Answer::Refused(refused)),
    };
    let parameters = asked.kept(request.wants.subject.as_deref());
    let destination = Destination::Authorization { parameters };
    let mut flow = Flow::begin(&moment, hosted.browser(), application.id, destination);
    flow.login_hint = asked
        .get("login_hint")
        .map(|hint| hint.chars().take(254).collect());
    flow.locales = locales(asked.get("ui_locales").unwrap_or_default());
    if let Some(token) = asked.get("invitation") {
        let client = request.party.client.id;
        match invited::follow(app, &moment, (token, client), &mut flow).await? {
            Followed::Along => {}
            Followed::Nowhere(_) if request.wants.prompt.has(PromptValue::None) => {
                let refused = Refused::interaction_required("The invitation can not be used.");
                return back.send(app, hosted, &application, &Answer::Refused(refused));
            }
            Followed::Nowhere(page) => return page,
        }
    }
    go_on::dispatch(app, hosted, flow).await
}

/// Languages as they were asked for; an unknown one is passed over where a page is shown.
fn locales(text: &str) -> Vec<String> {
    let words = text
        .split(' ')
        .filter(|word| (1..=35).contains(&word.len()));
    words.take(8).map(str::to_owned).collect()
}
