//! Who may do what: roles of administrators and scopes of API clients, each as a set of permissions, in one table.
//!
//! Knows nothing of who is calling (`app::caller` does) and nothing of what a permission guards.

mod appoint;
mod store;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

pub use appoint::{ROLE_ATTRIBUTE, addresses_of, appoint, is_administered, role_of};

macro_rules! permissions {
    ($($name:ident $scope:literal $meaning:literal),+ $(,)?) => {
        /// One thing that somebody may do. An API client holds it as the scope of the same name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $(#[doc = $meaning] $name),+ }

        impl Permission {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As a scope: `invitations:read`.
            #[must_use]
            pub const fn scope(self) -> &'static str {
                match self { $(Self::$name => $scope),+ }
            }

            /// For the person who grants it.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),+ }
            }
        }

        /// The permissions as types, for the signatures of handlers: `ApiClient<may::InvitationsWrite>`.
        pub mod may {
            $(
                #[doc = $meaning]
                #[derive(Debug, Clone, Copy)]
                pub enum $name {}
                impl super::Needs for $name {
                    const PERMISSION: super::Permission = super::Permission::$name;
                }
            )+
        }
    };
}

/// A permission as a type.
pub trait Needs: Send + Sync + 'static {
    const PERMISSION: Permission;
}

permissions! {
    AdministratorsWrite "administrators:write" "Invite administrators, which is to give somebody a role.",
    ApplicationsRead "applications:read" "See applications.",
    ApplicationsWrite "applications:write" "Create and change applications.",
    ClientsRead "clients:read" "See clients.",
    ClientsWrite "clients:write" "Create and change clients and replace their secrets.",
    ConnectionsRead "connections:read" "See connections to identity providers.",
    ConnectionsWrite "connections:write" "Create, change and remove connections to identity providers, which is to decide who is believed.",
    EventsRead "events:read" "Read the audit log.",
    GroupsRead "groups:read" "See groups and who is in them.",
    GroupsWrite "groups:write" "Create and change groups and who is in them.",
    IdentitiesRead "identities:read" "See identities.",
    IdentitiesWrite "identities:write" "Register, change and disable identities.",
    InvitationsLink "invitations:link" "Obtain the link of an invitation, which is as good as the mail itself.",
    InvitationsRead "invitations:read" "See invitations.",
    InvitationsWrite "invitations:write" "Invite, resend and revoke.",
    StoresRead "stores:read" "See identity stores.",
    StoresWrite "stores:write" "Create and change identity stores.",
    WebhooksRead "webhooks:read" "See webhooks.",
    WebhooksWrite "webhooks:write" "Create and remove webhooks.",
}

/// The text is no scope of the management API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scope of the management API")]
pub struct NotAScope;

impl FromStr for Permission {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let all = Self::ALL.iter().copied();
        all.into_iter()
            .find(|permission| permission.scope() == text)
            .ok_or(NotAScope)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scope())
    }
}

/// What one caller may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(BTreeSet<Permission>);

impl Permissions {
    /// Of the `scope` claim of an access token (RFC 9068 section 2.2.3); scopes of others mean nothing here.
    #[must_use]
    pub fn of_scopes(text: &str) -> Self {
        Self(
            text.split(' ')
                .filter_map(|scope| scope.parse().ok())
                .collect(),
        )
    }

    #[must_use]
    pub fn allow(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// What is in both.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    /// Whether the other one holds all of these.
    #[must_use]
    pub fn are_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }
}

/// What an administrator is (R4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    GlobalAdministrator,
    SupportReadWrite,
    SupportReadOnly,
    ApplicationAdministrator,
    Auditor,
}

impl Role {
    pub const ALL: [Self; 5] = [
        Self::GlobalAdministrator,
        Self::SupportReadWrite,
        Self::SupportReadOnly,
        Self::ApplicationAdministrator,
        Self::Auditor,
    ];

    /// As stored, and as written on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GlobalAdministrator => "global_administrator",
            Self::SupportReadWrite => "support_read_write",
            Self::SupportReadOnly => "support_read_only",
            Self::ApplicationAdministrator => "application_administrator",
            Self::Auditor => "auditor",
        }
    }

    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.table().contains(&permission)
    }

    #[must_use]
    pub fn permissions(self) -> Permissions {
        Permissions(self.table().iter().copied().collect())
    }

    /// The table. Inviting includes the read-only support, literally as the source of R4 says.
    const fn table(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::GlobalAdministrator => P::ALL,
            Self::SupportReadWrite => &[
                P::InvitationsRead,
                P::InvitationsWrite,
                P::InvitationsLink,
                P::IdentitiesRead,
                P::IdentitiesWrite,
                P::GroupsRead,
                P::GroupsWrite,
                P::ApplicationsRead,
                P::StoresRead,
                P::EventsRead,
            ],
            Self::SupportReadOnly => &[
                P::InvitationsRead,
                P::InvitationsWrite,
                P::IdentitiesRead,
                P::GroupsRead,
                P::ApplicationsRead,
                P::StoresRead,
                P::EventsRead,
            ],
            Self::ApplicationAdministrator => &[
                P::ApplicationsRead,
                P::ApplicationsWrite,
                P::ConnectionsRead,
                P::ClientsRead,
                P::ClientsWrite,
                P::GroupsRead,
                P::StoresRead,
                P::WebhooksRead,
                P::WebhooksWrite,
            ],
            Self::Auditor => &[
                P::ApplicationsRead,
                P::ClientsRead,
                P::ConnectionsRead,
                P::EventsRead,
                P::GroupsRead,
                P::IdentitiesRead,
                P::InvitationsRead,
                P::StoresRead,
                P::WebhooksRead,
            ],
        }
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a role: use global_administrator, support_read_write, support_read_only, application_administrator or auditor"
)]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        let mut all = Self::ALL.into_iter();
        all.find(|role| role.name() == text).ok_or(NotARole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R4: exactly three roles may invite.
    #[test]
    fn r4_three_roles_may_invite() {
        let may = |role: Role| role.may(Permission::InvitationsWrite);
        let inviting: Vec<&str> = Role::ALL
            .into_iter()
            .filter(|role| may(*role))
            .map(Role::name)
            .collect();
        assert_eq!(
            inviting,
            [
                "global_administrator",
                "support_read_write",
                "support_read_only"
            ]
        );
    }

    /// R5, R6: resending and cancelling are the same permission as inviting; R133: the link is another one.
    #[test]
    fn r133_the_link_has_its_own_permission() {
        assert!(!Role::SupportReadOnly.may(Permission::InvitationsLink));
        let scopes = Permissions::of_scopes("invitations:read invitations:write openid");
        assert!(
            scopes.allow(Permission::InvitationsWrite)
                && !scopes.allow(Permission::InvitationsLink)
        );
    }

    /// Whom to believe is nothing that everybody decides: a connection can place people in groups.
    #[test]
    fn only_global_administrators_change_connections() {
        let may = |role: &Role| role.may(Permission::ConnectionsWrite);
        let held: Vec<Role> = Role::ALL.into_iter().filter(may).collect();
        assert_eq!(held, [Role::GlobalAdministrator]);
    }

    #[test]
    fn an_auditor_only_reads() {
        let reads = |permission: &&Permission| permission.scope().ends_with(":read");
        let held = Permission::ALL
            .iter()
            .filter(|permission| Role::Auditor.may(**permission));
        assert!(held.clone().all(|permission| reads(&permission)) && held.count() > 5);
    }

    #[test]
    fn names_read_back_as_themselves() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        for permission in Permission::ALL {
            assert_eq!(permission.scope().parse(), Ok(*permission));
        }
        assert!("Auditor".parse::<Role>().is_err() && "invitations".parse::<Permission>().is_err());
    }
}
