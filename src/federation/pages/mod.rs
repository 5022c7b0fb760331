//! The doors to a provider and back: the button's form, the callbacks, and the page that helps when nobody is let in.
//!
//! What follows a sign-in is the dispatcher's.

mod callback;
mod logout;
mod trouble;
mod with;

use axum::Router;
use axum::routing::{get, post};

use super::Desk;
use crate::app::App;
use crate::web::path;

/// Only our own pages post here.
pub fn own_pages() -> Router<App> {
    Router::new()
        .route(path::SIGN_IN_WITH, post(with::submit))
        .route(path::EXTERNAL_RETURN, post(callback::returned))
}

/// Providers send people here, with GET and with POST, and tell of people who have left.
pub fn called_from_elsewhere() -> Router<App> {
    let callback = get(callback::called).post(callback::posted);
    Router::new()
        .route(path::EXTERNAL_CALLBACK, callback)
        .route(path::EXTERNAL_BACKCHANNEL_LOGOUT, post(logout::told))
        .route(
            path::EXTERNAL_FRONTCHANNEL_LOGOUT,
            get(logout::told_in_front),
        )
}

pub use logout::exits;
pub use with::{Going, send_to_provider};

fn desk(app: &App) -> Desk<'_> {
    Desk {
        db: &app.db,
        sealer: &app.sealer,
        links: &app.links,
        providers: &app.providers,
        attempts: &app.attempts,
    }
}
