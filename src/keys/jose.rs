//! What every signed token has in common: its three parts, JSON without doubled members, and its dates.
//!
//! No cryptography; that is the ring's and the foreign keys' part.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::BadToken;

/// Nothing that we read as a token is longer.
const LONGEST: usize = 16 * 1024;
/// The last second of the year 9999: what lies beyond is no date (RFC 8725 leaves the limit to us).
const LAST_SECOND: f64 = 253_402_300_799.0;
/// How far another machine's clock may be ahead.
const SKEW: TimeDelta = TimeDelta::seconds(10);

/// A compact JWS, taken apart and not believed yet.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    pub(super) header: Header,
    pub(super) message: &'t str,
    pub(super) signature: &'t str,
    payload: &'t str,
}

#[derive(Debug)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
}

/// Whether a token may be past its `exp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    Unexpired,
    Any,
}

pub(super) fn take_apart(token: &str) -> Result<Parts<'_>, BadToken> {
    if token.len() > LONGEST {
        return Err(BadToken::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(BadToken::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(BadToken::Malformed)?;
    if payload.contains('.') {
        return Err(BadToken::Malformed);
    }
    Ok(Parts {
        header: read_header(header)?,
        message,
        signature,
        payload,
    })
}

fn read_header(encoded: &str) -> Result<Header, BadToken> {
    let members = decode_object(encoded)?;
    // RFC 7515 section 4.1.11: an extension that must be understood and isn't makes the token invalid.
    if members.contains_key("crit") {
        return Err(BadToken::Malformed);
    }
    let text = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(BadToken::Malformed),
    };
    Ok(Header {
        alg: text("alg")?.ok_or(BadToken::Malformed)?,
        kid: text("kid")?,
        typ: text("typ")?,
    })
}

impl Parts<'_> {
    pub(super) fn unverified_claims(&self) -> Result<Map<String, Value>, BadToken> {
        decode_object(self.payload)
    }

    /// The claims, their dates checked. Call it only once the signature is known to fit.
    pub(super) fn claims<C: serde::de::DeserializeOwned>(
        &self,
        now: DateTime<Utc>,
        age: Age,
    ) -> Result<C, BadToken> {
        let claims = decode_object(self.payload)?;
        check_dates(&claims, now, age)?;
        serde_json::from_value(Value::Object(claims)).map_err(|_| BadToken::Malformed)
    }
}

fn decode_object(encoded: &str) -> Result<Map<String, Value>, BadToken> {
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| BadToken::Malformed)?;
    unique_object(&bytes).ok_or(BadToken::Malformed)
}

/// RFC 7519 section 4.1.4 to 4.1.6. `exp` is required: a token without an end is none of ours.
fn check_dates(claims: &Map<String, Value>, now: DateTime<Utc>, age: Age) -> Result<(), BadToken> {
    let ends = date(claims, "exp")?.ok_or(BadToken::Malformed)?;
    if age == Age::Unexpired && ends <= now {
        return Err(BadToken::Expired);
    }
    for name in ["nbf", "iat"] {
        if date(claims, name)?.is_some_and(|begins| begins > now + SKEW) {
            return Err(BadToken::NotYetValid);
        }
    }
    Ok(())
}

/// A `NumericDate`: a number, not negative, before the year 10000.
pub(super) fn date(
    claims: &Map<String, Value>,
    name: &str,
) -> Result<Option<DateTime<Utc>>, BadToken> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_f64().ok_or(BadToken::Malformed)?;
    if !(0.0..=LAST_SECOND).contains(&seconds) {
        return Err(BadToken::Malformed);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "between 0 and the year 9999 in milliseconds"
    )]
    let millis = (seconds * 1000.0) as i64;
    Ok(DateTime::from_timestamp_millis(millis))
}

/// A JSON object in UTF-8 in which no member stands twice, at any depth (RFC 8725 section 2.6 and 3.7).
#[must_use]
pub fn unique_object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice::<Unique>(json) {
        Ok(Unique(Value::Object(members))) => Some(members),
        _ => None,
    }
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without doubled members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not a finite number"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Unique(value))) = members.next_entry::<String, Unique>()? {
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// JW-05: doubled members are refused wherever they stand.
    #[test]
    fn doubled_members_are_refused() {
        assert!(unique_object(br#"{"a":1,"b":[{"c":null,"d":-1.5}]}"#).is_some());
        for json in [
            r#"{"a":1,"a":2}"#,
            r#"{"b":[{"c":1,"c":1}]}"#,
            r#"{"a":1} {"#,
            "[]",
            "",
            "{",
        ] {
            assert!(unique_object(json.as_bytes()).is_none(), "{json}");
        }
        assert!(unique_object(b"{\"a\":\"\xff\"}").is_none());
        let deep = format!("{}{}", "{\"a\":".repeat(5000), "}".repeat(5000));
        assert!(unique_object(deep.as_bytes()).is_none());
    }

    /// JW-09: dates are numbers, not negative, not beyond the year 9999.
    #[test]
    fn dates_are_read_narrowly() {
        let now = DateTime::from_timestamp_secs(1_000_000).unwrap();
        let check = |claims: Value| check_dates(claims.as_object().unwrap(), now, Age::Unexpired);
        assert_eq!(check(json!({"exp": 1_000_001})), Ok(()));
        assert_eq!(check(json!({"exp": 1_000_000.5})), Ok(()));
        assert_eq!(check(json!({"exp": 1_000_000})), Err(BadToken::Expired));
        assert_eq!(check(json!({})), Err(BadToken::Malformed));
        for bad in [
            json!("1000001"),
            json!(-1),
            json!(253_402_300_800_i64),
            json!(null),
            json!(1e300),
        ] {
            assert_eq!(check(json!({"exp": bad})), Err(BadToken::Malformed));
        }
        let future = |seconds: i64| check(json!({"exp": 2_000_000, "nbf": 1_000_000 + seconds}));
        assert_eq!(future(10), Ok(()));
        assert_eq!(future(11), Err(BadToken::NotYetValid));
        let issued = check(json!({"exp": 2_000_000, "iat": 1_000_061}));
        assert_eq!(issued, Err(BadToken::NotYetValid));
        let old = json!({"exp": 1});
        assert_eq!(check_dates(old.as_object().unwrap(), now, Age::Any), Ok(()));
    }

    proptest! {
        /// JW-05: whatever is sent as a token, reading it ends in an answer.
        #[test]
        fn no_text_panics(text in "\\PC{0,120}|[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}") {
            if let Ok(parts) = take_apart(&text) {
                let _ = parts.claims::<Value>(DateTime::UNIX_EPOCH, Age::Any);
            }
        }

        /// What has no doubled member reads as the usual parser reads it.
        #[test]
        fn unique_json_reads_as_usual(names in proptest::collection::btree_set("[a-z\"\\\\é]{0,5}", 0..6), number: i64, text in "\\PC{0,20}") {
            let inner: Map<String, Value> = names.iter().map(|name| (name.clone(), json!([number, text, null, true, 1.5]))).collect();
            let value = json!({"inner": inner, "again": inner});
            let read = unique_object(value.to_string().as_bytes());
            prop_assert_eq!(read.map(Value::Object), Some(value));
        }
    }
}
