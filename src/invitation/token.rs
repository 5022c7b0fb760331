//! The token in the link: signed, bound to one client, with nothing personal in it (R120).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::InvitationId;
use crate::application::ClientId;
use crate::keys::{Algorithm, BadToken, KeyRing, TokenKind};
use crate::kit::{Internal, Moment, Secret, digest};

/// RFC 7519 section 4.1, plus `inv`: which invitation.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    jti: String,
    iat: i64,
    exp: i64,
    inv: InvitationId,
}

/// What a new link needs, made together so that they belong together.
pub(super) struct NewToken {
    pub(super) text: Secret,
    pub(super) jti_hash: Vec<u8>,
}

/// What a genuine token says.
pub(super) struct Presented {
    pub(super) invitation: InvitationId,
    pub(super) audience: String,
    pub(super) jti_hash: Vec<u8>,
}

pub(super) struct Binding<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: ClientId,
    pub(super) invitation: InvitationId,
    pub(super) expires_at: DateTime<Utc>,
}

pub(super) fn make(
    keys: &KeyRing,
    moment: &Moment,
    to: &Binding<'_>,
) -> Result<NewToken, Internal> {
    let jti = moment.token();
    let claims = Claims {
        iss: to.issuer.to_owned(),
        aud: to.client.to_string(),
        jti: jti.reveal().to_owned(),
        iat: moment.now.timestamp(),
        exp: to.expires_at.timestamp(),
        inv: to.invitation,
    };
    let text = keys.sign(TokenKind::Invitation, Algorithm::Es256, &claims, moment)?;
    Ok(NewToken {
        text: Secret::new(text),
        jti_hash: jti.digest(),
    })
}

/// Reads a token whether or not its time is over: the row knows the time, and an expired link has a page of its own (R142).
pub(super) fn read(
    keys: &KeyRing,
    issuer: &str,
    token: &str,
    moment: &Moment,
) -> Result<Presented, BadToken> {
    let claims: Claims = keys.verify_expired_too(TokenKind::Invitation, token, moment)?;
    if claims.iss != issuer {
        return Err(BadToken::UnknownKey);
    }
    Ok(Presented {
        invitation: claims.inv,
        audience: claims.aud,
        jti_hash: digest(claims.jti.as_bytes()),
    })
}
