//! The keys of a provider: which signs now, and which are published.
//!
//! The signatures themselves are made elsewhere.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Call, lock};
use crate::kit::Internal;
use crate::simulator::provider::KeyOwner;
use crate::simulator::quirks::{Algorithm, Rotation};
use crate::simulator::signing::Key;

/// Made when they are first needed: a key takes a tenth of a second.
#[derive(Default)]
pub(in crate::simulator) struct Keys(Mutex<Made>);

#[derive(Default)]
struct Made {
    rsa: Option<Arc<Key>>,
    ec: Option<Arc<Key>>,
    consumer: Option<Arc<Key>>,
    unpublished: Option<Arc<Key>>,
}

impl Keys {
    /// The next signature is another key's, and the one before is no longer published.
    pub(in crate::simulator) fn rotate(&self) {
        let mut made = lock(&self.0);
        made.rsa = None;
        made.ec = None;
    }

    fn rsa(&self) -> Result<Arc<Key>, Internal> {
        once(&mut lock(&self.0).rsa, Key::rsa)
    }

    fn ec(&self) -> Result<Arc<Key>, Internal> {
        once(&mut lock(&self.0).ec, Key::ec)
    }

    fn consumer(&self) -> Result<Arc<Key>, Internal> {
        once(&mut lock(&self.0).consumer, Key::rsa)
    }

    pub(super) fn unpublished(&self) -> Result<Arc<Key>, Internal> {
        once(&mut lock(&self.0).unpublished, Key::rsa)
    }

    /// The key for the next signature.
    pub(super) fn signing(&self, call: &Call<'_>, owner: KeyOwner) -> Result<Arc<Key>, Internal> {
        let quirks = call.quirks;
        match quirks.rotation {
            Rotation::Unpublished => return self.unpublished(),
            Rotation::BeforeSigning => self.rotate(),
            Rotation::Never => {}
        }
        if quirks.algorithm == Algorithm::Es256 {
            self.ec()
        } else if quirks.consumer_key || owner == KeyOwner::Consumers {
            self.consumer()
        } else {
            self.rsa()
        }
    }
}

fn once(
    slot: &mut Option<Arc<Key>>,
    make: fn() -> Result<Key, Internal>,
) -> Result<Arc<Key>, Internal> {
    if let Some(key) = slot {
        return Ok(key.clone());
    }
    let key = Arc::new(make()?);
    *slot = Some(key.clone());
    Ok(key)
}

pub(super) fn answer(call: &Call<'_>) -> Result<Response, Internal> {
    let (site, quirks) = (call.site, call.quirks);
    let mut published = vec![(site.keys.rsa()?, KeyOwner::Everybody)];
    if quirks.algorithm == Algorithm::Es256 {
        published.push((site.keys.ec()?, KeyOwner::Everybody));
    }
    if site.provider.has_consumer_key() {
        published.push((site.keys.consumer()?, KeyOwner::Consumers));
    }
    let mut keys = Vec::new();
    if quirks.extra_keys {
        keys.push(json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "of-tomorrow", "pub": "AA", "use": "sig"}));
        let mut jwk = site.keys.unpublished()?.jwk();
        jwk.insert("use".to_owned(), json!("enc"));
        keys.push(Value::Object(jwk));
    }
    for (key, owner) in published {
        let mut jwk = key.jwk();
        if quirks.keys_for_encryption {
            jwk.insert("use".to_owned(), json!("enc"));
        }
        site.provider.decorate(call, owner, &mut jwk);
        keys.push(Value::Object(jwk));
    }
    Ok(Json(json!({ "keys": keys })).into_response())
}
