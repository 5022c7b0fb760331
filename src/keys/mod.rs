//! The master key and what hangs on it: sealing, short-code digests, and the ring of signing keys with their tokens.
//!
//! Knows nothing of what the tokens mean: issuers, audiences and all claims beside the dates are their readers' business.

mod foreign;
mod issuer;
mod jose;
mod key_ring;
mod pair;
mod provider;
pub mod ring;
mod seal;
mod store;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use foreign::{BadKeySet, ForeignKeys, claimed_subject};
pub use issuer::{IssuerKeys, Unbelieved};
pub use jose::unique_object;
pub use key_ring::KeyRing;
pub use provider::install;
pub use seal::{MasterKey, Sealer};

/// What we sign with.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
pub enum Algorithm {
    /// ECDSA on P-256: the default.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA with 2048 bits: always there, because OpenID Connect Core 15.1 asks for it.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// As in the `alg` header (RFC 7518 section 3.1, RFC 8037 section 3.1).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a token is for. Each kind has a `typ` of its own, so that none passes for another (RFC 8725 section 3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    IdToken,
    /// RFC 9068 section 2.1.
    AccessToken,
    Invitation,
    /// OpenID Connect Back-Channel Logout 1.0, section 2.4.
    Logout,
}

impl TokenKind {
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::IdToken => "JWT",
            Self::AccessToken => "at+jwt",
            Self::Invitation => "invitation+jwt",
            Self::Logout => "logout+jwt",
        }
    }
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("the token is malformed")]
    Malformed,
    #[error("the token is of another kind")]
    WrongKind,
    #[error("the token names a key that is not known")]
    UnknownKey,
    #[error("the signature does not fit")]
    BadSignature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
}
