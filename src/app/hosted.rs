//! A visit to a hosted page: the browser, who is signed in in it, the flow it is in, and the frame of the page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use axum::response::{IntoResponse as _, Response};

use chrono::TimeDelta;

use super::App;
use super::providers::remembered;
use crate::application::{Application, ApplicationId};
use crate::federation::ConnectionId;
use crate::identity::StoreId;
use crate::invitation::Invitation;
use crate::kit::{Internal, Secret};
use crate::session::flow::{Destination, Flow};
use crate::session::{Held, Session, Started};
use crate::web::cookie::{self, Browser, Name};
use crate::web::{Brand, ClientAddress, Failure, Locale, Page, PageFailure, Shell, Visitor};

/// What a hosted page knows about its visit.
pub struct Hosted {
    visitor: Visitor,
    address: ClientAddress,
    browser: Browser,
    held: Held,
    last_connection: Option<ConnectionId>,
}

/// A flow that was begun in this browser, and the application it leads to.
pub struct Followed {
    pub flow: Flow,
    /// As it travels.
    pub sealed: String,
    pub application: Arc<Application>,
}

impl Followed {
    /// The flow's language: the invitation's, or what the application asked for.
    #[must_use]
    pub fn locale(&self) -> Locale {
        Locale::choose(self.flow.locales.iter().map(String::as_str))
    }
}

impl FromRequestParts<App> for Hosted {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageFailure> {
        let moment = app.moment();
        let browser = cookie::browser(&parts.headers, &app.links, &moment)?;
        let held = match cookie::read(&parts.headers, &app.links, Name::Session) {
            Some(cookie) => Held::read(&app.db, &cookie, moment.now).await?,
            None => Held::default(),
        };
        let last = cookie::read(&parts.headers, &app.links, Name::Provider);
        let visitor = match Visitor::from_request_parts(parts, app).await {
            Ok(visitor) => visitor,
            Err(never) => match never {},
        };
        let address = match ClientAddress::from_request_parts(parts, app).await {
            Ok(address) => address,
            Err(never) => match never {},
        };
        Ok(Self {
            visitor,
            address,
            browser,
            held,
            last_connection: last.and_then(|text| remembered(text.reveal())),
        })
    }
}

impl Hosted {
    /// What flows are bound to.
    #[must_use]
    pub fn browser(&self) -> Vec<u8> {
        self.browser.token.digest()
    }

    /// Where the visit comes from, as far as one customer goes: an IPv4 address, or a /64.
    #[must_use]
    pub fn network(&self) -> IpAddr {
        self.address.network()
    }

    /// Whether the browser has been here before: a program that only fetched the link has not (R128).
    #[must_use]
    pub const fn is_known_browser(&self) -> bool {
        self.browser.set_cookie.is_none()
    }

    /// With which connection somebody went to sign in last, in this browser.
    #[must_use]
    pub const fn last_connection(&self) -> Option<ConnectionId> {
        self.last_connection
    }

    /// Remembers it.
    pub fn with_connection(
        &self,
        app: &App,
        connection: ConnectionId,
        mut response: Response,
    ) -> Result<Response, Internal> {
        let (token, age) = (Secret::new(connection.to_string()), TimeDelta::days(400));
        let cookie = cookie::write(&app.links, Name::Provider, &token, Some(age))?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// Who signed in last, whatever the store.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.held.iter().next()
    }

    /// Who is signed in, one person per store, the latest first.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.held.iter()
    }

    /// Who is signed in among the people of this store.
    #[must_use]
    pub fn session_in(&self, store: StoreId) -> Option<&Session> {
        self.held.in_store(store)
    }

    /// Reads a flow. One that was begun in another browser is refused: nobody continues what a stranger began.
    pub fn follow(&self, app: &App, sealed: &str) -> Result<Followed, PageFailure> {
        let ended = |sentence| Failure::refused(StatusCode::BAD_REQUEST, "flow_ended", sentence);
        let flow = Flow::open(&app.sealer, sealed, app.moment().now).map_err(|_| {
            ended("This page is too old or was damaged on its way. Nothing is lost: open the application or the link in your letter again.")
        })?;
        if !flow.is_of(&self.browser()) {
            return Err(ended("This page was opened in another browser. Open the application or the link in your letter here.").into());
        }
        let application = app
            .catalogue
            .current()
            .application(flow.application)
            .cloned();
        let application = application.ok_or_else(Failure::not_found)?;
        Ok(Followed {
            flow,
            sealed: sealed.to_owned(),
            application,
        })
    }

    /// A flow without an authorization request: it ends where people land who come by themselves (R127).
    #[must_use]
    pub fn new_flow(&self, app: &App, application: ApplicationId) -> Flow {
        Flow::begin(
            &app.moment(),
            self.browser(),
            application,
            Destination::Application,
        )
    }

    #[must_use]
    pub fn shell(&self, brand: Brand) -> Shell {
        self.visitor.shell(brand)
    }

    /// In one of these languages, if we speak it.
    #[must_use]
    pub fn shell_in<'a>(&self, wanted: impl IntoIterator<Item = &'a str>, brand: Brand) -> Shell {
        self.visitor.shell_in(wanted, brand)
    }

    /// In the language of the invitation, under the application's name (R63).
    #[must_use]
    pub fn shell_for(&self, app: &App, invitation: &Invitation) -> Shell {
        let catalogue = app.catalogue.current();
        let brand = catalogue
            .application(invitation.application)
            .map(|it| brand_of(it));
        let locale = invitation.locale.to_string();
        self.visitor
            .shell_in([locale.as_str()], brand.unwrap_or_default())
    }

    #[must_use]
    pub fn shell_of(&self, followed: &Followed) -> Shell {
        let wanted = followed.flow.locales.iter().map(String::as_str);
        self.visitor
            .shell_in(wanted, brand_of(&followed.application))
    }

    /// Renders a page and gives a new browser its cookie.
    pub fn page<P: Page>(
        &self,
        app: &App,
        shell: &Shell,
        page: &P,
    ) -> Result<Response, PageFailure> {
        Ok(self.with_cookies(app.pages.render(shell, page)?.into_response()))
    }

    #[must_use]
    pub fn with_cookies(&self, mut response: Response) -> Response {
        if let Some(cookie) = &self.browser.set_cookie {
            response
                .headers_mut()
                .append(header::SET_COOKIE, cookie.clone());
        }
        response
    }

    /// Hands the browser its new session.
    pub fn signed_in(
        &self,
        app: &App,
        started: &Started,
        response: Response,
    ) -> Result<Response, Internal> {
        let cookie = cookie::write(&app.links, Name::Session, &self.held.with(started), None)?;
        Ok(self.with_session_cookie(cookie, response))
    }

    /// Makes the browser forget the sessions that ended; those in other stores stay.
    pub fn signed_out(
        &self,
        app: &App,
        ended: &[&Session],
        response: Response,
    ) -> Result<Response, Internal> {
        let stores: Vec<_> = ended.iter().map(|session| session.store).collect();
        let cookie = match self.held.without(&stores) {
            Some(others) => cookie::write(&app.links, Name::Session, &others, None)?,
            None => cookie::forget(&app.links, Name::Session)?,
        };
        Ok(self.with_session_cookie(cookie, response))
    }

    fn with_session_cookie(&self, cookie: HeaderValue, response: Response) -> Response {
        let mut response = self.with_cookies(response);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
    }
}

#[must_use]
pub fn brand_of(application: &Application) -> Brand {
    Brand {
        application: application.name.clone(),
        accent: application.accent.clone(),
    }
}
