//! Identity stores as the console offers them: in which order, with which to begin, and who may invite into which (R29).
//!
//! Reads no store; whoever shows a list has read it.

use super::is_console;
use crate::access::Permission;
use crate::app::{Admin, App};
use crate::identity::{IdentityStore, StoreId};

/// The console's own store last: most invitations are to customers.
#[must_use]
pub fn arranged(app: &App, mut stores: Vec<IdentityStore>) -> Vec<IdentityStore> {
    stores.sort_by_key(|store| of_console(app, store));
    stores
}

/// The wanted one, else the first with an application that somebody can be invited into.
#[must_use]
pub fn chosen<'a>(
    app: &App,
    stores: &'a [IdentityStore],
    wanted: Option<StoreId>,
) -> Option<&'a IdentityStore> {
    let catalogue = app.catalogue.current();
    let inhabited = |store: &&IdentityStore| {
        let choices = catalogue.choices(store.id);
        choices.iter().any(|it| it.disabled.is_none())
    };
    stores
        .iter()
        .find(|store| Some(store.id) == wanted)
        .or_else(|| stores.iter().find(inhabited))
        .or_else(|| stores.first())
}

/// The store of the console itself is for those who may make administrators.
#[must_use]
pub fn may_invite_into(app: &App, admin: &Admin, store: &IdentityStore) -> bool {
    admin.may(Permission::InvitationsWrite)
        && (admin.may(Permission::AdministratorsWrite) || !of_console(app, store))
}

fn of_console(app: &App, store: &IdentityStore) -> bool {
    let catalogue = app.catalogue.current();
    let choices = catalogue.choices(store.id);
    choices.iter().any(|it| is_console(app, it.application.id))
}
