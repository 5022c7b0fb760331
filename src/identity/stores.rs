//! Identity stores: made, changed, found.

use std::collections::BTreeSet;

use serde_json::json;

use super::attribute::check_definitions;
use super::text::{Lines, check};
use super::{AttributeDefinition, IdentifierKind, IdentityStore, StoreId, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Because, Failed, FieldProblem, Internal, Moment, Refusal};

/// What a store is going to be.
#[derive(Debug, Clone)]
pub struct NewStore {
    pub name: String,
    pub identifiers: Vec<IdentifierKind>,
    pub attributes: Vec<AttributeDefinition>,
}

/// Why a store is not made or changed.
#[derive(Debug)]
pub enum StoreRefused {
    Invalid(Vec<FieldProblem>),
    NameTaken,
    NotFound,
    /// Somebody else changed it meanwhile.
    Stale,
}

impl Refusal for StoreRefused {
    fn because(&self) -> Because {
        match self {
            Self::Invalid(_) => Because::Invalid,
            Self::NameTaken => Because::Conflict,
            Self::NotFound => Because::NotFound,
            Self::Stale => Because::Stale,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_fields",
            Self::NameTaken => "store_name_taken",
            Self::NotFound => "store_not_found",
            Self::Stale => "stale",
        }
    }

    fn sentence(&self) -> String {
        let sentence = match self {
            Self::Invalid(_) => "Some fields need another look.",
            Self::NameTaken => "Another identity store has this name. Choose a different one.",
            Self::NotFound => "There is no such identity store.",
            Self::Stale => {
                "Somebody else changed this identity store meanwhile. Read it again and repeat the change."
            }
        };
        sentence.to_owned()
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Invalid(problems) => problems.clone(),
            Self::NameTaken => vec![FieldProblem::new("name", self.code(), self.sentence())],
            Self::NotFound | Self::Stale => Vec::new(),
        }
    }
}

impl NewStore {
    fn checked(self) -> Result<Self, StoreRefused> {
        let name = self.name.trim().to_owned();
        let mut problems = check_definitions(&self.attributes);
        if name.is_empty() {
            problems.push(FieldProblem::new(
                "name",
                "required",
                "Give the identity store a name.",
            ));
        }
        if let Err((code, sentence)) = check(&name, 100, Lines::One) {
            problems.push(FieldProblem::new("name", code, sentence));
        }
        let different: BTreeSet<_> = self.identifiers.iter().collect();
        if different.is_empty() || different.len() < self.identifiers.len() {
            let sentence = "Choose at least one of EMAIL, USERNAME and PHONE, each once.";
            problems.push(FieldProblem::new("identifiers", "out_of_range", sentence));
        }
        if problems.is_empty() {
            Ok(Self { name, ..self })
        } else {
            Err(StoreRefused::Invalid(problems))
        }
    }
}

pub async fn create_store(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    new: NewStore,
) -> Result<IdentityStore, Failed<StoreRefused>> {
    let NewStore {
        name,
        identifiers,
        attributes,
    } = new.checked().map_err(Failed::Refused)?;
    let (id, created_at, revision) = (moment.id(), moment.now, 1);
    let made = IdentityStore {
        id,
        name,
        identifiers,
        attributes,
        created_at,
        revision,
    };
    if store::insert_store(tx, &made).await? == 0 {
        return Err(Failed::Refused(StoreRefused::NameTaken));
    }
    let data = json!({ "name": made.name, "identifiers": made.identifiers });
    event::record(tx, moment, actor, Kind::StoreCreated.about(id, data)).await?;
    Ok(made)
}

/// Replaces name, identifiers and attribute definitions. What people have already stays as it is.
pub async fn update_store(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (id, revision): (StoreId, Option<i64>),
    new: NewStore,
) -> Result<IdentityStore, Failed<StoreRefused>> {
    let NewStore {
        name,
        identifiers,
        attributes,
    } = new.checked().map_err(Failed::Refused)?;
    let before = store::find_store(tx, id)
        .await?
        .ok_or(Failed::Refused(StoreRefused::NotFound))?;
    if revision.is_some_and(|revision| revision != before.revision) {
        return Err(Failed::Refused(StoreRefused::Stale));
    }
    let namesake = store::find_store_by_name(tx, &name).await?;
    if namesake.is_some_and(|namesake| namesake.id != id) {
        return Err(Failed::Refused(StoreRefused::NameTaken));
    }
    let after = IdentityStore {
        name,
        identifiers,
        attributes,
        revision: before.revision + 1,
        ..before
    };
    if store::update_store(tx, &after).await? == 0 {
        return Err(Failed::Refused(StoreRefused::Stale));
    }
    let data = json!({ "name": after.name, "identifiers": after.identifiers });
    event::record(tx, moment, actor, Kind::StoreUpdated.about(id, data)).await?;
    Ok(after)
}

pub async fn find_store(tx: &mut Tx, id: StoreId) -> Result<Option<IdentityStore>, Internal> {
    store::find_store(tx, id).await
}

pub async fn find_store_by_name(
    tx: &mut Tx,
    name: &str,
) -> Result<Option<IdentityStore>, Internal> {
    store::find_store_by_name(tx, name).await
}

/// All stores by name: there are few.
pub async fn list_stores(tx: &mut Tx) -> Result<Vec<IdentityStore>, Internal> {
    store::list_stores(tx).await
}
