//! Every connector against its provider's quirks, by recorded shapes with invented values.
//!
//! Validation of tokens and the way there and back are tested with the flow.

mod google;
mod meaning;
mod microsoft;
mod others;
mod properties;
mod salesforce;

use serde_json::{Value, json};

use super::{Account, Claims, Connector, Denied, Wish};
use crate::federation::Provider;

fn provider(settings: Value) -> Provider {
    serde_json::from_value(settings).unwrap()
}

fn claims(json: Value) -> Claims {
    match json {
        Value::Object(claims) => claims,
        _ => panic!("claims are an object"),
    }
}

/// The same claims with some changed; `null` takes one away.
fn with(claims: &Claims, changes: Value) -> Claims {
    let mut claims = claims.clone();
    for (name, value) in self::claims(changes) {
        match value {
            Value::Null => claims.remove(&name),
            value => claims.insert(name, value),
        };
    }
    claims
}

fn proven(connector: &dyn Connector, claims: &Claims) -> Option<bool> {
    connector.address(claims).map(|address| address.proven)
}

fn account(connector: &dyn Connector, claims: &Claims) -> Result<Account, Denied> {
    let issuer = claims.get("iss").and_then(Value::as_str);
    let issuer = connector.issuer_of(issuer.unwrap_or_default(), claims)?;
    connector.account(&issuer, claims, &Claims::new())
}

fn asked(connector: &dyn Connector, wish: &Wish) -> Value {
    let parameters = connector.parameters(wish).into_iter();
    Value::Object(
        parameters
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect(),
    )
}
