//! What people see: templates, style, and the words of the application.
//!
//! Decides nothing.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, context};
use serde_json::{Map, Value};

use super::visits::Visit;
use crate::kit::Internal;

const STYLE: &str = include_str!("assets/style.css");
const ICON: &str = include_str!("assets/icon.svg");

pub(super) struct Pages {
    name: String,
    templates: Environment<'static>,
}

/// The pages that need no data.
pub(super) enum View {
    Welcome,
    SignedOut,
    NotSignedIn,
    Ended,
    LostTrack,
    OtherProvider,
    OtherDestination,
    Failed,
    NotFound,
}

impl View {
    /// A title and a sentence.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Welcome => (
                "Expenses, settled by Friday.",
                "Hand in a receipt, see who approved it, get your money back. Sign in to see your claims.",
            ),
            Self::SignedOut => (
                "You are signed out",
                "See you soon. You can close this window or sign in again.",
            ),
            Self::NotSignedIn => (
                "You are not signed in",
                "The sign-in was not finished, and nothing has changed. Try again whenever you like.",
            ),
            Self::Ended => (
                "Your session has ended",
                "The sign-in service no longer vouches for this session. Sign in again to go on.",
            ),
            Self::LostTrack => (
                "This sign-in was not started here",
                "It may be too old, or it was started in another browser. Nothing has changed: start again.",
            ),
            Self::OtherProvider => (
                "We don't know this sign-in service",
                "Somebody sent you here from a service that we don't use. Nothing has changed.",
            ),
            Self::OtherDestination => (
                "This address is not ours",
                "Somebody asked us to take you to another site after signing in. We don't do that.",
            ),
            Self::Failed => (
                "Signing in didn't work",
                "The sign-in service could not be reached or gave an answer that we can't accept. Try again in a moment.",
            ),
            Self::NotFound => (
                "There is nothing here",
                "The address is wrong, or the page is gone.",
            ),
        }
    }
}

impl Pages {
    pub(super) fn new(name: &str) -> Result<Self, Internal> {
        let mut templates = Environment::new();
        templates.add_template("layout.html", include_str!("assets/layout.html"))?;
        templates.add_template("plain.html", include_str!("assets/plain.html"))?;
        templates.add_template("desk.html", include_str!("assets/desk.html"))?;
        Ok(Self {
            name: name.to_owned(),
            templates,
        })
    }

    pub(super) fn show(&self, status: StatusCode, view: &View) -> Response {
        let (title, sentence) = view.words();
        let data =
            context! { app => &self.name, title, sentence, hero => matches!(view, View::Welcome) };
        self.render(status, "plain.html", data)
    }

    pub(super) fn signed_in(&self, visit: &Visit) -> Response {
        let person = Person::of(visit);
        let data = context! {
            app => &self.name,
            title => "My expenses",
            name => person.name,
            initials => person.initials,
            email => person.email,
            groups => person.groups,
            claims => rows(&visit.claims),
            userinfo => rows(&visit.userinfo),
            renewable => visit.refresh_token.is_some(),
            renewals => visit.renewals,
        };
        self.render(StatusCode::OK, "desk.html", data)
    }

    fn render(&self, status: StatusCode, template: &str, data: minijinja::Value) -> Response {
        let page = self
            .templates
            .get_template(template)
            .and_then(|template| template.render(data));
        match page {
            Ok(page) => (status, Html(page)).into_response(),
            Err(error) => {
                tracing::error!(?error, "a page of the sample application can't be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// Who is signed in, put together from ID token and userinfo: both speak of the same subject.
struct Person {
    name: String,
    initials: String,
    email: Option<String>,
    groups: Vec<String>,
}

impl Person {
    fn of(visit: &Visit) -> Self {
        let claim = |name: &str| visit.claims.get(name).or_else(|| visit.userinfo.get(name));
        let text = |name: &str| claim(name).and_then(Value::as_str).map(str::to_owned);
        let email = text("email");
        let whole = match (text("given_name"), text("family_name")) {
            (Some(given), Some(family)) => Some(format!("{given} {family}")),
            (given, family) => given.or(family),
        };
        let name = text("name")
            .or(whole)
            .or_else(|| text("preferred_username"))
            .or_else(|| email.clone())
            .or_else(|| text("sub"))
            .unwrap_or_default();
        let initials = name
            .split_whitespace()
            .filter_map(|word| word.chars().next());
        let groups = claim("groups").and_then(Value::as_array);
        Self {
            initials: initials.take(2).flat_map(char::to_uppercase).collect(),
            groups: groups
                .into_iter()
                .flatten()
                .filter_map(|group| group.as_str().map(str::to_owned))
                .collect(),
            name,
            email,
        }
    }
}

/// Claims as a table: text as it is, everything else as JSON.
fn rows(claims: &Map<String, Value>) -> Vec<(String, String)> {
    let row = |(name, value): (&String, &Value)| match value {
        Value::String(text) => (name.clone(), text.clone()),
        other => (name.clone(), other.to_string()),
    };
    claims.iter().map(row).collect()
}

pub(super) async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", STYLE)
}

pub(super) async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", ICON)
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=3600")],
        text,
    )
}
