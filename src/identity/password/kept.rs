//! The SQL that looks at passwords without comparing any.

use crate::db::Tx;
use crate::identity::IdentityId;
use crate::kit::Internal;

pub(super) async fn has_password(tx: &mut Tx, id: IdentityId) -> Result<bool, Internal> {
    let row: Option<(IdentityId,)> = tx
        .sql("SELECT identity_id FROM password WHERE identity_id = $1")
        .bind(id)
        .optional()
        .await?;
    Ok(row.is_some())
}
