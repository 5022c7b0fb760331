//! A person has allowed it: the grant and its authorization code.

use chrono::TimeDelta;

use super::store::{self, NewCode};
use super::{GrantId, NewGrant};
use crate::db::Tx;
use crate::kit::{Internal, Moment, Secret};

/// What the code is bound to (RFC 6749 section 4.1.3, RFC 7636 section 4.4).
#[derive(Debug, Clone)]
pub struct CodeBinding {
    /// As the request had it, byte for byte.
    pub redirect_uri: String,
    /// S256.
    pub code_challenge: Option<String>,
    pub lifetime: TimeDelta,
}

/// Writes the grant and gives out its code, once.
pub async fn issue_code(
    tx: &mut Tx,
    moment: &Moment,
    grant: &NewGrant,
    binding: CodeBinding,
) -> Result<Secret, Internal> {
    let id: GrantId = moment.id();
    let code = moment.token();
    store::insert_grant(tx, id, grant, moment.now).await?;
    let row = NewCode {
        code_hash: code.digest(),
        grant: id,
        redirect_uri: binding.redirect_uri,
        code_challenge: binding.code_challenge,
        expires_at: moment.now + binding.lifetime,
    };
    store::insert_code(tx, row).await?;
    Ok(code)
}
