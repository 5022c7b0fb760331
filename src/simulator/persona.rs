//! Who can sign in at a simulated provider: invented people, as data.
//!
//! What a provider tells about them is in its own file.

/// Somebody with an account at a provider.
#[derive(Debug)]
pub struct Persona {
    /// What tests and the sign-in page call this account.
    pub key: &'static str,
    pub given_name: &'static str,
    pub family_name: &'static str,
    /// The sign-in name.
    pub username: &'static str,
    pub email: &'static str,
    /// Whether the provider vouches for the address.
    pub email_verified: bool,
    /// What is special about this account, for whoever chooses it.
    pub about: &'static str,
    pub account: Account,
}

impl Persona {
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// Whether a `login_hint` means this account.
    pub(super) fn answers_to(&self, hint: &str) -> bool {
        [self.key, self.username, self.email]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(hint))
    }
}

/// What only one kind of provider knows.
#[derive(Debug)]
pub enum Account {
    Microsoft(MicrosoftAccount),
    Google(GoogleAccount),
    Salesforce(SalesforceAccount),
    Plain(PlainAccount),
}

#[derive(Debug)]
pub struct MicrosoftAccount {
    pub tenant: &'static Tenant,
    pub oid: &'static str,
    /// A guest's own identity provider.
    pub home: Option<&'static str>,
    pub roles: &'static [DirectoryRole],
    pub licences: &'static [Licence],
    pub groups: &'static [&'static str],
}

/// A directory of Microsoft Entra.
#[derive(Debug)]
pub struct Tenant {
    pub id: &'static str,
    pub name: &'static str,
    pub domain: &'static str,
    pub region: &'static str,
    pub sub_scope: Option<&'static str>,
}

#[derive(Debug)]
pub struct DirectoryRole {
    pub template: &'static str,
    pub name: &'static str,
    /// Held through a group, so that only the transitive question finds it.
    pub by_group: bool,
}

/// A service plan of Microsoft 365.
#[derive(Debug)]
pub struct Licence {
    pub sku: &'static str,
    pub plan: &'static str,
    pub plan_id: &'static str,
    pub status: &'static str,
}

#[derive(Debug)]
pub struct GoogleAccount {
    pub id: &'static str,
    pub workspace: Option<&'static Workspace>,
    pub is_super_administrator: bool,
    pub is_delegated_administrator: bool,
    pub is_suspended: bool,
}

/// A customer of Google Workspace.
#[derive(Debug)]
pub struct Workspace {
    pub customer: &'static str,
    pub domain: &'static str,
    pub name: &'static str,
    pub country: &'static str,
    pub has_installed_the_app: bool,
}

#[derive(Debug)]
pub struct SalesforceAccount {
    pub org: &'static Org,
    /// 18 characters.
    pub user_id: &'static str,
    pub profile: &'static str,
    /// What the profile allows, as Salesforce calls it: `ModifyAllData`.
    pub profile_permissions: &'static [&'static str],
    /// What permission sets allow besides.
    pub further_permissions: &'static [&'static str],
    pub is_active: bool,
}

/// A Salesforce organisation.
#[derive(Debug)]
pub struct Org {
    /// 18 characters.
    pub id: &'static str,
    pub name: &'static str,
    pub edition: &'static str,
    pub is_sandbox: bool,
    pub country: &'static str,
}

#[derive(Debug)]
pub struct PlainAccount {
    pub subject: &'static str,
    pub groups: &'static [&'static str],
    /// Further addresses and whether each is verified; the first address is the primary one.
    pub further_addresses: &'static [(&'static str, bool)],
}
