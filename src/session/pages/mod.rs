//! The pages of signing in: the form, the choice of an account, the forgotten password, and what one signs in with.
//!
//! Each step ends at the provider's dispatcher, which knows what comes next.

mod account;
mod choose;
mod forgotten;
mod link_account;
mod no_account;
mod reset;
mod sign_in;

use std::net::IpAddr;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;

use super::known::KnownAccounts;
use super::recovery;
use crate::app::{App, Followed, Hosted};
use crate::identity::StoreId;
use crate::kit::Internal;
use crate::web::cookie::{self, Name};
use crate::web::{ClientAddress, Locale, PageFailure, path};

pub fn routes() -> Router<App> {
    Router::new()
        .route(path::SIGN_IN, get(sign_in::show).post(sign_in::submit))
        .route(path::CHOOSE_ACCOUNT, get(choose::show).post(choose::submit))
        .route(
            path::FORGOTTEN_PASSWORD,
            get(forgotten::show).post(forgotten::submit),
        )
        .route(path::RESET_PASSWORD, get(reset::show).post(reset::submit))
        .route(
            path::LINK_ACCOUNT,
            get(link_account::show).post(link_account::submit),
        )
        .route(path::NO_ACCOUNT, get(no_account::show))
        .route(path::ACCOUNT, get(account::show))
        .route(path::UNLINK_ACCOUNT, post(account::unlink))
}

/// How long a browser remembers that an account signed in there: as long as browsers keep cookies.
const REMEMBERED: TimeDelta = TimeDelta::days(400);

/// A visit that may fail often: who is asking, and from where.
struct Visit {
    hosted: Hosted,
    address: IpAddr,
    known: KnownAccounts,
}

impl FromRequestParts<App> for Visit {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageFailure> {
        let hosted = Hosted::from_request_parts(parts, app).await?;
        let address = match ClientAddress::from_request_parts(parts, app).await {
            Ok(address) => address.network(),
            Err(never) => match never {},
        };
        let known = cookie::read(&parts.headers, &app.links, Name::Known);
        let known = KnownAccounts::open(&app.sealer, known.as_ref(), &hosted.browser());
        Ok(Self {
            hosted,
            address,
            known,
        })
    }
}

impl Visit {
    /// Remembers in the browser that these names belong to it.
    fn remember(
        &self,
        app: &App,
        store: StoreId,
        names: &[&str],
        response: &mut Response,
    ) -> Result<(), Internal> {
        let known = names
            .iter()
            .fold(self.known.clone(), |known, name| known.with(store, name));
        if known != self.known {
            let sealed = known.seal(&app.sealer, &app.moment())?;
            let cookie = cookie::write(&app.links, Name::Known, &sealed, Some(REMEMBERED))?;
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(())
    }
}

/// Back to the dispatcher.
fn go_on(app: &App, sealed: &str) -> Response {
    Redirect::to(&app.links.continue_flow(sealed)).into_response()
}

/// In which language the owner of an account hears of a change, and where they see what they sign in with.
fn telling(app: &App, hosted: &Hosted, followed: &Followed) -> (Locale, String) {
    let page = app.links.account_in(&followed.application.id.to_string());
    (hosted.shell_of(followed).locale, page)
}

fn recovery_desk(app: &App) -> recovery::Desk<'_> {
    recovery::Desk {
        db: &app.db,
        sealer: &app.sealer,
        links: &app.links,
        hasher: &app.hasher,
        attempts: &app.attempts,
    }
}
