//! The SQL about connections, which policies name.

use crate::db::Tx;
use crate::kit::{Id, Internal, kinds};

pub(in crate::application) async fn connection_exists(
    tx: &mut Tx,
    id: Id<kinds::Connection>,
) -> Result<bool, Internal> {
    let row: Option<(i64,)> = tx
        .sql("SELECT CAST(1 AS BIGINT) FROM connection WHERE id = $1")
        .bind(id)
        .optional()
        .await?;
    Ok(row.is_some())
}
