//! What people see: an account to choose, and sentences for everything else.
//!
//! Decides nothing.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, Value, context};
use url::form_urlencoded;

use super::engine::{Back, Call};
use super::persona::Persona;
use super::provider::{Endpoint, Provider};
use crate::kit::Internal;

/// No `form-action`: Chromium applies it to every redirect after a form, and those lead to addresses of the client.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                                 base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("assets/style.css");
/// Sends a form on by itself; the form has a button for browsers without scripts.
const SCRIPT: &str = "document.forms[0].submit()\n";

pub(super) struct Pages(Environment<'static>);

impl Pages {
    pub(super) fn new() -> Result<Self, Internal> {
        let mut templates = Environment::new();
        templates.add_template("layout.html", include_str!("assets/layout.html"))?;
        templates.add_template("choose.html", include_str!("assets/choose.html"))?;
        templates.add_template("post_back.html", include_str!("assets/post_back.html"))?;
        templates.add_template("problem.html", include_str!("assets/problem.html"))?;
        Ok(Self(templates))
    }

    /// Who signs in? The request goes on with the answer.
    pub(super) fn choose(&self, call: &Call<'_>, offered: &[&'static Persona]) -> Response {
        let all = call.request.query.iter().chain(&call.request.form);
        let mut query = form_urlencoded::Serializer::new(String::new());
        let action = format!("{}?{}", call.request.path, query.extend_pairs(all).finish());
        let hint = call.request.parameter("login_hint");
        let accounts: Vec<Value> = offered
            .iter()
            .map(|persona| {
                let hinted = hint.is_some_and(|hint| persona.answers_to(hint));
                context! {
                    key => persona.key, name => persona.name(), username => persona.username, about => persona.about, hinted,
                }
            })
            .collect();
        let consent = call.request.endpoint == Endpoint::AdminConsent;
        let data = context! { action, accounts, hint, consent };
        self.show(&*call.site.provider, StatusCode::OK, ("choose.html", data))
    }

    /// The form-post response mode.
    pub(super) fn post_back(&self, provider: &dyn Provider, back: &Back) -> Response {
        let data =
            context! { action => back.redirect_uri.as_str(), parameters => &back.parameters };
        self.show(provider, StatusCode::OK, ("post_back.html", data))
    }

    pub(super) fn problem(
        &self,
        provider: &dyn Provider,
        status: StatusCode,
        sentence: &str,
    ) -> Response {
        let data = context! { title => "This request can't be served", sentence };
        self.show(provider, status, ("problem.html", data))
    }

    pub(super) fn signed_out(&self, provider: &dyn Provider) -> Response {
        let sentence = "You are signed out here. You can close this window.";
        let data = context! { title => "Signed out", sentence };
        self.show(provider, StatusCode::OK, ("problem.html", data))
    }

    fn show(
        &self,
        provider: &dyn Provider,
        status: StatusCode,
        (template, data): (&str, Value),
    ) -> Response {
        let title = provider.title();
        let data = context! { provider => title, account_kind => provider.account_kind(), ..data };
        let rendered = self
            .0
            .get_template(template)
            .and_then(|page| page.render(data));
        match rendered {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, template, "a page of the simulator can't be shown");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

pub(super) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)
}
