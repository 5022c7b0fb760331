//! The authorization endpoint: is the request right, who signs in, and what is sent back.
//!
//! What a provider allows beyond the protocol is its own matter.

use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use url::Url;

use super::{Asked, Call, Endpoint, SignIn, lock, sign_ins};
use crate::simulator::persona::Persona;
use crate::simulator::provider::Turned;
use crate::simulator::quirks::{IssParameter, PromptNone, Refusal};

/// What RFC 6749, OpenID Connect Core and the form-post mode define.
const KNOWN: [&str; 18] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "response_mode",
    "display",
    "prompt",
    "max_age",
    "ui_locales",
    "id_token_hint",
    "login_hint",
    "acr_values",
    "claims",
    "request",
    "persona",
    "cancel",
];

/// How a request ends.
pub(in crate::simulator) enum Outcome {
    /// With a page of the provider's.
    Page(Response),
    /// With the browser being sent back.
    Back(Back),
}

pub(in crate::simulator) struct Back {
    pub(in crate::simulator) redirect_uri: Url,
    pub(in crate::simulator) parameters: Vec<(String, String)>,
    pub(in crate::simulator) by: Mode,
    signed_in: Option<&'static Persona>,
}

/// `response_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Mode {
    Query,
    Fragment,
    FormPost,
}

pub(super) fn answer(call: &Call<'_>) -> Response {
    match outcome(call) {
        Outcome::Page(page) => page,
        Outcome::Back(back) => send_back(call, &back),
    }
}

pub(in crate::simulator) fn outcome(call: &Call<'_>) -> Outcome {
    let provider = &*call.site.provider;
    let redirect_uri = match redirect_uri(call) {
        Ok(redirect_uri) => redirect_uri,
        Err(sentence) => return problem(call, sentence),
    };
    match decide(call) {
        Ok(Some(persona)) => {
            let parameters = success(call, persona);
            Outcome::Back(back(call, redirect_uri, parameters, Some(persona)))
        }
        Ok(None) => Outcome::Page(call.site.pages.choose(call, &offered(call))),
        Err(Turned::Page(sentence)) => {
            let pages = &call.site.pages;
            Outcome::Page(pages.problem(provider, StatusCode::BAD_REQUEST, &sentence))
        }
        Err(Turned::Back(refusal)) => {
            let parameters = failure(call, &refusal);
            Outcome::Back(back(call, redirect_uri, parameters, None))
        }
    }
}

fn problem(call: &Call<'_>, sentence: &str) -> Outcome {
    let pages = &call.site.pages;
    Outcome::Page(pages.problem(&*call.site.provider, StatusCode::BAD_REQUEST, sentence))
}

/// Nobody is sent to an address that is not the client's (RFC 6749 section 4.1.2.1).
fn redirect_uri(call: &Call<'_>) -> Result<Url, &'static str> {
    if call.request.parameter("client_id") != Some(call.site.provider.client().id) {
        return Err("This client is not registered here (client_id).");
    }
    let text = call.request.parameter("redirect_uri").unwrap_or_default();
    let registered = lock(&call.site.redirect_uris);
    if !registered.is_empty() && !registered.iter().any(|one| one == text) {
        return Err("This address is not registered for the client (redirect_uri).");
    }
    Url::parse(text).map_err(|_| "The request says no address to go back to (redirect_uri).")
}

/// Who signs in; nobody yet if a page must ask.
fn decide(call: &Call<'_>) -> Result<Option<&'static Persona>, Turned> {
    let (request, quirks) = (call.request, call.quirks);
    if let Some(refusal) = &quirks.refusal {
        return Err(Turned::Back(refusal.clone()));
    }
    if request.endpoint == Endpoint::Authorize {
        check_protocol(call)?;
    }
    call.site.provider.check(call)?;
    if request.parameter("cancel").is_some() {
        return Err(Turned::Back(call.site.provider.cancelled()));
    }
    let silent = has_prompt(call, "none");
    let chosen = if silent {
        Some(session(call)?)
    } else {
        request.parameter("persona").map(str::to_owned)
    };
    let Some(key) = chosen else {
        return Ok(None);
    };
    let persona = call.site.persona(&key);
    let persona =
        persona.ok_or_else(|| Turned::Page("There is no such account here.".to_owned()))?;
    if !quirks.admits_everybody {
        call.site.provider.admits(call, persona)?;
    }
    Ok(Some(persona))
}

fn check_protocol(call: &Call<'_>) -> Result<(), Turned> {
    let request = call.request;
    if request.parameter("response_type") != Some("code") {
        return Err(refused(
            "unsupported_response_type",
            "Only response_type=code is simulated.",
        ));
    }
    let challenged = request.parameter("code_challenge").is_some();
    let method = request
        .parameter("code_challenge_method")
        .unwrap_or("plain");
    if challenged && !["S256", "plain"].contains(&method) {
        return Err(refused(
            "invalid_request",
            "Transform algorithm not supported",
        ));
    }
    let unknown = || {
        request
            .query
            .iter()
            .find(|(name, _)| !KNOWN.contains(&name.as_str()))
    };
    if call.quirks.refuses_unknown_parameters
        && let Some((name, _)) = unknown()
    {
        return Err(refused(
            "invalid_request",
            &format!("Unknown parameter: {name}"),
        ));
    }
    Ok(())
}

fn refused(error: &str, description: &str) -> Turned {
    Turned::Back(Refusal {
        error: error.to_owned(),
        description: Some(description.to_owned()),
        subcode: None,
    })
}

fn has_prompt(call: &Call<'_>, wanted: &str) -> bool {
    let prompt = call.request.parameter("prompt").unwrap_or_default();
    prompt.split_ascii_whitespace().any(|one| one == wanted)
}

/// Whoever signed in here before, for `prompt=none`.
fn session(call: &Call<'_>) -> Result<String, Turned> {
    let error = match call.quirks.prompt_none {
        PromptNone::Session => {
            let chosen = call.request.parameter("persona");
            let known = chosen.or_else(|| call.request.cookie(&cookie_name(call)));
            return known
                .map(str::to_owned)
                .ok_or_else(|| refused("login_required", "Nobody is signed in."));
        }
        PromptNone::LoginRequired => "login_required",
        PromptNone::InteractionRequired => "interaction_required",
        PromptNone::ConsentRequired => "consent_required",
    };
    Err(refused(error, "Somebody has to be asked first."))
}

/// The accounts that the page offers; the one that is hinted at stands first.
fn offered(call: &Call<'_>) -> Vec<&'static Persona> {
    let provider = &call.site.provider;
    let admitted =
        |persona: &&Persona| call.quirks.admits_everybody || provider.admits(call, persona).is_ok();
    let mut all: Vec<_> = provider.personas().iter().filter(admitted).collect();
    if let Some(hint) = call.request.parameter("login_hint") {
        all.sort_by_key(|persona| !persona.answers_to(hint));
    }
    all
}

fn success(call: &Call<'_>, persona: &'static Persona) -> Vec<(String, String)> {
    let (request, quirks) = (call.request, call.quirks);
    let text = |name: &str| request.parameter(name).map(str::to_owned);
    let mut parameters = Vec::new();
    if request.endpoint == Endpoint::Authorize && !quirks.empty_callback {
        let challenge = text("code_challenge");
        let method = text("code_challenge_method").unwrap_or_else(|| "plain".to_owned());
        let asked = Asked {
            redirect_uri: text("redirect_uri").unwrap_or_default(),
            scope: text("scope").unwrap_or_default(),
            nonce: text("nonce"),
            challenge: challenge.map(|challenge| (method, challenge)),
            max_age: text("max_age").is_some(),
            is_offline: request.parameter("access_type") == Some("offline"),
        };
        let sign_in = SignIn {
            persona,
            asked,
            at: call.now,
            sid: sign_ins::random(),
        };
        parameters.push(("code", call.site.sign_ins.new_code(sign_in, call.now)));
    }
    if quirks.code_and_error {
        parameters.push(("error", "server_error".to_owned()));
    }
    parameters.extend(call.site.provider.callback(call, persona));
    named(parameters)
}

fn failure(call: &Call<'_>, refusal: &Refusal) -> Vec<(String, String)> {
    let mut parameters = vec![("error", refusal.error.clone())];
    parameters.extend(
        refusal
            .description
            .clone()
            .map(|text| ("error_description", text)),
    );
    parameters.extend(refusal.subcode.clone().map(|code| ("error_subcode", code)));
    if call.quirks.code_and_error {
        parameters.push(("code", sign_ins::random()));
    }
    if call.request.endpoint == Endpoint::AdminConsent {
        parameters.push(("admin_consent", "True".to_owned()));
    }
    named(parameters)
}

fn named(parameters: Vec<(&str, String)>) -> Vec<(String, String)> {
    let named = parameters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    named.collect()
}

fn back(
    call: &Call<'_>,
    redirect_uri: Url,
    mut parameters: Vec<(String, String)>,
    signed_in: Option<&'static Persona>,
) -> Back {
    let quirks = call.quirks;
    if let Some(state) = call.request.parameter("state")
        && !quirks.missing_state
    {
        let state = if quirks.wrong_state {
            "another-state"
        } else {
            state
        };
        parameters.push(("state".to_owned(), state.to_owned()));
    }
    let issuer = match quirks.iss_parameter {
        IssParameter::AsTheProvider => call.site.provider.callback_issuer(call),
        IssParameter::Missing => None,
        IssParameter::Wrong => Some("https://elsewhere.example".to_owned()),
        IssParameter::Sent => {
            let (_, document) = call.site.provider.discovery(call);
            let stated = document.get("issuer").and_then(Value::as_str);
            let resolved = signed_in.map(|persona| call.site.provider.issuer(call, persona));
            resolved.or_else(|| stated.map(str::to_owned))
        }
    };
    parameters.extend(issuer.map(|issuer| ("iss".to_owned(), issuer)));
    let by = match call.request.parameter("response_mode") {
        Some("form_post") => Mode::FormPost,
        Some("fragment") => Mode::Fragment,
        _ => Mode::Query,
    };
    Back {
        redirect_uri,
        parameters,
        by,
        signed_in,
    }
}

impl Back {
    /// The address that the browser goes to.
    pub(in crate::simulator) fn address(&self) -> Url {
        let mut url = self.redirect_uri.clone();
        match self.by {
            Mode::FormPost => {}
            Mode::Query => {
                url.query_pairs_mut().extend_pairs(&self.parameters);
            }
            Mode::Fragment => {
                let mut fragment = url::form_urlencoded::Serializer::new(String::new());
                url.set_fragment(Some(&fragment.extend_pairs(&self.parameters).finish()));
            }
        }
        url
    }
}

fn send_back(call: &Call<'_>, back: &Back) -> Response {
    let mut response = if back.by == Mode::FormPost {
        call.site.pages.post_back(&*call.site.provider, back)
    } else {
        match HeaderValue::from_str(back.address().as_str()) {
            Ok(address) => (StatusCode::FOUND, [(LOCATION, address)]).into_response(),
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    };
    if let Some(persona) = back.signed_in {
        let cookie = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax",
            cookie_name(call),
            persona.key
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
    }
    response
}

/// Cookies don't tell ports apart, and several simulators run on one host.
pub(super) fn cookie_name(call: &Call<'_>) -> String {
    let port = Url::parse(&call.site.base)
        .ok()
        .and_then(|base| base.port());
    format!("simulator-{}", port.unwrap_or_default())
}
