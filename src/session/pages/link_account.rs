//! The account at a provider becomes one more way into the account that has just signed in: both are named, and nothing happens
//! without a choice (checklist BR-05).

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::{go_on, telling};
use crate::app::{App, Arrival, Followed, Hosted};
use crate::federation::{self, methods};
use crate::identity::{self, Identity};
use crate::invitation::Refused;
use crate::kit::{Failed, Internal};
use crate::session::Session;
use crate::session::flow::Flow;
use crate::web::page::{External, LinkAccount};
use crate::web::{Form, PageFailure, Query};

#[derive(Deserialize)]
pub(super) struct InFlow {
    flow: String,
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<InFlow>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &query.flow)?;
    let Some((person, arrival)) = both(&app, &hosted, &followed).await? else {
        return Ok(go_on(&app, &followed.sealed));
    };
    let identifier = person.identifiers.first().map(|first| first.value.clone());
    let page = LinkAccount {
        flow: followed.sealed.clone(),
        external: External {
            connection: arrival.connection.name.clone(),
            account: arrival.identity.label,
        },
        name: person.display_name(),
        identifier: identifier.unwrap_or_default(),
    };
    hosted.page(&app, &hosted.shell_of(&followed), &page)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    flow: String,
    /// `link`, or `skip`.
    choice: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    hosted: Hosted,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &chosen.flow)?;
    if chosen.choice == "link"
        && let Some((person, arrival)) = both(&app, &hosted, &followed).await?
    {
        connect(&app, &hosted, &followed, (&person, &arrival)).await?;
    }
    let flow = Flow {
        external: None,
        ..followed.flow
    };
    Ok(go_on(&app, &flow.seal(&app.sealer, &app.moment())?))
}

/// The two accounts, both proven: who has signed in lately on this way, and who has come from a provider in this browser.
async fn both(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
) -> Result<Option<(Identity, Arrival)>, Internal> {
    let (flow, application) = (&followed.flow, &followed.application);
    let session = hosted.session_in(application.store);
    let now = app.moment().now;
    let proven = |session: &&Session| flow.may_link(session, now);
    let Some(identity) = session.filter(proven).map(|session| session.identity) else {
        return Ok(None);
    };
    app.db
        .read(async |tx| {
            let person = identity::find(tx, identity).await?;
            let arrival = Arrival::read(app, tx, flow, application).await?;
            let arrival = arrival.filter(|arrival| arrival.owner.is_none());
            Ok(person.zip(arrival))
        })
        .await
}

async fn connect(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
    (person, arrival): (&Identity, &Arrival),
) -> Result<(), Failed<Refused>> {
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
            if !federation::finish(tx, arrival.id, moment.now).await? {
                return Err(Failed::Refused(Refused::ExternalOver));
            }
            let what = (person, &arrival.identity);
            methods::connect(tx, &moment, &telling, what, &arrival.connection.name)
                .await
                .map_err(|failed| failed.map(Refused::Link))
        })
        .await
}
