//! The tenants of the simulated clouds and who is in them.
//!
//! All of them are invented; role and plan ids are Microsoft's public ones.

use crate::simulator::persona::{
    Account, DirectoryRole, Licence, MicrosoftAccount, Persona, Tenant,
};

const fn tenant(id: &'static str, name: &'static str, domain: &'static str) -> Tenant {
    Tenant {
        id,
        name,
        domain,
        region: "NA",
        sub_scope: None,
    }
}

pub(super) static CONTOSO: Tenant = tenant(
    "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01",
    "Contoso",
    "contoso.example",
);
pub(super) static HARBORLINE: Tenant = tenant(
    "7be2a9d4-1f63-4c08-a5d9-6e4b8c3f2d02",
    "Harborline",
    "harborline.example",
);
/// Its administrator writes other people's addresses into his users' accounts.
pub(super) static TAILSPIN: Tenant = tenant(
    "e1c7d830-52ab-4e94-8f06-b9a3d7e5c103",
    "Tailspin",
    "tailspin.example",
);
pub(super) static COUNTY: Tenant = Tenant {
    sub_scope: Some("GCC"),
    ..tenant(
        "a94f6b18-c3d2-4b75-9e80-2d7f1a6c5e04",
        "Lakeview County",
        "lakeview.example",
    )
};
pub(super) static PERSONAL: Tenant =
    tenant(super::CONSUMERS, "Personal accounts", "outlook.example");
pub(super) static AGENCY: Tenant = Tenant {
    region: "USGov",
    sub_scope: Some("DODCON"),
    ..tenant(
        "f58d2c3e-7a90-4611-b8c4-1e9d6f0a7b05",
        "Agency of Examples",
        "agency.example",
    )
};
pub(super) static BUREAU: Tenant = Tenant {
    region: "USGov",
    sub_scope: Some("DOD"),
    ..tenant(
        "0b63e7f9-d421-4fa8-93c5-7c8a5d2e1f06",
        "Bureau of Examples",
        "bureau.example",
    )
};
static NOWHERE: Tenant = tenant(
    "00000000-0000-4000-8000-000000000000",
    "Nowhere",
    "nowhere.invalid",
);

const fn role(template: &'static str, name: &'static str) -> DirectoryRole {
    DirectoryRole {
        template,
        name,
        by_group: false,
    }
}

static GLOBAL_ADMINISTRATOR: [DirectoryRole; 1] =
    [role(super::GLOBAL_ADMINISTRATOR, "Global Administrator")];
static GLOBAL_ADMINISTRATOR_BY_GROUP: [DirectoryRole; 1] = [DirectoryRole {
    by_group: true,
    ..role(super::GLOBAL_ADMINISTRATOR, "Global Administrator")
}];
static USER_ADMINISTRATOR: [DirectoryRole; 1] = [role(
    "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "User Administrator",
)];

const fn licence(plan: &'static str, plan_id: &'static str, status: &'static str) -> Licence {
    Licence {
        sku: "SPE_E3",
        plan,
        plan_id,
        status,
    }
}

const SHAREPOINT: Licence = licence(
    "SHAREPOINTENTERPRISE",
    "5dbe027f-2339-4123-9542-606e4d348a72",
    "Success",
);
/// Office for the web: begins with the same word and isn't the product.
const LOOKS_ALIKE: Licence = licence(
    "SHAREPOINTWAC",
    "e95bec33-7c88-4a70-8e19-b10bd9d0c014",
    "Success",
);
const SWITCHED_OFF: Licence = licence(
    "SHAREPOINTENTERPRISE",
    "5dbe027f-2339-4123-9542-606e4d348a72",
    "Disabled",
);

static WITH_SHAREPOINT: [Licence; 2] = [LOOKS_ALIKE, SHAREPOINT];
static WITHOUT_SHAREPOINT: [Licence; 2] = [LOOKS_ALIKE, SWITCHED_OFF];
static FOR_GOVERNMENT: [Licence; 1] = [licence(
    "SHAREPOINTENTERPRISE_GOV",
    "153f85dd-d912-4762-af6c-d6e0fb4f6692",
    "Success",
)];

static GROUPS: [&str; 2] = [
    "51b0a1c2-0000-4000-8000-00000000a001",
    "51b0a1c2-0000-4000-8000-00000000a002",
];

const fn member(tenant: &'static Tenant, oid: &'static str) -> MicrosoftAccount {
    MicrosoftAccount {
        tenant,
        oid,
        home: None,
        roles: &[],
        licences: &[],
        groups: &[],
    }
}

pub(super) static NOBODY: MicrosoftAccount =
    member(&NOWHERE, "00000000-0000-4000-8000-000000000000");

/// Grace's object id, which a user of another tenant has as well: only together with the tenant it names somebody.
const GRACE: &str = "9a0d3b1c-64f2-4e87-8d15-3c7b2e9f4a11";

pub(super) static WORLDWIDE: [Persona; 9] = [
    Persona {
        key: "ada",
        given_name: "Ada",
        family_name: "Lindqvist",
        username: "ada@contoso.example",
        email: "ada@contoso.example",
        email_verified: true,
        about: "Contoso: global administrator with a SharePoint licence",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &GLOBAL_ADMINISTRATOR,
            licences: &WITH_SHAREPOINT,
            groups: &GROUPS,
            ..member(&CONTOSO, "1b7e4c9a-2d35-4f68-a0b1-5c8d9e6f7a12")
        }),
    },
    Persona {
        key: "bruno",
        given_name: "Bruno",
        family_name: "Keller",
        username: "bruno@contoso.example",
        email: "bruno@contoso.example",
        email_verified: true,
        about: "Contoso: global administrator without a SharePoint licence",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &GLOBAL_ADMINISTRATOR,
            licences: &WITHOUT_SHAREPOINT,
            ..member(&CONTOSO, "2c8f5dab-3e46-4079-b1c2-6d9eaf708b13")
        }),
    },
    Persona {
        key: "chen",
        given_name: "Chen",
        family_name: "Wei",
        username: "chen@contoso.example",
        email: "chen@contoso.example",
        email_verified: true,
        about: "Contoso: ordinary member, administers users only",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &USER_ADMINISTRATOR,
            licences: &WITH_SHAREPOINT,
            groups: &GROUPS,
            ..member(&CONTOSO, "3d906ebc-4f57-418a-82d3-7eafb0819c14")
        }),
    },
    Persona {
        key: "dana",
        given_name: "Dana",
        family_name: "Okafor",
        username: "dana@contoso.example",
        email: "dana@contoso.example",
        email_verified: true,
        about: "Contoso: global administrator through a group",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &GLOBAL_ADMINISTRATOR_BY_GROUP,
            licences: &WITH_SHAREPOINT,
            ..member(&CONTOSO, "4ea17fcd-5068-429b-93e4-8fb0c192ad15")
        }),
    },
    Persona {
        key: "guest",
        given_name: "Gustav",
        family_name: "Berg",
        username: "gustav_fabrikam.example#EXT#@contoso.example",
        email: "gustav@fabrikam.example",
        email_verified: false,
        about: "Contoso: guest from another organisation",
        account: Account::Microsoft(MicrosoftAccount {
            home: Some("https://sts.windows.net/66c8a5f7-9d24-4e13-8b90-0a1b2c3d4e0f/"),
            roles: &GLOBAL_ADMINISTRATOR,
            licences: &WITH_SHAREPOINT,
            ..member(&CONTOSO, "5fb290de-6179-43ac-a4f5-90c1d2a3be16")
        }),
    },
    Persona {
        key: "grace",
        given_name: "Grace",
        family_name: "Hopper",
        username: "grace.hopper@harborline.example",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Harborline: ordinary member",
        account: Account::Microsoft(MicrosoftAccount {
            groups: &GROUPS,
            ..member(&HARBORLINE, GRACE)
        }),
    },
    Persona {
        key: "mallory",
        given_name: "Mallory",
        family_name: "Grey",
        username: "mallory@tailspin.example",
        email: "grace.hopper@harborline.example",
        email_verified: false,
        about: "Tailspin: attacker whose account carries Grace's address and object id",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &GLOBAL_ADMINISTRATOR,
            ..member(&TAILSPIN, GRACE)
        }),
    },
    Persona {
        key: "gita",
        given_name: "Gita",
        family_name: "Rao",
        username: "gita@lakeview.example",
        email: "gita@lakeview.example",
        email_verified: true,
        about: "Lakeview County (government community cloud): global administrator",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &GLOBAL_ADMINISTRATOR,
            licences: &FOR_GOVERNMENT,
            ..member(&COUNTY, "60c3a1ef-728a-44bd-b506-a1d2e3b4cf17")
        }),
    },
    Persona {
        key: "casey",
        given_name: "Casey",
        family_name: "Miller",
        username: "casey@outlook.example",
        email: "casey@outlook.example",
        email_verified: true,
        about: "Personal account",
        account: Account::Microsoft(member(&PERSONAL, "00000000-0000-0000-7c1d-e2f3a4b5c618")),
    },
];

pub(super) static US_GOVERNMENT: [Persona; 3] = [
    Persona {
        key: "ulysses",
        given_name: "Ulysses",
        family_name: "Ward",
        username: "ulysses@agency.example",
        email: "ulysses@agency.example",
        email_verified: true,
        about: "Agency of Examples (GCC High): global administrator with a SharePoint licence",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &GLOBAL_ADMINISTRATOR,
            licences: &FOR_GOVERNMENT,
            ..member(&AGENCY, "71d4b2f0-839b-45ce-8617-b2e3f4c5d019")
        }),
    },
    Persona {
        key: "uma",
        given_name: "Uma",
        family_name: "Stone",
        username: "uma@agency.example",
        email: "uma@agency.example",
        email_verified: true,
        about: "Agency of Examples (GCC High): ordinary member",
        account: Account::Microsoft(member(&AGENCY, "82e5c301-94ac-46df-9728-c3f405d6e11a")),
    },
    Persona {
        key: "dominic",
        given_name: "Dominic",
        family_name: "Hale",
        username: "dominic@bureau.example",
        email: "dominic@bureau.example",
        email_verified: true,
        about: "Bureau of Examples (DoD): global administrator",
        account: Account::Microsoft(MicrosoftAccount {
            roles: &GLOBAL_ADMINISTRATOR,
            licences: &WITH_SHAREPOINT,
            ..member(&BUREAU, "93f6d412-a5bd-47e0-a839-d40516e7f21b")
        }),
    },
];
