//! ID tokens, right or wrong in exactly the way that is switched on.
//!
//! What a provider says about people is its own file's part.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Call, SignIn, overwrite};
use crate::kit::Internal;
use crate::simulator::persona::Persona;
use crate::simulator::provider::{Members, members};
use crate::simulator::quirks::{Algorithm, AuthTime, Quirks};
use crate::simulator::signing::{half_hash, sign_with_secret, unsigned};

const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// Larger than any token that one of the providers issues.
const HUGE: usize = 200 * 1024;

pub(super) fn issue(
    call: &Call<'_>,
    sign_in: &SignIn,
    access_token: &str,
) -> Result<String, Internal> {
    let mut claims = claims(call, sign_in);
    if call.site.provider.has_at_hash() || call.quirks.wrong_at_hash {
        let hashed = if call.quirks.wrong_at_hash {
            "another token"
        } else {
            access_token
        };
        claims.insert("at_hash".to_owned(), json!(half_hash(hashed)));
    }
    overwrite(&mut claims, &call.quirks.claims);
    sign(call, sign_in.persona, &Value::Object(claims))
}

fn claims(call: &Call<'_>, sign_in: &SignIn) -> Members {
    let (provider, quirks) = (&call.site.provider, call.quirks);
    let mut claims = provider.claims(call, sign_in);
    claims.insert("iss".to_owned(), json!(issuer(call, sign_in.persona)));
    put_audience(&mut claims, provider.client().id, quirks);
    let (issued, ends) = if quirks.expired {
        (call.now - LIFETIME * 2, call.now - LIFETIME)
    } else if quirks.not_yet_valid {
        (call.now + LIFETIME, call.now + LIFETIME * 2)
    } else {
        (call.now, call.now + LIFETIME)
    };
    claims.insert("iat".to_owned(), json!(issued.timestamp()));
    claims.insert("exp".to_owned(), json!(ends.timestamp()));
    if quirks.not_yet_valid || claims.contains_key("nbf") {
        claims.insert("nbf".to_owned(), json!(issued.timestamp()));
    }
    if quirks.wrong_nonce {
        claims.insert("nonce".to_owned(), json!("another-nonce"));
    } else if let Some(nonce) = &sign_in.asked.nonce
        && !quirks.dropped_nonce
    {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    let always = provider.has_auth_time() || sign_in.asked.max_age;
    let auth_time = match quirks.auth_time {
        AuthTime::Absent => None,
        AuthTime::AsTheProvider => always.then_some(sign_in.at),
        AuthTime::Present => Some(sign_in.at),
        AuthTime::Old => Some(sign_in.at - TimeDelta::days(1)),
    };
    if let Some(auth_time) = auth_time {
        claims.insert("auth_time".to_owned(), json!(auth_time.timestamp()));
    }
    if quirks.missing_subject {
        claims.remove("sub");
    }
    if quirks.huge_id_token {
        claims.insert("padding".to_owned(), json!("x".repeat(HUGE)));
    }
    tidy(&mut claims, quirks);
    claims
}

pub(super) fn issuer(call: &Call<'_>, persona: &Persona) -> String {
    let (provider, quirks) = (&call.site.provider, call.quirks);
    if quirks.wrong_issuer {
        return "https://elsewhere.example".to_owned();
    }
    if quirks.templated_issuer {
        return format!("{}/{{tenantid}}/v2.0", call.site.base);
    }
    let mut issuer = provider.issuer(call, persona);
    if quirks.trailing_slash {
        issuer.push('/');
    }
    match issuer.split_once("://") {
        Some((_, host)) if quirks.issuer_without_scheme => host.to_owned(),
        _ => issuer,
    }
}

fn put_audience(claims: &mut Members, client: &str, quirks: &Quirks) {
    let another = "another-client";
    let audience = if quirks.wrong_audience {
        json!(another)
    } else if quirks.several_audiences {
        json!([client, another])
    } else {
        json!(client)
    };
    claims.insert("aud".to_owned(), audience);
    if quirks.wrong_azp {
        claims.insert("azp".to_owned(), json!(another));
    }
    if quirks.several_audiences {
        claims.remove("azp");
    }
}

/// What the quirks about people change, in ID tokens and in userinfo.
pub(super) fn tidy(claims: &mut Members, quirks: &Quirks) {
    if quirks.missing_email_verified {
        claims.remove("email_verified");
    }
    if quirks.string_booleans {
        for value in claims.values_mut() {
            if let Value::Bool(truth) = value {
                *value = json!(truth.to_string());
            }
        }
    }
}

/// Signs as the quirks say.
pub(super) fn sign(call: &Call<'_>, persona: &Persona, claims: &Value) -> Result<String, Internal> {
    let (site, quirks) = (call.site, call.quirks);
    let owner = site.provider.key_owner(persona);
    let key = site.keys.signing(call, owner)?;
    let mut header = members(json!({"typ": "JWT", "kid": key.kid}));
    if quirks.unknown_kid {
        header.insert("kid".to_owned(), json!("a-key-that-nobody-published"));
    }
    if quirks.missing_kid {
        header.remove("kid");
    }
    let token = match quirks.algorithm {
        Algorithm::Rs256 | Algorithm::Es256 => key.sign(header, claims)?,
        Algorithm::None => unsigned(header, claims),
        Algorithm::Hs256PublicKey => sign_with_secret(key.public_text().as_bytes(), header, claims),
        Algorithm::Hs256Secret => {
            sign_with_secret(site.provider.client().secret.as_bytes(), header, claims)
        }
    };
    Ok(if quirks.bad_signature {
        spoil(&token)
    } else {
        token
    })
}

/// The same token with another signature of the same length.
pub(super) fn spoil(token: &str) -> String {
    let (message, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let turned: String = signature.chars().rev().collect();
    format!("{message}.{turned}")
}
