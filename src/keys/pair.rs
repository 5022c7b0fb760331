//! One key pair, generated or parsed, and the public half as the world sees it.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Algorithm;
use crate::kit::{Internal, digest};

/// A parsed pair: parsing an RSA key costs more than half of a signature, so it is done once.
pub(super) struct Pair {
    private: Private,
    public: ParsedPublicKey,
}

enum Private {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
    EdDsa(Ed25519KeyPair),
}

/// Makes a new private key (PKCS #8). An RSA key takes a tenth of a second: not on an async thread, not in a unit of work.
pub(super) fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, Internal> {
    let random = SystemRandom::new();
    let pkcs8 = match algorithm {
        Algorithm::Es256 => {
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?
                .as_ref()
                .to_vec()
        }
        Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048)?
            .as_der()?
            .as_ref()
            .to_vec(),
        Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random)?.as_ref().to_vec(),
    };
    Ok(Zeroizing::new(pkcs8))
}

impl Pair {
    pub(super) fn parse(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, Internal> {
        let (private, public) = match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)?;
                let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key())?;
                (Private::Es256(pair), public)
            }
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8)?;
                let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key())?;
                (Private::Rs256(Box::new(pair)), public)
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8)?;
                let public = ParsedPublicKey::new(&ED25519, pair.public_key())?;
                (Private::EdDsa(pair), public)
            }
        };
        Ok(Self { private, public })
    }

    pub(super) const fn algorithm(&self) -> Algorithm {
        match self.private {
            Private::Es256(_) => Algorithm::Es256,
            Private::Rs256(_) => Algorithm::Rs256,
            Private::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Es256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Private::EdDsa(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Private::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    pub(super) fn verify(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), aws_lc_rs::error::Unspecified> {
        self.public.verify_sig(message, signature)
    }

    /// The public key as a JWK (RFC 7517), its `kid` the thumbprint of RFC 7638.
    pub(super) fn public_jwk(&self) -> Result<PublicJwk, Internal> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // The thumbprint's input has its members in lexical order and no spaces: written out, not left to a serialiser.
        let (canonical, mut jwk) = match &self.private {
            Private::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
                    return Err(Internal::because("a P-256 point is not 65 bytes long"));
                };
                let (x, y) = (text(x), text(y));
                let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
                (
                    canonical,
                    json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
                )
            }
            Private::Rs256(pair) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let (n, e) = (text(&parts.n), text(&parts.e));
                let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
                (canonical, json!({"kty": "RSA", "n": n, "e": e}))
            }
            Private::EdDsa(pair) => {
                let x = text(pair.public_key().as_ref());
                let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
                (canonical, json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
            }
        };
        let kid = text(&digest(canonical.as_bytes()));
        if let Value::Object(members) = &mut jwk {
            members.insert("kid".to_owned(), json!(kid));
            members.insert("alg".to_owned(), json!(self.algorithm().name()));
            members.insert("use".to_owned(), json!("sig"));
        }
        Ok(PublicJwk { kid, jwk })
    }
}

pub(super) struct PublicJwk {
    pub(super) kid: String,
    pub(super) jwk: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_signs_what_it_verifies() {
        for algorithm in Algorithm::ALL {
            let pair = Pair::parse(algorithm, &generate(algorithm).unwrap()).unwrap();
            let mut signature = pair.sign(b"message").unwrap();
            assert!(pair.verify(b"message", &signature).is_ok());
            assert!(pair.verify(b"another", &signature).is_err());
            signature.reverse();
            assert!(pair.verify(b"message", &signature).is_err());
        }
    }

    /// The library that relying parties use computes the same thumbprint (RFC 7638), and nothing private is shown.
    #[test]
    fn the_kid_is_the_thumbprint_and_the_jwk_is_public() {
        for algorithm in Algorithm::ALL {
            let pair = Pair::parse(algorithm, &generate(algorithm).unwrap()).unwrap();
            let PublicJwk { kid, jwk } = pair.public_jwk().unwrap();
            let parsed: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwk.clone()).unwrap();
            let thumbprint = parsed.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256);
            assert_eq!(thumbprint.unwrap(), kid);
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(jwk.get(private).is_none());
            }
        }
    }
}
