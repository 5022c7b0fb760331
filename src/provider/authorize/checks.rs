//! What an authorization request must be, check by check. Each reads its parameters and notes what they want.
//!
//! Nothing here knows who is signed in.

use chrono::TimeDelta;

use super::answer::ResponseMode;
use super::asked::{Asked, HINTED_SUBJECT};
use super::refused::Refused;
use super::request::{Prompt, PromptValue, ReadHint, Wants};
use crate::application::{Client, GrantType, SIGN_IN_SCOPES, Scopes};
use crate::grant::{ClaimsRequest, OFFLINE_ACCESS};

/// What a check looks at.
pub(super) struct Desk<'a> {
    pub(super) asked: &'a Asked,
    pub(super) client: &'a Client,
    pub(super) read_hint: ReadHint<'a>,
}

type Check = fn(&Desk<'_>, &mut Wants) -> Result<(), Refused>;

/// The first that fails is what the client hears.
pub(super) const IN_ORDER: &[Check] = &[
    nothing_stands_twice,
    no_request_object,
    response_mode_is_known,
    response_type_is_code,
    client_may_use_codes,
    scope_is_within_the_registered,
    challenge_is_s256,
    nonce_is_short,
    prompt_makes_sense,
    max_age_is_a_number,
    claims_are_well_formed,
    hint_is_ours,
    subject_is_one,
    no_essential_acr,
];

/// RFC 6749 section 3.1.
fn nothing_stands_twice(desk: &Desk<'_>, _: &mut Wants) -> Result<(), Refused> {
    match desk.asked.first_repeated() {
        Some(_) => Err(Refused::invalid_request("A parameter stands there twice.")),
        None => Ok(()),
    }
}

/// OpenID Connect Core section 3.1.2.6: parameters come by themselves, not inside an object.
fn no_request_object(desk: &Desk<'_>, _: &mut Wants) -> Result<(), Refused> {
    let unsupported = "Send the parameters by themselves.";
    if desk.asked.get("request").is_some() {
        return Err(Refused::request_not_supported(unsupported));
    }
    if desk.asked.get("request_uri").is_some() {
        return Err(Refused::request_uri_not_supported(unsupported));
    }
    if desk.asked.get("registration").is_some() {
        return Err(Refused::registration_not_supported(
            "Clients are registered beforehand.",
        ));
    }
    Ok(())
}

fn response_mode_is_known(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    let mode = ResponseMode::parse(desk.asked.get("response_mode"));
    wants.mode = mode.ok_or(Refused::invalid_request(
        "response_mode is query or form_post.",
    ))?;
    Ok(())
}

fn response_type_is_code(desk: &Desk<'_>, _: &mut Wants) -> Result<(), Refused> {
    match desk.asked.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(Refused::unsupported_response_type("response_type is code.")),
        None => Err(Refused::invalid_request("response_type is missing.")),
    }
}

fn client_may_use_codes(desk: &Desk<'_>, _: &mut Wants) -> Result<(), Refused> {
    if desk.client.may(GrantType::AuthorizationCode) {
        return Ok(());
    }
    Err(Refused::unauthorized_client(
        "The client is not registered for authorization_code.",
    ))
}

/// What isn't understood is passed over (OpenID Connect Core section 3.1.2.1); what the client may not have it doesn't get.
fn scope_is_within_the_registered(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    let text = desk.asked.get("scope").unwrap_or_default();
    let malformed = Refused::invalid_scope("scope is malformed.");
    let scope: Scopes = text.parse().map_err(|_| malformed)?;
    let known: Scopes = SIGN_IN_SCOPES.iter().copied().collect();
    wants.scope = scope.within(&known).within(&desk.client.settings.scopes);
    if !desk.client.may(GrantType::RefreshToken) {
        wants.scope = wants.scope.without(OFFLINE_ACCESS);
    }
    if wants.scope.without(OFFLINE_ACCESS).is_empty() {
        return Err(Refused::invalid_scope(
            "scope names nothing that the client may ask for.",
        ));
    }
    Ok(())
}

/// RFC 7636 section 4.3; `plain` is refused (RFC 9700 section 2.1.1).
fn challenge_is_s256(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    let method = desk.asked.get("code_challenge_method");
    let Some(challenge) = desk.asked.get("code_challenge") else {
        if desk.client.needs_pkce() || method.is_some() {
            return Err(Refused::invalid_request(
                "code_challenge is missing (PKCE).",
            ));
        }
        return Ok(());
    };
    if method != Some("S256") {
        return Err(Refused::invalid_request("code_challenge_method is S256."));
    }
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(base64url) {
        return Err(Refused::invalid_request(
            "code_challenge is no SHA-256 digest in base64url.",
        ));
    }
    wants.code_challenge = Some(challenge.to_owned());
    Ok(())
}

fn nonce_is_short(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    wants.nonce = desk.asked.get("nonce").map(str::to_owned);
    match &wants.nonce {
        Some(nonce) if nonce.len() > 1024 => Err(Refused::invalid_request("nonce is too long.")),
        _ => Ok(()),
    }
}

/// OpenID Connect Core section 3.1.2.1; Initiating User Registration 1.0 section 4.1.
fn prompt_makes_sense(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    let words = desk.asked.get("prompt").unwrap_or_default().split(' ');
    for word in words.filter(|word| !word.is_empty()) {
        let value = match word {
            "none" => PromptValue::None,
            "login" => PromptValue::Login,
            "consent" => PromptValue::Consent,
            "select_account" => PromptValue::SelectAccount,
            "create" => PromptValue::Create,
            _ => return Err(Refused::invalid_request("prompt has an unknown value.")),
        };
        if !wants.prompt.has(value) {
            wants.prompt.0.push(value);
        }
    }
    let Prompt(values) = &wants.prompt;
    let alone = wants.prompt.has(PromptValue::None) || wants.prompt.has(PromptValue::Create);
    if alone && values.len() > 1 {
        return Err(Refused::invalid_request(
            "prompt: none and create stand alone.",
        ));
    }
    Ok(())
}

fn max_age_is_a_number(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    let default = desk.client.settings.default_max_age;
    let seconds = match desk.asked.get("max_age") {
        Some(text) => {
            let digits = text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 9;
            let number = text.parse().ok().filter(|_| digits);
            Some(number.ok_or(Refused::invalid_request("max_age is a number of seconds."))?)
        }
        None => default,
    };
    wants.max_age = seconds.map(|seconds: u32| TimeDelta::seconds(seconds.into()));
    Ok(())
}

fn claims_are_well_formed(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    if let Some(text) = desk.asked.get("claims") {
        let bad = Refused::invalid_request("claims is not as in OpenID Connect Core section 5.5.");
        wants.claims = ClaimsRequest::parse(text).map_err(|_| bad)?;
    }
    Ok(())
}

/// An expired ID token still says whom the client knew; a damaged one says nothing.
fn hint_is_ours(desk: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    wants.subject = desk.asked.get(HINTED_SUBJECT).map(str::to_owned);
    if let Some(token) = desk.asked.get("id_token_hint") {
        let bad = Refused::invalid_request("id_token_hint is no ID token of ours for this client.");
        let subject = (desk.read_hint)(desk.client, token).ok_or(bad)?;
        wants.subject = Some(subject);
    }
    Ok(())
}

/// OpenID Connect Core section 5.5.1: the `sub` of the `claims` parameter binds like a hint does.
fn subject_is_one(_: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    let Some(claimed) = wants.claims.subject().map(str::to_owned) else {
        return Ok(());
    };
    match &wants.subject {
        Some(hinted) if *hinted != claimed => Err(Refused::invalid_request(
            "id_token_hint and claims name two people.",
        )),
        _ => {
            wants.subject = Some(claimed);
            Ok(())
        }
    }
}

/// We name no authentication contexts, so one that has to be reached can't be (OpenID Connect Core section 5.5.1.1).
/// `acr_values` only wishes, and is passed over.
fn no_essential_acr(_: &Desk<'_>, wants: &mut Wants) -> Result<(), Refused> {
    let acr = wants.claims.id_token.get("acr");
    if acr.is_some_and(|acr| acr.essential && !acr.values.is_empty()) {
        let sentence = "No acr value can be promised.";
        return Err(Refused::unmet_authentication_requirements(sentence));
    }
    Ok(())
}
