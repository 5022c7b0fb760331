//! The answer to an authorization request: in the redirect's query, or in a form that the browser posts.
//!
//! Every answer, good or bad, carries `iss` (RFC 9207) and the request's own `state`.

use axum::response::{IntoResponse as _, Redirect, Response};
use url::form_urlencoded;

use super::refused::Refused;
use crate::app::{App, Hosted, brand_of};
use crate::application::Application;
use crate::kit::Secret;
use crate::web::PageFailure;
use crate::web::page::{FormPost, Hidden};

/// Where the answer goes. Made only from a registered redirect URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WayBack {
    /// As requested, byte for byte.
    pub(super) redirect_uri: String,
    pub(super) mode: ResponseMode,
    pub(super) state: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ResponseMode {
    #[default]
    Query,
    FormPost,
}

impl ResponseMode {
    /// `None`: no mode of ours.
    pub(super) fn parse(text: Option<&str>) -> Option<Self> {
        match text {
            None | Some("query") => Some(Self::Query),
            Some("form_post") => Some(Self::FormPost),
            Some(_) => None,
        }
    }
}

/// What the client is told.
pub(super) enum Answer {
    Code(Secret),
    Refused(Refused),
}

impl WayBack {
    fn parameters(&self, issuer: &str, answer: &Answer) -> Vec<(&'static str, String)> {
        let mut parameters = match answer {
            Answer::Code(code) => vec![("code", code.reveal().to_owned())],
            Answer::Refused(refused) => vec![
                ("error", refused.code.to_owned()),
                ("error_description", refused.description.to_owned()),
            ],
        };
        parameters.extend(self.state.iter().map(|state| ("state", state.clone())));
        parameters.push(("iss", issuer.to_owned()));
        parameters
    }

    /// The redirect URI keeps the query it was registered with.
    fn with_query(&self, parameters: &[(&'static str, String)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let mark = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        format!("{}{mark}{query}", self.redirect_uri)
    }

    /// Sends the browser back to the client.
    pub(super) fn send(
        &self,
        app: &App,
        hosted: &Hosted,
        application: &Application,
        answer: &Answer,
    ) -> Result<Response, PageFailure> {
        let parameters = self.parameters(app.links.issuer(), answer);
        match self.mode {
            ResponseMode::Query => {
                let go = Redirect::to(&self.with_query(&parameters));
                Ok(hosted.with_cookies(go.into_response()))
            }
            ResponseMode::FormPost => {
                let hidden = |(name, value): (&str, String)| Hidden {
                    name: name.to_owned(),
                    value,
                };
                let page = FormPost {
                    action: self.redirect_uri.clone(),
                    fields: parameters.into_iter().map(hidden).collect(),
                };
                hosted.page(app, &hosted.shell(brand_of(application)), &page)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(redirect_uri: &str) -> WayBack {
        WayBack {
            redirect_uri: redirect_uri.to_owned(),
            mode: ResponseMode::Query,
            state: Some("a b&c=ü#\"".to_owned()),
        }
    }

    /// CORE-08, OA-19: `state` comes back unchanged and `iss` is always there; the registered query stays.
    #[test]
    fn an_answer_carries_state_and_issuer() {
        let refused = Answer::Refused(Refused::access_denied("The person said no."));
        let back = back("https://app.example/callback?tenant=1");
        let url = back.with_query(&back.parameters("https://id.example", &refused));
        let url: url::Url = url.parse().unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs,
            [
                pair("tenant", "1"),
                pair("error", "access_denied"),
                pair("error_description", "The person said no."),
                pair("state", "a b&c=ü#\""),
                pair("iss", "https://id.example"),
            ]
        );
        assert_eq!(url.fragment(), None);
    }

    #[test]
    fn without_a_state_there_is_none() {
        let back = WayBack {
            state: None,
            ..back("com.example.app:/callback")
        };
        let url = back.with_query(&back.parameters("i", &Answer::Code(Secret::new("c"))));
        assert_eq!(url, "com.example.app:/callback?code=c&iss=i");
    }
}
