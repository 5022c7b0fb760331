//! Things by what an operator calls them: the name or the id.

use std::str::FromStr;
use std::sync::Arc;

use super::output::Failure;
use crate::application::{Application, Catalogue};
use crate::db::Tx;
use crate::federation::{Connection, Connections};
use crate::group::{self, GroupId};
use crate::identity::{self, IdentityStore};
use crate::kit::{Id, Internal, Kind};

/// Whether the text is an id of this kind or a name.
fn id<K: Kind>(text: &str) -> Option<Id<K>> {
    Id::from_str(text).ok()
}

pub(super) async fn store(tx: &mut Tx, text: &str) -> Result<IdentityStore, Failure> {
    let found = match id(text) {
        Some(id) => identity::find_store(tx, id).await?,
        None => identity::find_store_by_name(tx, text).await?,
    };
    found.ok_or_else(|| unknown("store", text))
}

/// The only store there is besides the administrators' one, or the one that is named.
pub(super) async fn store_or_only(
    tx: &mut Tx,
    text: Option<&str>,
) -> Result<IdentityStore, Failure> {
    if let Some(text) = text {
        return store(tx, text).await;
    }
    let all = identity::list_stores(tx).await?;
    let mut others = all
        .into_iter()
        .filter(|store| store.name != super::init::ADMINISTRATORS);
    match (others.next(), others.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(Failure::new(
            "store_required",
            "Name the identity store with --store.",
        )),
    }
}

pub(super) fn application<'c>(
    catalogue: &'c Catalogue,
    text: &str,
) -> Result<&'c Application, Failure> {
    let by_id = id(text).and_then(|id| catalogue.application(id));
    let mut named = catalogue
        .applications()
        .iter()
        .filter(|application| application.name == text);
    match (by_id, named.next(), named.next()) {
        (Some(found), _, _) | (None, Some(found), None) => Ok(found),
        (None, None, _) => Err(unknown("application", text)),
        (None, Some(_), Some(_)) => {
            let sentence = format!("More than one application is called “{text}”. Use the id.");
            Err(Failure::new("application_ambiguous", sentence))
        }
    }
}

pub(super) async fn groups(tx: &mut Tx, texts: &[String]) -> Result<Vec<GroupId>, Failure> {
    let mut ids = Vec::new();
    for text in texts {
        let found = match id(text) {
            Some(id) => group::find(tx, id).await?,
            None => group::find_by_name(tx, text).await?,
        };
        ids.push(found.ok_or_else(|| unknown("group", text))?.id);
    }
    Ok(ids)
}

pub(super) fn connection<'c>(
    connections: &'c Connections,
    text: &str,
) -> Result<&'c Arc<Connection>, Failure> {
    let by_id = id(text).and_then(|id| connections.get(id));
    let mut all = connections.all().iter();
    by_id
        .or_else(|| all.find(|connection| connection.name == text))
        .ok_or_else(|| unknown("connection", text))
}

fn unknown(what: &str, text: &str) -> Failure {
    Failure::new("unknown", format!("There is no {what} “{text}”."))
}

/// An id that must be one.
pub(super) fn exact<K: Kind>(text: &str) -> Result<Id<K>, Failure> {
    text.parse()
        .map_err(|error| Failure::from(Internal::from(error)))
}
