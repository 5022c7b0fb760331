//! The development mailbox: where letters land while no mail server is configured.

use chrono::{DateTime, Utc};

use super::{LetterId, store};
use crate::db::Tx;
use crate::kit::Internal;

/// More letters than this nobody reads on one page.
const NEWEST: i64 = 200;

/// A letter that landed in the mailbox.
#[derive(Clone, sqlx::FromRow)]
pub struct Delivered {
    pub id: LetterId,
    pub recipient: String,
    pub subject: String,
    pub html: String,
    pub text: String,
    pub delivered_at: DateTime<Utc>,
}

impl Delivered {
    /// The links in the letter, in their order: each stands on a line of its own in the text part.
    #[must_use]
    pub fn links(&self) -> Vec<&str> {
        let words = self.text.split_whitespace();
        words
            .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
            .collect()
    }
}

/// What landed, newest first.
pub async fn list_delivered(tx: &mut Tx) -> Result<Vec<Delivered>, Internal> {
    store::list_mailbox(tx, NEWEST).await
}

/// One letter that landed.
pub async fn find_delivered(tx: &mut Tx, id: LetterId) -> Result<Option<Delivered>, Internal> {
    store::find_in_mailbox(tx, id).await
}
