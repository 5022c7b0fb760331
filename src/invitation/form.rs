//! The sign-up form's fields: what the policy shows, what of it may be changed, and what comes out (R25, R42–R44).

use std::collections::BTreeMap;

use crate::application::{FieldMode, PROFILE_FIELDS, SelfServicePolicy};
use crate::identity::{Attributes, IdentityStore, Profile};
use crate::kit::FieldProblem;

use super::Invitation;

/// Custom attributes stand in forms and policies under this prefix.
pub const ATTRIBUTE: &str = "attributes.";

/// One field as the form shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `given_name`, `address.locality`, `attributes.department`.
    pub name: String,
    pub value: String,
    pub mode: FieldMode,
}

/// What was pre-filled, by field name.
#[must_use]
pub fn prefilled(invitation: &Invitation) -> BTreeMap<String, String> {
    let profile = invitation
        .profile
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let attributes = invitation
        .attributes
        .iter()
        .map(|(name, value)| (format!("{ATTRIBUTE}{name}"), text_of(value)));
    profile.chain(attributes).collect()
}

/// A custom attribute as a person reads it.
#[must_use]
pub fn text_of(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The fields that the policy shows, in the order of the standard, attributes in the store's order after them.
#[must_use]
pub fn shown(
    policy: &SelfServicePolicy,
    store: &IdentityStore,
    values: &BTreeMap<String, String>,
) -> Vec<Field> {
    let attributes = store
        .attributes
        .iter()
        .map(|it| format!("{ATTRIBUTE}{}", it.name));
    let names = PROFILE_FIELDS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(attributes);
    names
        .filter_map(|name| {
            let mode = policy.mode(&name);
            let value = values.get(&name).cloned().unwrap_or_default();
            (mode != FieldMode::Hidden).then_some(Field { name, value, mode })
        })
        .collect()
}

/// Lays what was submitted over what was pre-filled, as far as the policy lets the invitee, and checks the result.
/// Hidden and read-only fields keep their pre-filled value whatever was submitted.
pub fn complete(
    policy: &SelfServicePolicy,
    store: &IdentityStore,
    prefilled: &BTreeMap<String, String>,
    submitted: &BTreeMap<String, String>,
) -> Result<(Profile, Attributes), Vec<FieldProblem>> {
    let mut values = prefilled.clone();
    let mut problems = Vec::new();
    for field in shown(policy, store, prefilled) {
        let typed = submitted.get(&field.name).map_or("", |text| text.trim());
        match field.mode {
            FieldMode::Hidden | FieldMode::ReadOnly => {}
            FieldMode::Required if typed.is_empty() => {
                problems.push(FieldProblem::new(
                    field.name,
                    "required",
                    "Fill in this field.",
                ));
            }
            FieldMode::Required | FieldMode::Optional => {
                values.insert(field.name, typed.to_owned());
            }
        }
    }
    values.retain(|_, value| !value.is_empty());
    let (attributes, profile): (BTreeMap<_, _>, BTreeMap<_, _>) = values
        .into_iter()
        .partition(|(name, _)| name.starts_with(ATTRIBUTE));
    let attributes = attributes
        .into_iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(ATTRIBUTE)?.to_owned(), value)))
        .collect();
    let profile = Profile::parse(profile)
        .map_err(|found| problems.extend(found))
        .ok();
    let attributes = Attributes::parse_form(&store.attributes, attributes)
        .map_err(|found| problems.extend(found.into_iter().map(prefixed)))
        .ok();
    match (profile, attributes) {
        (Some(profile), Some(attributes)) if problems.is_empty() => Ok((profile, attributes)),
        _ => Err(problems),
    }
}

fn prefixed(problem: FieldProblem) -> FieldProblem {
    FieldProblem {
        field: format!("{ATTRIBUTE}{}", problem.field),
        ..problem
    }
}
