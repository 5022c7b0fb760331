//! The "Invitations" tab (R51–R56, R60, R63).

use super::store::{self, Wanted};
use super::{Invitation, Status};
use crate::application::ApplicationId;
use crate::db::Tx;
use crate::kit::{EmailAddress, Internal, Moment, Page, PageRequest, kinds};

/// What to show; everything but revoked ones when empty.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<Status>,
    pub application: Option<ApplicationId>,
    pub email: Option<EmailAddress>,
}

/// A page of the list, newest first.
pub async fn list(
    tx: &mut Tx,
    moment: &Moment,
    filter: &Filter,
    page: &PageRequest<kinds::Invitation>,
) -> Result<Page<Invitation, kinds::Invitation>, Internal> {
    let wanted = Wanted {
        status: filter.status,
        application: filter.application,
        email_key: filter.email.as_ref().map(EmailAddress::key),
        page,
    };
    let rows = store::list(tx, &wanted, moment.now).await?;
    Ok(Page::cut(rows, page, |invitation| invitation.id))
}

/// More than this many are not counted: nobody reads the number any more.
pub const COUNTED: i64 = 1000;

/// How many have this status, up to `COUNTED`.
pub async fn count(tx: &mut Tx, status: Status) -> Result<u64, Internal> {
    let count = store::count(tx, status, COUNTED).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}
