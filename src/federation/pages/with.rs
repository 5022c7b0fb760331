//! The button of a provider.
//!
//! Whether it is shown is decided where it is shown; here it is decided again.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::begin::note;
use super::super::{Begin, Connection, ConnectionId, Refused, begin};
use super::{desk, trouble};
use crate::app::{App, Followed, Hosted};
use crate::kit::Failed;
use crate::web::{ClientAddress, Failure, Form, PageFailure};

#[derive(Deserialize)]
pub(super) struct Chosen {
    flow: String,
    connection: ConnectionId,
    /// Not the account that the provider would take by itself.
    #[serde(default)]
    choose: Option<String>,
}

/// From where somebody comes.
pub(super) struct From(IpAddr);

impl FromRequestParts<App> for From {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageFailure> {
        match ClientAddress::from_request_parts(parts, app).await {
            Ok(address) => Ok(Self(address.network())),
            Err(never) => match never {},
        }
    }
}

/// Who is sent to which provider.
pub struct Going<'a> {
    pub connection: &'a Connection,
    /// Whom the person has named.
    pub hint: Option<&'a str>,
    /// Not the account that the provider would take by itself.
    pub choose_account: bool,
    /// What one customer has: an IPv4 address, or a /64.
    pub address: IpAddr,
}

pub(super) async fn submit(
    State(app): State<App>,
    hosted: Hosted,
    From(address): From,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &chosen.flow)?;
    let connections = app.connections.current();
    let usable = connections.usable(&followed.application.policy);
    let connection = usable.into_iter().find(|it| it.id == chosen.connection);
    let going = Going {
        connection: connection.ok_or_else(Failure::not_found)?,
        hint: None,
        choose_account: chosen.choose.is_some(),
        address,
    };
    send_to_provider(&app, &hosted, &followed, &going).await
}

/// Sends a browser to a provider, from which it comes back to the same flow.
pub async fn send_to_provider(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
    going: &Going<'_>,
) -> Result<Response, PageFailure> {
    let (desk, moment) = (desk(app), app.moment());
    let catalogue = app.catalogue.current();
    let client = catalogue.client_of(followed.application.id);
    let beginning = Begin {
        connection: going.connection,
        flow: &followed.flow,
        sealed: &followed.sealed,
        hint: going.hint,
        choose_account: going.choose_account,
        default_max_age: client.and_then(|client| client.settings.default_max_age),
        address: going.address,
    };
    match begin(&desk, &moment, &beginning).await {
        Ok(url) => {
            let away = hosted.with_cookies(Redirect::to(url.as_str()).into_response());
            Ok(hosted.with_connection(app, going.connection.id, away)?)
        }
        Err(Failed::Refused(Refused::Trouble(why))) => {
            note(&desk, &moment, &beginning, &why).await?;
            trouble::page(app, hosted, followed, (going.connection, &why))
        }
        Err(failed) => Err(failed.into()),
    }
}
