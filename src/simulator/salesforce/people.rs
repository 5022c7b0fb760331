//! The simulated Salesforce organisations and who has a user in them.
//!
//! All of them are invented.

use crate::simulator::persona::{Account, Org, Persona, SalesforceAccount};

pub(super) static HARBORLINE: Org = Org {
    id: "00D5e000000HaRbEAK",
    name: "Harborline",
    edition: "Enterprise Edition",
    is_sandbox: false,
    country: "DE",
};
static NORTHWIND: Org = Org {
    id: "00D5e000000NwTrEAK",
    name: "Northwind",
    edition: "Professional Edition",
    is_sandbox: false,
    country: "US",
};
static HARBORLINE_SANDBOX: Org = Org {
    id: "00D7j000000SbXqEAK",
    is_sandbox: true,
    ..org("Harborline UAT", "DE")
};

const fn org(name: &'static str, country: &'static str) -> Org {
    Org {
        id: "000000000000000AAA",
        name,
        edition: "Enterprise Edition",
        is_sandbox: false,
        country,
    }
}

static NOWHERE: Org = org("Nowhere", "ZZ");

/// What the profile of system administrators allows.
static EVERYTHING: [&str; 5] = [
    "ModifyAllData",
    "ViewAllData",
    "ManageUsers",
    "CustomizeApplication",
    "AuthorApex",
];
static ALL_BUT_CODE: [&str; 4] = [
    "ModifyAllData",
    "ViewAllData",
    "ManageUsers",
    "CustomizeApplication",
];

const fn user(org: &'static Org, user_id: &'static str) -> SalesforceAccount {
    SalesforceAccount {
        org,
        user_id,
        profile: "Standard User",
        profile_permissions: &[],
        further_permissions: &[],
        is_active: true,
    }
}

const fn administrator(org: &'static Org, user_id: &'static str) -> SalesforceAccount {
    SalesforceAccount {
        profile: "System Administrator",
        profile_permissions: &EVERYTHING,
        ..user(org, user_id)
    }
}

pub(super) static NOBODY: SalesforceAccount = user(&NOWHERE, "000000000000000AAA");

pub(super) static PRODUCTION: [Persona; 6] = [
    Persona {
        key: "grace",
        given_name: "Grace",
        family_name: "Hopper",
        username: "grace.hopper@harborline.example.crm",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Harborline: standard user; the user name looks like an address and is none",
        account: Account::Salesforce(user(&HARBORLINE, "0055e000001GrcHAAS")),
    },
    Persona {
        key: "amina",
        given_name: "Amina",
        family_name: "Yusuf",
        username: "amina@harborline.example.crm",
        email: "amina@harborline.example",
        email_verified: true,
        about: "Harborline: system administrator",
        account: Account::Salesforce(administrator(&HARBORLINE, "0055e000001AdmNAAS")),
    },
    Persona {
        key: "petra",
        given_name: "Petra",
        family_name: "Schmidt",
        username: "petra@harborline.example.crm",
        email: "petra@harborline.example",
        email_verified: false,
        about: "Harborline: administrator's rights by permission sets; address not verified",
        account: Account::Salesforce(SalesforceAccount {
            profile: "Vertrieb",
            further_permissions: &ALL_BUT_CODE,
            ..user(&HARBORLINE, "0055e000001PrmSAAS")
        }),
    },
    Persona {
        key: "ines",
        given_name: "Ines",
        family_name: "Costa",
        username: "ines@harborline.example.crm",
        email: "ines@harborline.example",
        email_verified: true,
        about: "Harborline: inactive system administrator",
        account: Account::Salesforce(SalesforceAccount {
            is_active: false,
            ..administrator(&HARBORLINE, "0055e000001InAcAAK")
        }),
    },
    Persona {
        key: "noah",
        given_name: "Noah",
        family_name: "Reed",
        username: "noah@northwind.example.crm",
        email: "noah@northwind.example",
        email_verified: true,
        about: "Northwind: system administrator of an edition without programming interface",
        account: Account::Salesforce(SalesforceAccount {
            profile: "Systemadministrator",
            ..administrator(&NORTHWIND, "0055e000001NoahAAC")
        }),
    },
    Persona {
        key: "mallory",
        given_name: "Mallory",
        family_name: "Grey",
        username: "mallory@northwind.example.crm",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Northwind: attacker with Grace's address, which an administrator wrote there",
        account: Account::Salesforce(user(&NORTHWIND, "0055e000001MlryAAC")),
    },
];

/// Copies of production users have their ids in another organisation.
pub(super) static SANDBOX: [Persona; 2] = [
    Persona {
        key: "grace",
        given_name: "Grace",
        family_name: "Hopper",
        username: "grace.hopper@harborline.example.crm.uat",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Harborline UAT: copy of the production user",
        account: Account::Salesforce(user(&HARBORLINE_SANDBOX, "0055e000001GrcHAAS")),
    },
    Persona {
        key: "amina",
        given_name: "Amina",
        family_name: "Yusuf",
        username: "amina@harborline.example.crm.uat",
        email: "amina@harborline.example",
        email_verified: true,
        about: "Harborline UAT: system administrator",
        account: Account::Salesforce(administrator(&HARBORLINE_SANDBOX, "0055e000001AdmNAAS")),
    },
];
