//! A code comes back: once, from the client it was given to, with the verifier of its challenge.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::store::{self, CodeRow};
use super::{Grant, GrantId, revoke_grant};
use crate::application::ClientId;
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Internal, Moment, Secret, digest, same_secret};

/// What the client sends. The client has authenticated.
pub struct Redeeming<'r> {
    pub client: ClientId,
    pub code: Secret,
    pub redirect_uri: Option<&'r str>,
    pub code_verifier: Option<&'r str>,
}

/// What came of it. Both answers are to be committed: a second use ends what the first one gave.
pub enum Redeemed {
    Granted(Box<Grant>),
    Refused(NotRedeemed),
}

/// Why a code is not accepted; all of them are `invalid_grant` (RFC 6749 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRedeemed {
    /// Also a code of another client: nobody learns that it exists.
    #[error("The code is unknown.")]
    Unknown,
    #[error("The code has expired.")]
    Expired,
    #[error("The code was used before. What the first use gave is revoked.")]
    UsedBefore(GrantId),
    #[error("The redirect_uri is not the one of the authorization request.")]
    OtherRedirectUri,
    #[error("The code_verifier does not fit the code_challenge.")]
    WrongVerifier,
    #[error("The authorization request had no code_challenge.")]
    UnexpectedVerifier,
}

/// Redeems a code. Only a request that is right in everything uses it up.
pub async fn redeem_code(
    tx: &mut Tx,
    moment: &Moment,
    redeeming: &Redeeming<'_>,
) -> Result<Redeemed, Internal> {
    let hash = redeeming.code.digest();
    let Some(row) = store::find_code(tx, hash.clone()).await? else {
        return Ok(Redeemed::Refused(NotRedeemed::Unknown));
    };
    if row.grant.client_id != redeeming.client {
        return Ok(Redeemed::Refused(NotRedeemed::Unknown));
    }
    if row.used_at.is_some() {
        return used_before(tx, moment, &row).await;
    }
    if row.expires_at <= moment.now || row.grant.revoked_at.is_some() {
        return Ok(Redeemed::Refused(NotRedeemed::Expired));
    }
    if let Err(reason) = fits(&row, redeeming) {
        return Ok(Redeemed::Refused(reason));
    }
    if !store::use_code(tx, hash, moment.now).await? {
        return used_before(tx, moment, &row).await; // another request was faster
    }
    Ok(Redeemed::Granted(Box::new(Grant::try_from(row.grant)?)))
}

/// RFC 6749 section 4.1.2: whoever comes second may be a thief, and so may whoever came first.
async fn used_before(tx: &mut Tx, moment: &Moment, row: &CodeRow) -> Result<Redeemed, Internal> {
    let grant = row.grant.grant_id;
    if revoke_grant(tx, moment, grant).await? {
        let happening = Kind::CodeReuseDetected.about(
            grant,
            json!({"client": row.grant.client_id, "identity": row.grant.identity_id}),
        );
        event::record(tx, moment, &Actor::Client(row.grant.client_id), happening).await?;
    }
    Ok(Redeemed::Refused(NotRedeemed::UsedBefore(grant)))
}

fn fits(row: &CodeRow, redeeming: &Redeeming<'_>) -> Result<(), NotRedeemed> {
    if redeeming.redirect_uri != Some(row.redirect_uri.as_str()) {
        return Err(NotRedeemed::OtherRedirectUri);
    }
    match (&row.code_challenge, redeeming.code_verifier) {
        (None, None) => Ok(()),
        // RFC 9700 section 4.8.2: a verifier without a challenge tells of a downgrade.
        (None, Some(_)) => Err(NotRedeemed::UnexpectedVerifier),
        (Some(challenge), Some(verifier)) if is_answer(verifier, challenge) => Ok(()),
        (Some(_), _) => Err(NotRedeemed::WrongVerifier),
    }
}

/// RFC 7636 section 4.6, S256.
fn is_answer(verifier: &str, challenge: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(allowed);
    let computed = URL_SAFE_NO_PAD.encode(digest(verifier.as_bytes()));
    well_formed && same_secret(computed.as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B. OA-03: 43 to 128 unreserved characters.
    #[test]
    fn a_verifier_answers_its_challenge() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_answer(verifier, challenge));
        assert!(!is_answer(&format!("{verifier}x"), challenge));
        assert!(!is_answer(challenge, challenge));
        for bad in [
            "short".to_owned(),
            "a".repeat(129),
            format!("{}+", "a".repeat(43)),
        ] {
            let own = URL_SAFE_NO_PAD.encode(digest(bad.as_bytes()));
            assert!(!is_answer(&bad, &own), "{bad}");
        }
    }
}
