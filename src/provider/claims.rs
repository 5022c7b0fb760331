//! Claims about a person: which scope releases which (OpenID Connect Core section 5.4), each in its type, empty ones left out.
//!
//! Doesn't decide where they go: the ID token and `UserInfo` ask for what they release.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::application::Scopes;
use crate::db::Tx;
use crate::group;
use crate::identity::{self, IdentifierKind, Identity, IdentityId, Status};
use crate::kit::Internal;

const GROUPS: &str = "groups";

/// Scope by scope, exactly the claims of section 5.4; `groups` is ours.
const RELEASED: [(&str, &[&str]); 5] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
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
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    (GROUPS, &[GROUPS]),
];

/// For the metadata.
pub(super) fn supported() -> Vec<&'static str> {
    let of_sign_in = [
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "amr",
        "sid",
        "nonce",
        "at_hash",
    ];
    let of_person = RELEASED.iter().flat_map(|(_, names)| *names);
    of_sign_in.into_iter().chain(of_person.copied()).collect()
}

/// The scopes that single claims belong to: what a person is asked about them.
pub(super) fn scopes_of<'n>(names: impl IntoIterator<Item = &'n str>) -> Scopes {
    let of = |name: &str| RELEASED.iter().find(|(_, names)| names.contains(&name));
    let found = names.into_iter().filter_map(of);
    found.map(|(scope, _)| *scope).collect()
}

/// The names of the claims that may be told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Release(BTreeSet<&'static str>);

impl Release {
    /// Everything that the scopes stand for.
    pub(super) fn of_scopes<'s>(scopes: impl IntoIterator<Item = &'s str>) -> Self {
        let released = scopes.into_iter().filter_map(|scope| {
            let entry = RELEASED.iter().find(|(name, _)| *name == scope);
            entry.map(|(_, names)| *names)
        });
        Self(released.flatten().copied().collect())
    }

    /// The single claims of the `claims` parameter, as far as the client may have the scope they belong to.
    pub(super) fn of_names<'n>(names: impl IntoIterator<Item = &'n str>, allowed: &Scopes) -> Self {
        let may = Self::of_scopes(allowed.iter());
        let names = names.into_iter();
        Self(names.filter_map(|name| may.0.get(name).copied()).collect())
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    /// The claims of a person who may sign in; of anybody else, nothing.
    pub(super) async fn read(
        &self,
        tx: &mut Tx,
        id: IdentityId,
    ) -> Result<Option<Map<String, Value>>, Internal> {
        if self.0.iter().all(|name| *name == GROUPS) {
            return self.read_groups(tx, id).await;
        }
        let identity = identity::find(tx, id).await?;
        let Some(identity) = identity.filter(|identity| identity.status == Status::Active) else {
            return Ok(None);
        };
        let mut all = known(&identity);
        if self.0.contains(GROUPS) {
            all.insert(GROUPS.to_owned(), group::names_of(tx, id).await?.into());
        }
        all.retain(|name, _| self.0.contains(name.as_str()));
        Ok(Some(all))
    }

    /// What an ID token mostly tells, in one statement.
    async fn read_groups(
        &self,
        tx: &mut Tx,
        id: IdentityId,
    ) -> Result<Option<Map<String, Value>>, Internal> {
        let groups = group::names_of_active(tx, id).await?;
        Ok(groups.map(|names| {
            let claims = self.names().map(|name| (name.to_owned(), json!(names)));
            claims.collect()
        }))
    }
}

/// All claims about a person that have a value.
fn known(identity: &Identity) -> Map<String, Value> {
    let mut claims = identity.profile.claims();
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    if let Some(name) = identity.profile.display_name() {
        set("name", name.into());
    }
    set("updated_at", identity.updated_at.timestamp().into());
    if let Some((email, verified)) = identity.email() {
        set("email", email.into());
        set("email_verified", verified.into());
    }
    let of_kind = |kind| {
        identity
            .identifiers
            .iter()
            .find(move |one| one.kind == kind)
    };
    if let Some(phone) = of_kind(IdentifierKind::Phone) {
        set("phone_number", phone.value.clone().into());
        set("phone_number_verified", phone.verified_at.is_some().into());
    } else if identity.profile.get("phone_number").is_some() {
        set("phone_number_verified", json!(false));
    }
    if identity.profile.get("preferred_username").is_none()
        && let Some(username) = of_kind(IdentifierKind::Username)
    {
        set("preferred_username", username.value.clone().into());
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CORE-36: a scope releases exactly the listed claims.
    #[test]
    fn scopes_release_exactly_the_listed_claims() {
        let names = |scopes: &[&str]| Release::of_scopes(scopes.iter().copied()).0.len();
        assert_eq!(names(&["openid", "offline_access", "unknown"]), 0);
        assert_eq!(names(&["profile"]), 14);
        assert_eq!(
            names(&["profile", "email", "address", "phone", "groups"]),
            20
        );
    }

    /// CORE-38: single claims don't reach beyond the scopes that a client may ask for.
    #[test]
    fn single_claims_stay_within_what_the_client_may_ask_for() {
        let allowed = "openid email".parse().unwrap();
        let names = ["email", "groups", "given_name", "password", "sub"];
        let release = Release::of_names(names, &allowed);
        assert_eq!(release.names().collect::<Vec<_>>(), ["email"]);
    }
}
