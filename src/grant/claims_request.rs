//! The `claims` parameter (OpenID Connect Core section 5.5): which single claims are wanted, and where.
//!
//! Doesn't know any claim's value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keys::unique_object;

/// Longer ones are no honest request.
const LONGEST: usize = 8 * 1024;

/// What the parameter asks for. Stored with the grant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Wanted>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Wanted>,
}

/// How one claim is wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The acceptable values; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// The text is no claims request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claims parameter is not a JSON object as in OpenID Connect Core section 5.5")]
pub struct BadClaimsRequest;

impl ClaimsRequest {
    /// Unknown members are passed over (section 5.5.1); what is known has to be well-formed.
    pub fn parse(text: &str) -> Result<Self, BadClaimsRequest> {
        if text.len() > LONGEST {
            return Err(BadClaimsRequest);
        }
        let members = unique_object(text.as_bytes()).ok_or(BadClaimsRequest)?;
        Ok(Self {
            userinfo: section(&members, "userinfo")?,
            id_token: section(&members, "id_token")?,
        })
    }

    /// The only person the client accepts, if it says so for either place.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        let mut places = [&self.id_token, &self.userinfo].into_iter();
        places.find_map(|place| place.get("sub")?.values.first()?.as_str())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}

fn section(
    members: &Map<String, Value>,
    name: &str,
) -> Result<BTreeMap<String, Wanted>, BadClaimsRequest> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(claims)) => claims
            .iter()
            .map(|(claim, wanted)| Ok((claim.clone(), Wanted::read(wanted)?)))
            .collect(),
        Some(_) => Err(BadClaimsRequest),
    }
}

impl Wanted {
    fn read(value: &Value) -> Result<Self, BadClaimsRequest> {
        let members = match value {
            Value::Null => return Ok(Self::default()),
            Value::Object(members) => members,
            _ => return Err(BadClaimsRequest),
        };
        let essential = match members.get("essential") {
            None => false,
            Some(Value::Bool(essential)) => *essential,
            Some(_) => return Err(BadClaimsRequest),
        };
        let mut values: Vec<Value> = members.get("value").into_iter().cloned().collect();
        match members.get("values") {
            None => {}
            Some(Value::Array(more)) => values.extend(more.iter().cloned()),
            Some(_) => return Err(BadClaimsRequest),
        }
        Ok(Self { essential, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CORE-38: null, essential, value and values are understood; unknown members are passed over.
    #[test]
    fn the_example_of_the_specification_is_understood() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo": {"given_name": {"essential": true}, "nickname": null, "http://example.info/claims/groups": null},
                "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["urn:mace:incommon:iap:silver"]},
                             "sub": {"value": "idn_1", "later": 1}},
                "another_place": 7}"#,
        )
        .unwrap();
        assert!(request.userinfo["given_name"].essential);
        assert!(!request.userinfo["nickname"].essential);
        assert_eq!(request.id_token["acr"].values.len(), 1);
        assert_eq!(request.subject(), Some("idn_1"));
        let stored = serde_json::to_value(&request).unwrap();
        assert_eq!(
            serde_json::from_value::<ClaimsRequest>(stored).unwrap(),
            request
        );
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in [
            "",
            "[]",
            "null",
            r#"{"userinfo": []}"#,
            r#"{"userinfo": {"email": true}}"#,
            r#"{"userinfo": {"email": {"essential": "yes"}}}"#,
            r#"{"userinfo": {"email": {"values": "a"}}}"#,
            r#"{"userinfo": {"email": null, "email": null}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(text), Err(BadClaimsRequest), "{text}");
        }
        let long = format!(r#"{{"userinfo": {{"{}": null}}}}"#, "a".repeat(LONGEST));
        assert_eq!(ClaimsRequest::parse(&long), Err(BadClaimsRequest));
        assert_eq!(ClaimsRequest::parse("{}"), Ok(ClaimsRequest::default()));
    }
}
