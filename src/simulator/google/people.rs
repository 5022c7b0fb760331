//! The people with a simulated Google account, and the Workspace customers that some belong to.
//!
//! All of them are invented.

use crate::simulator::persona::{Account, GoogleAccount, Persona, Workspace};

static HARBORLINE: Workspace = Workspace {
    customer: "C01harbor",
    domain: "harborline.example",
    name: "Harborline",
    country: "DE",
    has_installed_the_app: true,
};
static NORTHWIND: Workspace = Workspace {
    customer: "C02northw",
    domain: "northwind.example",
    name: "Northwind",
    country: "US",
    has_installed_the_app: false,
};

const fn account(id: &'static str, workspace: Option<&'static Workspace>) -> GoogleAccount {
    GoogleAccount {
        id,
        workspace,
        is_super_administrator: false,
        is_delegated_administrator: false,
        is_suspended: false,
    }
}

pub(super) static NOBODY: GoogleAccount = account("0", None);

pub(super) static ALL: [Persona; 7] = [
    Persona {
        key: "grace",
        given_name: "Grace",
        family_name: "Hopper",
        username: "grace.hopper@harborline.example",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Harborline Workspace: ordinary user",
        account: Account::Google(account("110000000000000000001", Some(&HARBORLINE))),
    },
    Persona {
        key: "sven",
        given_name: "Sven",
        family_name: "Larsson",
        username: "sven@harborline.example",
        email: "sven@harborline.example",
        email_verified: true,
        about: "Harborline Workspace: super administrator, the app is installed",
        account: Account::Google(GoogleAccount {
            is_super_administrator: true,
            ..account("110000000000000000002", Some(&HARBORLINE))
        }),
    },
    Persona {
        key: "dele",
        given_name: "Dele",
        family_name: "Adeyemi",
        username: "dele@harborline.example",
        email: "dele@harborline.example",
        email_verified: true,
        about: "Harborline Workspace: delegated administrator, not a super administrator",
        account: Account::Google(GoogleAccount {
            is_delegated_administrator: true,
            ..account("110000000000000000003", Some(&HARBORLINE))
        }),
    },
    Persona {
        key: "nora",
        given_name: "Nora",
        family_name: "Winter",
        username: "nora@northwind.example",
        email: "nora@northwind.example",
        email_verified: true,
        about: "Northwind Workspace: super administrator, the app is not installed",
        account: Account::Google(GoogleAccount {
            is_super_administrator: true,
            ..account("110000000000000000004", Some(&NORTHWIND))
        }),
    },
    Persona {
        key: "gil",
        given_name: "Gil",
        family_name: "Moreno",
        username: "gil.moreno@gmail.com",
        email: "gil.moreno@gmail.com",
        email_verified: true,
        about: "Consumer account with a Gmail address",
        account: Account::Google(account("110000000000000000005", None)),
    },
    Persona {
        key: "mallory",
        given_name: "Mallory",
        family_name: "Grey",
        username: "grace.hopper@harborline.example",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Consumer account with Grace's address, verified long ago: Google is not its authority",
        account: Account::Google(account("110000000000000000006", None)),
    },
    Persona {
        key: "sue",
        given_name: "Sue",
        family_name: "Spender",
        username: "sue@harborline.example",
        email: "sue@harborline.example",
        email_verified: true,
        about: "Harborline Workspace: suspended super administrator",
        account: Account::Google(GoogleAccount {
            is_super_administrator: true,
            is_suspended: true,
            ..account("110000000000000000007", Some(&HARBORLINE))
        }),
    },
];
