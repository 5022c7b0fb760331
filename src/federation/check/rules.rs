//! What counts as a licence and as an administrator, where a deployment sees it differently than usual.
//!
//! An empty list is never taken for "everything counts".

use std::str::FromStr;

use uuid::Uuid;

use super::Marketplace;

/// Plans that are SharePoint Online itself. Names that only begin alike (Office for the web, storage, Project) are none.
const SHAREPOINT: [u128; 11] = [
    0xc7699d2e_19aa_44de_8edf_1736da088ca1, // SHAREPOINTSTANDARD
    0x5dbe027f_2339_4123_9542_606e4d348a72, // SHAREPOINTENTERPRISE
    0x153f85dd_d912_4762_af6c_d6e0fb4f6692, // SHAREPOINTENTERPRISE_GOV
    0x63038b2c_28d0_45f6_bc36_33062963b498, // SHAREPOINTENTERPRISE_EDU
    0x0a4983bb_d3e5_4a09_95d8_b2d0127b3df5, // SHAREPOINTSTANDARD_EDU
    0x902b47e5_dcb2_4fdc_858b_c63a90a2bdb9, // SHAREPOINTDESKLESS
    0xb1aeb897_3a19_46e2_8c27_a609413cf193, // SHAREPOINTDESKLESS_GOV
    0x6b5b6a67_fc72_4a1f_a2b5_beecf05de761, // SHAREPOINTENTERPRISE_MIDMARKET
    0xa1f3d0a8_84c0_4ae0_bae4_685917b8ab48, // SHAREPOINTLITE
    0xa361d6e2_509e_4e25_a8ad_950060064ef4, // SHAREPOINT_S_DEVELOPER
    0x6fc31d91_cb7f_45ad_885a_bb357a2c98b5, // SHAREPOINT_LRG
];
/// Together they are what a system administrator of Salesforce may.
const ADMINISTRATOR: [&str; 4] = [
    "ModifyAllData",
    "ViewAllData",
    "ManageUsers",
    "CustomizeApplication",
];

/// What the live checks go by. The default is what the providers' own documents say.
#[derive(Clone, Default)]
pub struct Rules {
    /// Microsoft: plans of which one is enough, in place of SharePoint Online's.
    pub plans: Vec<Uuid>,
    /// Salesforce: permissions that are all needed, in place of a system administrator's.
    pub permissions: Vec<Permission>,
    /// Google: the operator's own access to licences; without it the installed app is stated.
    pub marketplace: Option<Marketplace>,
}

impl Rules {
    pub(super) fn plans(&self) -> Vec<Uuid> {
        if self.plans.is_empty() {
            SHAREPOINT.map(Uuid::from_u128).to_vec()
        } else {
            self.plans.clone()
        }
    }

    /// As fields of a profile or of a permission set.
    pub(super) fn permissions(&self) -> Vec<String> {
        let own = self
            .permissions
            .iter()
            .map(|permission| permission.0.as_str());
        let mut names: Vec<_> = own.collect();
        if names.is_empty() {
            names = ADMINISTRATOR.to_vec();
        }
        names.sort_unstable();
        names.dedup();
        names
            .iter()
            .map(|name| format!("Permissions{name}"))
            .collect()
    }
}

/// The name of a permission at Salesforce: `ManageUsers`. It becomes part of a query, so nothing else may be in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Write the name of a permission in letters and digits, like ManageUsers.")]
pub struct NotAPermission;

impl FromStr for Permission {
    type Err = NotAPermission;

    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        let name = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if name && (1..=80).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPermission)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_is_empty() {
        let rules = Rules::default();
        assert_eq!((rules.plans().len(), rules.permissions().len()), (11, 4));
        let own = Rules {
            plans: vec![Uuid::nil()],
            permissions: vec!["ManageUsers".parse().unwrap(); 2],
            marketplace: None,
        };
        assert_eq!(own.plans(), [Uuid::nil()]);
        assert_eq!(own.permissions(), ["PermissionsManageUsers"]);
    }

    #[test]
    fn a_permission_is_a_name() {
        for wrong in [
            "",
            "Manage Users",
            "x FROM User--",
            "a'b",
            "Größe",
            &"x".repeat(81),
        ] {
            assert_eq!(wrong.parse::<Permission>(), Err(NotAPermission), "{wrong}");
        }
    }
}
