//! Groups are made, renamed and deleted.

use serde_json::json;

use super::{Group, GroupId, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Because, Failed, FieldProblem, Moment, Refusal};

/// What a group is called.
#[derive(Debug, Clone)]
pub struct Change {
    pub name: String,
    pub description: String,
}

/// Why a group stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    Invalid(Vec<FieldProblem>),
    NameTaken,
    NotFound,
    Stale,
    /// An application or an open invitation would put people into it.
    InUse,
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::Invalid(_) => Because::Invalid,
            Self::NameTaken | Self::InUse => Because::Conflict,
            Self::NotFound => Because::NotFound,
            Self::Stale => Because::Stale,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_fields",
            Self::NameTaken => "group_name_taken",
            Self::NotFound => "group_not_found",
            Self::Stale => "stale",
            Self::InUse => "group_in_use",
        }
    }

    fn sentence(&self) -> String {
        let sentence = match self {
            Self::Invalid(_) => "Some fields need another look.",
            Self::NameTaken => "Another group has this name. Choose a different one.",
            Self::NotFound => "There is no such group.",
            Self::Stale => {
                "Somebody else changed this group meanwhile. Read it again and repeat the change."
            }
            Self::InUse => {
                "An application or a pending invitation puts people into this group. Take the group out there first."
            }
        };
        sentence.to_owned()
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::Invalid(problems) => problems.clone(),
            Self::NameTaken => vec![FieldProblem::new("name", self.code(), self.sentence())],
            Self::NotFound | Self::Stale | Self::InUse => Vec::new(),
        }
    }
}

const NAME_LIMIT: usize = 100;
const DESCRIPTION_LIMIT: usize = 500;

impl Change {
    fn checked(self) -> Result<Self, Refused> {
        let (name, description) = (
            self.name.trim().to_owned(),
            self.description.trim().to_owned(),
        );
        let mut problems = Vec::new();
        let mut problem =
            |field, code, sentence: &str| problems.push(FieldProblem::new(field, code, sentence));
        if name.is_empty() {
            problem("name", "required", "Give the group a name.");
        }
        for (field, text, limit) in [
            ("name", &name, NAME_LIMIT),
            ("description", &description, DESCRIPTION_LIMIT),
        ] {
            if text.chars().nth(limit).is_some() {
                problem(
                    field,
                    "too_long",
                    &format!("Use {limit} characters at most."),
                );
            }
            if text.contains(char::is_control) {
                problem(
                    field,
                    "hidden_characters",
                    "This contains characters that can't be seen.",
                );
            }
        }
        if problems.is_empty() {
            Ok(Self { name, description })
        } else {
            Err(Refused::Invalid(problems))
        }
    }
}

pub async fn create(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    change: Change,
) -> Result<Group, Failed<Refused>> {
    let Change { name, description } = change.checked().map_err(Failed::Refused)?;
    let (id, created_at, revision) = (moment.id(), moment.now, 1);
    let group = Group {
        id,
        name,
        description,
        created_at,
        revision,
    };
    if store::insert(tx, &group).await? == 0 {
        return Err(Failed::Refused(Refused::NameTaken));
    }
    event::record(
        tx,
        moment,
        actor,
        Kind::GroupCreated.about(id, json!({ "name": group.name })),
    )
    .await?;
    Ok(group)
}

/// Changes name and description; `revision` is what the caller read, `None` takes whatever is there.
pub async fn rename(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (id, revision): (GroupId, Option<i64>),
    change: Change,
) -> Result<Group, Failed<Refused>> {
    let Change { name, description } = change.checked().map_err(Failed::Refused)?;
    let before = store::find(tx, id)
        .await?
        .ok_or(Failed::Refused(Refused::NotFound))?;
    if revision.is_some_and(|revision| revision != before.revision) {
        return Err(Failed::Refused(Refused::Stale));
    }
    let namesake = store::find_by_name(tx, &name).await?;
    if namesake.is_some_and(|namesake| namesake.id != id) {
        return Err(Failed::Refused(Refused::NameTaken));
    }
    let revision = before.revision + 1;
    let after = Group {
        name,
        description,
        revision,
        ..before
    };
    if store::update(tx, &after).await? == 0 {
        return Err(Failed::Refused(Refused::Stale));
    }
    event::record(
        tx,
        moment,
        actor,
        Kind::GroupUpdated.about(id, json!({ "name": after.name })),
    )
    .await?;
    Ok(after)
}

/// Removes a group and all memberships in it. Refused while something would put people into it.
pub async fn delete(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: GroupId,
) -> Result<(), Failed<Refused>> {
    let group = store::find(tx, id)
        .await?
        .ok_or(Failed::Refused(Refused::NotFound))?;
    if store::uses(tx, id).await? > 0 {
        return Err(Failed::Refused(Refused::InUse));
    }
    store::forget_in_ended_invitations(tx, id).await?;
    store::delete_members(tx, id).await?;
    store::delete(tx, id).await?;
    event::record(
        tx,
        moment,
        actor,
        Kind::GroupDeleted.about(id, json!({ "name": group.name })),
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        let checked = |name: &str| {
            let change = Change {
                name: name.to_owned(),
                description: String::new(),
            };
            change.checked().map(|change| change.name)
        };
        assert_eq!(checked("  Finance "), Ok("Finance".to_owned()));
        for name in ["", "  ", "a\0b", &"x".repeat(NAME_LIMIT + 1)] {
            assert!(checked(name).is_err(), "{name:?}");
        }
    }
}
