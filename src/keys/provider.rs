//! The cryptography behind `jsonwebtoken`: our own keys are parsed once and found by a handle.
//!
//! The library parses a key's bytes for each signature (for RSA that costs more than the signature itself). Here an
//! `EncodingKey` or `DecodingKey` holds only a handle; other people's keys go to the library's own aws-lc-rs code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{DecodingKey, DecodingKeyKind, EncodingKey};

use super::Algorithm;
use super::pair::Pair;

/// The library calls plain functions, which can reach nothing but statics: hence the one registry of the house.
static PARSED: RwLock<BTreeMap<u64, Arc<Pair>>> = RwLock::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    signer_factory: |algorithm, key| signer(*algorithm, key),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: DEFAULT_PROVIDER.key_utils.clone(),
});

/// Makes `jsonwebtoken` use our parsed keys. Called before the first signature; calling it again changes nothing.
pub fn install() {
    if PROVIDER.install_default().is_err() {
        tracing::debug!("the provider for tokens is installed already");
    }
}

/// No public key has bytes of this form: a P-256 point has 65, an Ed25519 key 32, an RSA key some hundreds.
const MARK: &[u8; 10] = b"usher-key:";

/// A key that the library can use, for as long as this lives.
pub(super) struct Registered {
    number: u64,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
}

impl Registered {
    pub(super) fn new(pair: Pair) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let handle = [MARK.as_slice(), &number.to_be_bytes()].concat();
        let (encoding, decoding) = match pair.algorithm() {
            Algorithm::Es256 => (
                EncodingKey::from_ec_der(&handle),
                DecodingKey::from_ec_der(&handle),
            ),
            Algorithm::Rs256 => (
                EncodingKey::from_rsa_der(&handle),
                DecodingKey::from_rsa_der(&handle),
            ),
            Algorithm::EdDsa => (
                EncodingKey::from_ed_der(&handle),
                DecodingKey::from_ed_der(&handle),
            ),
        };
        let mut parsed = PARSED.write().unwrap_or_else(PoisonError::into_inner);
        parsed.insert(number, Arc::new(pair));
        Self {
            number,
            encoding,
            decoding,
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut parsed = PARSED.write().unwrap_or_else(PoisonError::into_inner);
        parsed.remove(&self.number);
    }
}

/// What a handle stands for, or `None` if the bytes are no handle.
fn find(bytes: &[u8]) -> Option<Result<Parsed, Error>> {
    let number = bytes.strip_prefix(MARK)?;
    let number = u64::from_be_bytes(number.try_into().ok()?);
    let parsed = PARSED.read().unwrap_or_else(PoisonError::into_inner);
    let pair = parsed.get(&number).cloned().map(Parsed);
    Some(pair.ok_or_else(|| ErrorKind::InvalidKeyFormat.into()))
}

/// Whether a key's bytes would be taken for a handle of ours.
pub(super) fn is_handle(key: &DecodingKey) -> bool {
    matches!(key.kind(), DecodingKeyKind::SecretOrDer(bytes) if bytes.starts_with(MARK))
}

pub(super) const fn library_name(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

struct Parsed(Arc<Pair>);

impl Parsed {
    fn only_for(self, algorithm: jsonwebtoken::Algorithm) -> Result<Box<Self>, Error> {
        if library_name(self.0.algorithm()) == algorithm {
            Ok(Box::new(self))
        } else {
            Err(ErrorKind::InvalidAlgorithm.into())
        }
    }
}

impl Signer<Vec<u8>> for Parsed {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        self.0.sign(message).map_err(SignatureError::from_source)
    }
}

impl JwtSigner for Parsed {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        library_name(self.0.algorithm())
    }
}

impl Verifier<Vec<u8>> for Parsed {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let verified = self.0.verify(message, signature);
        verified.map_err(SignatureError::from_source)
    }
}

impl JwtVerifier for Parsed {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        library_name(self.0.algorithm())
    }
}

fn signer(
    algorithm: jsonwebtoken::Algorithm,
    key: &EncodingKey,
) -> Result<Box<dyn JwtSigner>, Error> {
    match find(key.as_bytes()) {
        Some(parsed) => Ok(parsed?.only_for(algorithm)?),
        None => (DEFAULT_PROVIDER.signer_factory)(&algorithm, key),
    }
}

fn verifier(
    algorithm: jsonwebtoken::Algorithm,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>, Error> {
    let ours = match key.kind() {
        DecodingKeyKind::SecretOrDer(bytes) => find(bytes),
        DecodingKeyKind::RsaModulusExponent { .. } => None,
    };
    match ours {
        Some(parsed) => Ok(parsed?.only_for(algorithm)?),
        None => (DEFAULT_PROVIDER.verifier_factory)(&algorithm, key),
    }
}
