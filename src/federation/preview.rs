//! What a connection would make of a sample of claims, for the person who sets it up.
//!
//! Believes nothing and keeps nothing: the sample isn't checked for who signed it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;

use super::connector::Claims;
use super::mapping::Skipped;
use super::settings::Settings;

/// A sample is pasted by hand.
const LONGEST: usize = 64 * 1024;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Preview {
    /// Why this person would not be let in, or the sample can't be the provider's.
    pub denied: Option<String>,
    pub account: Option<PreviewAccount>,
    pub address: Option<PreviewAddress>,
    pub fields: Vec<PreviewField>,
    pub groups: Vec<String>,
    /// Lines of the mapping that give nothing.
    pub skipped: Vec<Skipped>,
}

/// What stays the same when the person's name and address change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PreviewAccount {
    pub namespace: String,
    pub subject: String,
    pub tenant: Option<String>,
    pub label: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PreviewAddress {
    pub address: String,
    pub proven: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PreviewField {
    pub field: String,
    pub value: String,
    /// The mapping's JSON pointer; without one it is the provider's standard claim.
    pub claim: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Paste an ID token, or its claims as a JSON object, of at most 64 KiB.")]
pub struct NotASample;

/// Reads an ID token in its compact form, or its claims.
pub fn sample(text: &str) -> Result<Claims, NotASample> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(NotASample);
    }
    let mut parts = text.split('.');
    let claims = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(payload), Some(_), None) if !text.starts_with('{') => BASE64_URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| NotASample)?,
        _ => text.as_bytes().to_vec(),
    };
    serde_json::from_slice(&claims).map_err(|_| NotASample)
}

#[must_use]
pub fn preview(settings: &Settings, claims: &Claims) -> Preview {
    let connector = settings.provider.connector();
    let named = claims.get("iss").and_then(Value::as_str);
    let account = connector
        .issuer_of(named.unwrap_or_default(), claims)
        .and_then(|issuer| connector.account(&issuer, claims, &Claims::new()));
    let denied = connector.admit(claims).err();
    let denied = denied.or_else(|| account.as_ref().err().cloned());
    let mapped = settings.mapping.apply(claims);
    let mut fields = connector.profile(claims);
    fields.extend(mapped.profile);
    let field = |(field, value): (String, String)| {
        let skipped = mapped.skipped.iter().any(|line| line.target == field);
        let claim = settings.mapping.fields.get(&field).filter(|_| !skipped);
        PreviewField {
            claim: claim.cloned(),
            field,
            value,
        }
    };
    Preview {
        denied: denied.map(|denied| denied.to_string()),
        account: account.ok().map(|account| PreviewAccount {
            namespace: account.key.namespace,
            subject: account.key.subject,
            tenant: account.tenant,
            label: account.label,
        }),
        address: connector.address(claims).map(|address| PreviewAddress {
            address: address.address.to_string(),
            proven: address.proven,
        }),
        fields: fields.into_iter().map(field).collect(),
        groups: mapped.groups.iter().map(ToString::to_string).collect(),
        skipped: mapped.skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings() -> Settings {
        let settings = json!({
            "provider": {"kind": "oidc", "issuer": "https://id.contoso.example/"},
            "mapping": {"fields": {"given_name": "/vorname", "nickname": "/spitzname"}, "groups": []},
        });
        serde_json::from_value(settings).unwrap()
    }

    #[test]
    fn a_preview_tells_where_each_value_comes_from() {
        let claims = sample(
            r#"{"iss": "https://id.contoso.example/", "sub": "7", "email": "ann@contoso.example",
                "email_verified": true, "vorname": "Ann", "nickname": "annie"}"#,
        );
        let preview = preview(&settings(), &claims.unwrap());
        let field = |field: &str, value: &str, claim: Option<&str>| PreviewField {
            field: field.to_owned(),
            value: value.to_owned(),
            claim: claim.map(str::to_owned),
        };
        let expected = [
            field("given_name", "Ann", Some("/vorname")),
            field("nickname", "annie", None),
        ];
        assert_eq!(preview.fields, expected);
        assert_eq!(preview.skipped[0].target, "nickname");
        assert!(preview.denied.is_none() && !preview.address.unwrap().proven);
        assert_eq!(preview.account.unwrap().label, "ann@contoso.example");
    }

    #[test]
    fn a_sample_without_a_subject_is_denied_and_still_shown() {
        let preview = preview(&settings(), &sample(r#"{"vorname": "Ann"}"#).unwrap());
        assert!(preview.denied.unwrap().contains("no sub"));
        assert_eq!(preview.fields.len(), 1);
    }

    #[test]
    fn samples_are_tokens_or_objects() {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub": "7"}"#);
        let token = sample(&format!(" e30.{payload}.c2ln\n")).unwrap();
        assert_eq!(token, sample(r#"{"sub": "7"}"#).unwrap());
        assert!(sample(r#"{"iss": "https://a.b.c"}"#).is_ok());
        let long = format!(r#"{{"a": "{}"}}"#, "x".repeat(LONGEST));
        for wrong in ["", "[]", "a.b.c", "e30.e30", "a.b.c.d.e", &long] {
            assert_eq!(sample(wrong), Err(NotASample), "{wrong:.20}");
        }
    }
}
