//! The self-service policy of an application: what an invitee sees, may change, and which address may become theirs (R36–R44).
//!
//! Knows nothing of forms; sign-up asks it field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kit::{EmailAddress, FieldProblem, Id, kinds};

// The noun itself comes later in the order; its ids are needed all the same.
type ConnectionId = Id<kinds::Connection>;

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
    /// Ways to sign in and up: `local` is a password of ours, all others are ids of connections.
    pub connections: Vec<String>,
    /// Whose values the sign-up form shows first when an account of a provider is used.
    pub prefill: Prefill,
    /// When the sign-up form is shown to somebody who comes with an account of a provider.
    pub form: SignUpForm,
}

/// A password of ours, as a way to sign in.
const LOCAL: &str = "local";
/// More buttons than this help nobody to choose.
const MOST_CONNECTIONS: usize = 20;

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

/// Whose values win where the invitation and the provider know different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prefill {
    Invitation,
    Provider,
}

/// Whether somebody who comes with an account of a provider sees the sign-up form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignUpForm {
    Always,
    /// Only if something required is missing.
    WhenIncomplete,
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
            connections: vec![LOCAL.to_owned()],
            prefill: Prefill::Invitation,
            form: SignUpForm::Always,
        }
    }
}

impl SelfServicePolicy {
    /// How a field appears; `hidden` unless the policy names it.
    #[must_use]
    pub fn mode(&self, field: &str) -> FieldMode {
        self.fields.get(field).copied().unwrap_or(FieldMode::Hidden)
    }

    /// Whether people may have a password of ours.
    #[must_use]
    pub fn allows_local(&self) -> bool {
        self.connections.iter().any(|name| name == LOCAL)
    }

    /// Whether people may come from this connection.
    #[must_use]
    pub fn allows(&self, connection: ConnectionId) -> bool {
        self.connection_ids().any(|id| id == connection)
    }

    /// The connections it names, which exist or not.
    pub fn connection_ids(&self) -> impl Iterator<Item = ConnectionId> {
        self.connections.iter().filter_map(|name| name.parse().ok())
    }

    /// What is wrong with the policy as written. Whether its connections exist is not known here.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let unknown = self.fields.keys().filter(|name| !is_profile_field(name));
        let mut problems: Vec<_> = unknown
            .map(|name| {
                FieldProblem::new(
                    format!("policy/fields/{name}"),
                    "unknown_field",
                    "There is no such profile field. Custom attributes are written as attributes.<name>.",
                )
            })
            .collect();
        problems.extend(self.connection_problems());
        problems
    }

    fn connection_problems(&self) -> Vec<FieldProblem> {
        let all = &self.connections;
        if all.is_empty() || all.len() > MOST_CONNECTIONS {
            let sentence =
                format!("Name 1 to {MOST_CONNECTIONS} connections: local, and ids of connections.");
            let problem = FieldProblem::new("policy/connections", "connections", sentence);
            return vec![problem];
        }
        let problems = all.iter().enumerate().filter_map(|(at, name)| {
            let (code, sentence) = if all.iter().take(at).any(|earlier| earlier == name) {
                ("duplicate_connection", "It is named twice.")
            } else if name != LOCAL && name.parse::<ConnectionId>().is_err() {
                let sentence = "Write local or the id of a connection (con_…).";
                ("unknown_connection", sentence)
            } else {
                return None;
            };
            let field = format!("policy/connections/{at}");
            Some(FieldProblem::new(field, code, sentence))
        });
        problems.collect()
    }
}

/// Whether a name is that of a profile field. Custom attributes are defined by the identity store, so here only their form is checked.
#[must_use]
pub fn is_profile_field(name: &str) -> bool {
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
        let known = format!("con_{}", "0".repeat(26));
        policy.connections.extend([
            known.clone(),
            "myspace".into(),
            known.clone(),
            known.replace("con_", "app_"),
        ]);
        let problems = policy.problems();
        let told: Vec<_> = problems
            .iter()
            .map(|p| (p.field.as_str(), p.code))
            .collect();
        let expected = [
            ("policy/fields/shoe_size", "unknown_field"),
            ("policy/connections/2", "unknown_connection"),
            ("policy/connections/3", "duplicate_connection"),
            ("policy/connections/4", "unknown_connection"),
        ];
        assert_eq!(told, expected);
        assert!(policy.allows_local() && policy.allows(known.parse().unwrap()));
        for connections in [Vec::new(), vec!["local".to_owned(); 21]] {
            policy.connections = connections;
            assert_eq!(policy.problems().last().unwrap().code, "connections");
        }
    }
}
