//! The self-service policy of an application: what an invitee sees, may change, and which address may become theirs (R36–R44).
//!
//! Knows nothing of forms; sign-up asks it field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kit::{EmailAddress, FieldProblem};

/// The profile fields that a policy may name: OpenID Connect Core section 5.1 without `sub`, what is derived (`name` is not: people
/// may write it themselves) and what is verified elsewhere. Custom attributes are named `attributes.<name>`.
pub const PROFILE_FIELDS: &[&str] = &[
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "address.street_address",
    "address.locality",
    "address.region",
    "address.postal_code",
    "address.country",
];

/// The rules of one application's sign-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SelfServicePolicy {
    /// By profile field (`given_name`, `address.locality`) or `attributes.<name>`. What is not named is hidden.
    pub fields: BTreeMap<String, FieldMode>,
    pub invite_method: InviteMethod,
    pub address: AddressMode,
    pub sign_up: SignUp,
    /// Ways to sign up: `local` is the form with a password.
    pub connections: Vec<String>,
}

/// How a field appears in the sign-up form (R42–R44).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldMode {
    /// Not shown; what was pre-filled is stored all the same.
    Hidden,
    Optional,
    Required,
    /// Shown as pre-filled, not editable.
    ReadOnly,
}

/// Whether the invited address can be exchanged for an existing account's (R39, R41).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InviteMethod {
    Editable,
    ReadOnly,
}

/// Which address may become the account's (R36–R38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressMode {
    SameAddress,
    SameDomain,
    AnyVerifiedAddress,
    AnyWithApproval,
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignUp {
    InvitationOnly,
    Open,
}

/// What an address other than the invited one needs before it can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressVerdict {
    /// It is the invited one: the link proves it.
    Invited,
    /// A code sent to it has to come back first.
    AfterProof,
    /// As `AfterProof`, and the inviter has to agree.
    AfterProofAndApproval,
    Refused,
}

impl AddressMode {
    /// Judges the address that an invitee wants to use (R36–R38).
    #[must_use]
    pub fn judge(self, invited: &EmailAddress, wanted: &EmailAddress) -> AddressVerdict {
        if invited == wanted {
            return AddressVerdict::Invited;
        }
        match self {
            Self::SameDomain if invited.domain() == wanted.domain() => AddressVerdict::AfterProof,
            Self::SameAddress | Self::SameDomain => AddressVerdict::Refused,
            Self::AnyVerifiedAddress => AddressVerdict::AfterProof,
            Self::AnyWithApproval => AddressVerdict::AfterProofAndApproval,
        }
    }
}

impl Default for SelfServicePolicy {
    fn default() -> Self {
        let names = ["given_name", "family_name"];
        Self {
            fields: names
                .map(|name| (name.to_owned(), FieldMode::Optional))
                .into(),
            invite_method: InviteMethod::Editable,
            address: AddressMode::SameAddress,
            sign_up: SignUp::InvitationOnly,
            connections: vec!["local".to_owned()],
        }
    }
}

impl SelfServicePolicy {
    /// How a field appears; `hidden` unless the policy names it.
    #[must_use]
    pub fn mode(&self, field: &str) -> FieldMode {
        self.fields.get(field).copied().unwrap_or(FieldMode::Hidden)
    }

    /// What is wrong with the policy as written.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let unknown = self.fields.keys().filter(|name| !is_field(name));
        let mut problems: Vec<_> = unknown
            .map(|name| {
                FieldProblem::new(
                    format!("policy/fields/{name}"),
                    "unknown_field",
                    "There is no such profile field. Custom attributes are written as attributes.<name>.",
                )
            })
            .collect();
        if self.connections.is_empty() || self.connections.iter().any(|name| name != "local") {
            problems.push(FieldProblem::new(
                "policy/connections",
                "unknown_connection",
                "Name at least one connection. Available: local.",
            ));
        }
        problems
    }
}

/// Custom attributes are defined by the identity store, so here only their form is checked.
fn is_field(name: &str) -> bool {
    if let Some(attribute) = name.strip_prefix("attributes.") {
        let character = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        return (1..=64).contains(&attribute.len()) && attribute.chars().all(character);
    }
    PROFILE_FIELDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::AddressMode as M;
    use super::AddressVerdict as V;
    use super::*;

    /// R36, R37, R38: which address an invitee may use, by mode.
    #[test]
    fn r36_r37_r38_an_address_is_judged_by_the_mode() {
        let address = |text: &str| text.parse::<EmailAddress>().unwrap();
        let invited = address("ann@corp.example");
        let [same, colleague, foreign] =
            ["ANN@corp.example", "bea@corp.example", "ann@home.example"].map(address);
        for (mode, expected) in [
            (M::SameAddress, [V::Invited, V::Refused, V::Refused]),
            (M::SameDomain, [V::Invited, V::AfterProof, V::Refused]),
            (
                M::AnyVerifiedAddress,
                [V::Invited, V::AfterProof, V::AfterProof],
            ),
            (
                M::AnyWithApproval,
                [
                    V::Invited,
                    V::AfterProofAndApproval,
                    V::AfterProofAndApproval,
                ],
            ),
        ] {
            let judged = [&same, &colleague, &foreign].map(|wanted| mode.judge(&invited, wanted));
            assert_eq!(judged, expected, "{mode:?}");
        }
        assert_eq!(SelfServicePolicy::default().address, M::SameAddress);
    }

    /// R42–R44: a field is hidden unless the policy names it.
    #[test]
    fn r44_unnamed_fields_are_hidden() {
        let policy = SelfServicePolicy::default();
        assert_eq!(policy.mode("given_name"), FieldMode::Optional);
        assert_eq!(policy.mode("address.locality"), FieldMode::Hidden);
        assert_eq!(policy.problems(), []);
    }

    #[test]
    fn unknown_fields_and_connections_are_reported_together() {
        let mut policy = SelfServicePolicy::default();
        policy
            .fields
            .insert("shoe_size".into(), FieldMode::Required);
        policy
            .fields
            .insert("attributes.shoe_size".into(), FieldMode::Required);
        policy.connections.push("myspace".into());
        let fields: Vec<_> = policy.problems().into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["policy/fields/shoe_size", "policy/connections"]);
    }
}
