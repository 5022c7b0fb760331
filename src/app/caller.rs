//! Who is calling, as extractors: a handler's signature says which authority it needs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use super::{App, Hosted};
use crate::access::{self, Permission, Role};
use crate::application::Purpose;
use crate::event::Actor;
use crate::identity::IdentityId;
use crate::kit::Internal;
use crate::web::page::ConsoleRefused;
use crate::web::{Brand, Failure, PageFailure};

/// An administrator, signed in to the console.
pub struct Admin {
    pub hosted: Hosted,
    pub identity: IdentityId,
    pub role: Role,
}

/// Why somebody is not let into the console, as an answer.
pub struct NotAdmin(Box<Response>);

impl IntoResponse for NotAdmin {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl<F: Into<PageFailure>> From<F> for NotAdmin {
    fn from(failure: F) -> Self {
        Self(Box::new(failure.into().into_response()))
    }
}

impl Admin {
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// Refuses what the role does not hold (R4).
    pub fn must(&self, permission: Permission) -> Result<(), Failure> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Failure::forbidden())
        }
    }

    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::Identity(self.identity)
    }
}

/// The console is an application like any other: whoever is not signed in to its store goes there through its sign-in page and
/// lands here again.
impl FromRequestParts<App> for Admin {
    type Rejection = NotAdmin;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, NotAdmin> {
        let hosted = Hosted::from_request_parts(parts, app).await?;
        let catalogue = app.catalogue.current();
        let console = catalogue
            .applications()
            .iter()
            .find(|it| it.purpose == Purpose::Console);
        let console = console.ok_or_else(Failure::not_found)?;
        let Some(session) = hosted.session_in(console.store) else {
            let sealed = hosted
                .new_flow(app, console.id)
                .seal(&app.sealer, &app.moment())?;
            let go = Redirect::to(&app.links.continue_flow(&sealed)).into_response();
            return Err(NotAdmin(Box::new(hosted.with_cookies(go))));
        };
        let identity = session.identity;
        let role: Result<Option<Role>, Internal> = app
            .db
            .read(async |tx| access::role_of(tx, identity).await)
            .await;
        match role? {
            Some(role) => Ok(Self {
                hosted,
                identity,
                role,
            }),
            None => Err(refused(app, &hosted)?),
        }
    }
}

fn refused(app: &App, hosted: &Hosted) -> Result<NotAdmin, PageFailure> {
    let page = ConsoleRefused {
        account: String::new(),
        role: None,
    };
    let page = hosted.page(app, &hosted.shell(Brand::default()), &page)?;
    Ok(NotAdmin(Box::new(
        (axum::http::StatusCode::FORBIDDEN, page).into_response(),
    )))
}
