//! Signatures as in Standard Webhooks 1.0.0: HMAC-SHA-256 over id, timestamp and body.
//!
//! Knows nothing of endpoints and events.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kit::{Moment, Secret};

/// Tells people and scanners what kind of secret they look at.
const PREFIX: &str = "whsec_";

/// The key that we and one endpoint share.
pub(super) struct SigningSecret(zeroize::Zeroizing<Vec<u8>>);

impl SigningSecret {
    pub(super) fn new(moment: &Moment) -> Self {
        Self::from_bytes(moment.bytes::<32>().to_vec())
    }

    pub(super) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(zeroize::Zeroizing::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As the receiver configures it.
    pub(super) fn shown(&self) -> Secret {
        Secret::new(format!("{PREFIX}{}", STANDARD.encode(&*self.0)))
    }

    /// The `webhook-signature` header.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut context = hmac::Context::with_key(&key);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R140: the example of the Standard Webhooks libraries.
    #[test]
    fn r140_the_published_example_comes_out() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let secret = SigningSecret::from_bytes(secret);
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(
            secret.shown().reveal(),
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        );
    }
}
