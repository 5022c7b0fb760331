//! What the sign-up form starts with when somebody comes from a provider: the invitation's values and the provider's laid over
//! each other, and where they differ (R23, R24).
//!
//! What a provider says is only a proposal: the person sees it, and what the form hides isn't taken from it, except for attributes,
//! which come from an administrator's mapping alone.

use std::collections::BTreeMap;

use super::form::ATTRIBUTE;
use crate::application::{FieldMode, Prefill, SelfServicePolicy};
use crate::identity::{Attributes, IdentityStore, Profile};

/// Values by field name.
pub type Values = BTreeMap<String, String>;

/// What the form starts with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    pub values: Values,
    /// What the other side says, where it says something else.
    pub others: Values,
    /// Whose values those are.
    pub others_are: Option<Side>,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Invitation,
    Provider,
}

/// Lays both over each other. A field that the policy locks shows what the inviter wrote, whoever wins elsewhere.
#[must_use]
pub fn merge(
    policy: &SelfServicePolicy,
    store: &IdentityStore,
    invited: &Values,
    provided: &Values,
) -> Merged {
    let mut merged = Merged {
        values: invited.clone(),
        others: Values::new(),
        others_are: Some(match policy.prefill {
            Prefill::Invitation => Side::Provider,
            Prefill::Provider => Side::Invitation,
        }),
    };
    for (name, theirs) in provided {
        let mode = policy.mode(name);
        let hidden = mode == FieldMode::Hidden;
        if (hidden && !name.starts_with(ATTRIBUTE)) || !is_well_formed(store, name, theirs) {
            continue;
        }
        let ours = invited.get(name).filter(|value| !value.is_empty());
        let Some(ours) = ours else {
            merged.values.insert(name.clone(), theirs.clone());
            continue;
        };
        if ours.trim() == theirs.trim() || hidden || mode == FieldMode::ReadOnly {
            continue;
        }
        let other = match policy.prefill {
            Prefill::Invitation => theirs.clone(),
            Prefill::Provider => {
                merged.values.insert(name.clone(), theirs.clone());
                ours.clone()
            }
        };
        merged.others.insert(name.clone(), other);
    }
    merged
}

/// What couldn't be stored isn't proposed either: nobody could mend it in a field that is locked or hidden.
fn is_well_formed(store: &IdentityStore, name: &str, value: &str) -> bool {
    let one = |name: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    match name.strip_prefix(ATTRIBUTE) {
        Some(attribute) => {
            let definitions: Vec<_> = store
                .attributes
                .iter()
                .filter(|definition| definition.name == attribute)
                .cloned()
                .collect();
            !definitions.is_empty() && Attributes::parse_form(&definitions, one(attribute)).is_ok()
        }
        None => Profile::parse(one(name)).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{AttributeDefinition, AttributeKind, IdentifierKind};
    use crate::kit::Clock;

    fn values(pairs: &[(&str, &str)]) -> Values {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    }

    fn store() -> IdentityStore {
        let moment = Clock::system().moment();
        IdentityStore {
            id: moment.id(),
            name: "Customers".to_owned(),
            identifiers: vec![IdentifierKind::Email],
            attributes: vec![AttributeDefinition {
                name: "badge".to_owned(),
                label: "Badge".to_owned(),
                kind: AttributeKind::Choice {
                    choices: vec!["red".to_owned()],
                },
            }],
            created_at: moment.now,
            revision: 1,
        }
    }

    fn policy(prefill: Prefill) -> SelfServicePolicy {
        let mut policy = SelfServicePolicy {
            prefill,
            ..SelfServicePolicy::default()
        };
        policy
            .fields
            .insert("family_name".to_owned(), FieldMode::ReadOnly);
        policy
    }

    /// R24: the invitation's values win unless the policy says otherwise, and both are there where they differ.
    #[test]
    fn r24_both_values_are_known_where_they_differ() {
        let invited = values(&[("given_name", "Grace"), ("family_name", "Hopper")]);
        let provided = values(&[
            ("given_name", "Amazing"),
            ("family_name", "H."),
            ("nickname", "hidden by the policy"),
            ("phone_number", "not one"),
            ("attributes.badge", "red"),
        ]);
        let merged = merge(&policy(Prefill::Invitation), &store(), &invited, &provided);
        let expected = values(&[
            ("given_name", "Grace"),
            ("family_name", "Hopper"),
            ("attributes.badge", "red"),
        ]);
        assert_eq!(merged.values, expected);
        assert_eq!(merged.others, values(&[("given_name", "Amazing")]));
        assert_eq!(merged.others_are, Some(Side::Provider));
        let merged = merge(&policy(Prefill::Provider), &store(), &invited, &provided);
        assert_eq!(merged.values["given_name"], "Amazing");
        assert_eq!(
            merged.values["family_name"], "Hopper",
            "the inviter has locked it"
        );
        assert_eq!(merged.others, values(&[("given_name", "Grace")]));
    }

    /// R23: what no store would take, and what no administrator has defined, isn't proposed.
    #[test]
    fn r23_what_could_not_be_stored_is_not_proposed() {
        let provided = values(&[
            ("attributes.badge", "blue"),
            ("attributes.role", "global_administrator"),
        ]);
        let merged = merge(
            &policy(Prefill::Provider),
            &store(),
            &Values::new(),
            &provided,
        );
        assert_eq!(merged.values, Values::new());
    }
}
