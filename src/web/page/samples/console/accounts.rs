//! Samples of the console's accounts.
//!
//! Compiled for tests only.

use super::super::super::*;
use super::super::{GRACE, Studio, noon};
use super::me;

fn row(name: &str, identifier: &str, status: &str) -> AccountRow {
    AccountRow {
        url: "/console/accounts/idn_1".into(),
        name: name.into(),
        identifier: identifier.into(),
        status: status.into(),
        created_at: noon(),
    }
}

pub(super) fn all(studio: &mut Studio) {
    list(studio);
    detail(studio);
}

fn list(studio: &mut Studio) {
    let store = |value: &str, label: &str, chosen| Choice {
        value: value.into(),
        label: label.into(),
        chosen,
    };
    let mut list = AccountList {
        me: me(),
        stores: vec![
            store("a", "Customers EU", true),
            store("b", "Customers US", false),
        ],
        store: "a".into(),
        may_invite: true,
        search: String::new(),
        rows: vec![
            row("Grace Hopper", GRACE, "active"),
            row("", "k.johnson", "active"),
            row("Alan Turing", "alan@harborline.example", "disabled"),
        ],
        next_url: Some("/console/accounts?after=idn_1".into()),
        first_url: Some("/console/accounts".into()),
        all_url: "/console/accounts".into(),
    };
    studio.show("console-accounts", &list);
    (list.next_url, list.first_url) = (None, None);
    list.rows.clear();
    studio.show("console-accounts-none", &list);
    list.search = "turing".into();
    list.may_invite = false;
    list.stores.truncate(1);
    studio.show("console-accounts-filtered", &list);
}

fn detail(studio: &mut Studio) {
    let identifier = |kind: &str, value: &str, verified| AccountIdentifier {
        kind: kind.into(),
        value: value.into(),
        verified_at: verified,
    };
    let group = |name: &str, reasons: &[&str]| AccountGroup {
        name: name.into(),
        reasons: reasons.iter().map(|one| (*one).to_owned()).collect(),
    };
    let mut detail = AccountDetail {
        me: me(),
        id: "idn_01jdgx7k5t9q4m2xkd8w3r6y0b".into(),
        row: row("Grace Hopper", GRACE, "active"),
        store: "Customers EU".into(),
        store_url: "/console/accounts?store=a".into(),
        identifiers: vec![
            identifier("email", GRACE, Some(noon())),
            identifier("username", "grace", None),
            identifier("phone", "+49 30 901820", None),
        ],
        profile: vec![
            Field::claim("given_name", "Grace"),
            Field::claim("family_name", "Hopper"),
            Field::attribute("department", "Department", Control::Text, "Field research"),
        ],
        groups: vec![
            group("Expense users", &["application"]),
            group("Travellers", &["invitation", "application", "manual"]),
            group("Engineering", &["mapping"]),
        ],
    };
    studio.show("console-account", &detail);
    detail.row = row("", "k.johnson", "disabled");
    detail.identifiers.truncate(1);
    detail.profile.clear();
    detail.groups.clear();
    studio.show("console-account-bare", &detail);
}
