//! Keyset pages: newest first, the last id of a page is the cursor to the next.

use super::{Id, Kind};

/// Which part of a list is wanted.
pub struct PageRequest<K> {
    /// The last id already seen.
    pub after: Option<Id<K>>,
    /// At most this many: 1 to 200.
    pub limit: u16,
}

impl<K: Kind> PageRequest<K> {
    pub const DEFAULT_LIMIT: u16 = 50;
    pub const MAX_LIMIT: u16 = 200;

    #[must_use]
    pub fn first() -> Self {
        Self {
            after: None,
            limit: Self::DEFAULT_LIMIT,
        }
    }

    /// The id that a `WHERE id < $n` compares with: everything is before the highest id.
    #[must_use]
    pub fn before(&self) -> Id<K> {
        self.after.unwrap_or(Id::from_uuid(uuid::Uuid::max()))
    }

    /// How many rows to ask for: one more than wanted tells whether there is a next page.
    #[must_use]
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// A part of a list.
pub struct Page<T, K> {
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Id<K>>,
}

impl<T, K: Kind> Page<T, K> {
    /// Cuts the one row too many that `PageRequest::rows` asked for.
    #[must_use]
    pub fn cut(mut items: Vec<T>, request: &PageRequest<K>, id: impl Fn(&T) -> Id<K>) -> Self {
        let limit = usize::from(request.limit);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(id);
        Self { items, next }
    }
}
