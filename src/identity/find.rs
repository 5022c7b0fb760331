//! People are looked up: by id, by identifier, page by page.

use super::{IdentifierKind, Identity, IdentityId, Status, StoreId, store};
use crate::db::Tx;
use crate::kit::{Internal, Page, PageRequest, kinds};

/// The identity with all its identifiers.
pub async fn find(tx: &mut Tx, id: IdentityId) -> Result<Option<Identity>, Internal> {
    store::find(tx, id).await
}

/// Keeps everybody else who holds this identity waiting until the unit of work ends. For rules about all that belongs to a
/// person, which two changes at once could break together.
pub async fn hold(tx: &mut Tx, id: IdentityId) -> Result<(), Internal> {
    store::hold(tx, id).await?;
    Ok(())
}

/// Whose identifier this is; `key` is normalised. Only this store counts (R40).
pub async fn find_by_identifier(
    tx: &mut Tx,
    store: StoreId,
    (kind, key): (IdentifierKind, &str),
) -> Result<Option<Identity>, Internal> {
    match store::find_by_identifier(tx, store, kind, key).await? {
        Some(id) => store::find(tx, id).await,
        None => Ok(None),
    }
}

/// Whether the identifier belongs to an identity of this store (R39, R40); `key` is normalised.
pub async fn is_taken(
    tx: &mut Tx,
    store: StoreId,
    kind: IdentifierKind,
    key: &str,
) -> Result<bool, Internal> {
    let owner = store::find_by_identifier(tx, store, kind, key).await?;
    Ok(owner.is_some())
}

/// Which people are wanted.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub store: Option<StoreId>,
    pub status: Option<Status>,
    /// The beginning of an identifier or of a name, in any case.
    pub text: Option<String>,
}

/// People, newest first.
pub async fn list(
    tx: &mut Tx,
    search: &Search,
    page: &PageRequest<kinds::Identity>,
) -> Result<Page<Identity, kinds::Identity>, Internal> {
    let people = match search
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        Some(text) => store::search(tx, search, text, page).await?,
        None => store::list(tx, search, page).await?,
    };
    Ok(Page::cut(people, page, |person| person.id))
}
