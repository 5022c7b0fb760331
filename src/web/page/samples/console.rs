//! Samples of the console’s pages.
//!
//! Compiled for tests only.
#![expect(
    clippy::too_many_lines,
    reason = "lists of data, longer when formatted"
)]

mod accounts;

use chrono::TimeDelta;

use super::super::*;
use super::{ADA, GRACE, Studio, noon};

fn me() -> Administrator {
    Administrator {
        name: "Ada Lovelace".into(),
        role: "Global Administrator".into(),
        sees_accounts: true,
        sees_invitations: true,
        may_invite: true,
        pending: 38,
        logout_url: "/logout".into(),
        client_id: "cli_1".into(),
    }
}

fn row(name: &str, status: &str, delivery: Option<&str>) -> InvitationRow {
    let first = name
        .split_whitespace()
        .next()
        .unwrap_or("ann")
        .to_lowercase();
    InvitationRow {
        url: "/console/invitations/inv_1".into(),
        name: name.into(),
        address: format!("{first}@harborline.example"),
        application: "Expense Desk".into(),
        status: status.into(),
        delivery: delivery.map(Into::into),
        inviter: "Ada Lovelace".into(),
        sent_at: noon() - TimeDelta::days(3),
        expires_at: noon() + TimeDelta::days(4),
    }
}

fn rows() -> Vec<InvitationRow> {
    vec![
        row("Grace Hopper", "pending", Some("sent")),
        row("Alan Turing", "pending", Some("deferred")),
        row("", "pending", Some("failed")),
        row("Katherine Johnson", "done", Some("sent")),
        row("Edsger Dijkstra", "expired", Some("sent")),
        row("Barbara Liskov", "declined", None),
        row("Radia Perlman", "pending", Some("queued")),
    ]
}

fn chips() -> Vec<Chip> {
    let chip = |(status, count, current): (&str, Option<u64>, bool)| Chip {
        status: status.into(),
        url: "/console/invitations".into(),
        count,
        current,
    };
    [
        ("all", None, false),
        ("pending", Some(38), true),
        ("done", Some(412), false),
        ("expired", Some(17), false),
        ("declined", Some(2), false),
    ]
    .map(chip)
    .to_vec()
}

pub(super) fn all(studio: &mut Studio) {
    home(studio);
    accounts::all(studio);
    list(studio);
    invite(studio);
    detail(studio);
    let link = InvitationLinkOnce {
        me: me(),
        address: GRACE.into(),
        application: "Expense Desk".into(),
        link: format!(
            "https://id.northwind.example/invitation/{}",
            "eyJhbGciOiJFUzI1NiJ9.".repeat(9)
        ),
        expires_at: noon(),
        invitation_url: "/console/invitations/inv_1".into(),
    };
    studio.show("console-link", &link);
    studio.show(
        "console-refused",
        &ConsoleRefused {
            account: GRACE.into(),
            role: None,
        },
    );
    let role = Some("Auditor".into());
    studio.show(
        "console-refused-role",
        &ConsoleRefused {
            account: GRACE.into(),
            role,
        },
    );
}

fn home(studio: &mut Studio) {
    let mut home = ConsoleHome {
        me: me(),
        counts: chips().into_iter().skip(1).collect(),
        next: NextSteps {
            has_application: true,
            has_invitation: true,
        },
        latest: rows(),
    };
    studio.show("console-home", &home);
    home.next = NextSteps {
        has_application: false,
        has_invitation: false,
    };
    home.latest.clear();
    studio.show("console-home-new", &home);
}

fn list(studio: &mut Studio) {
    let mut list = InvitationList {
        me: me(),
        chips: chips(),
        search: String::new(),
        status: "pending".into(),
        rows: rows(),
        next_url: Some("/console/invitations?after=inv_1".into()),
        first_url: None,
        notice: Some("sent".into()),
    };
    studio.show("console-invitations", &list);
    list.rows.clear();
    list.next_url = None;
    list.first_url = Some("/console/invitations".into());
    list.notice = Some("revoked".into());
    studio.show("console-invitations-none", &list);
    list.status = String::new();
    list.first_url = None;
    list.notice = Some("resent".into());
    studio.show("console-invitations-empty", &list);
}

fn invite(studio: &mut Studio) {
    let application = |name: &str, chosen, disabled: Option<&str>| ApplicationChoice {
        id: name.into(),
        name: name.into(),
        chosen,
        disabled: disabled.map(Into::into),
    };
    let choice = |value: &str, label: &str, chosen| Choice {
        value: value.into(),
        label: label.into(),
        chosen,
    };
    let group = |name: &str, chosen| GroupChoice {
        id: name.into(),
        name: name.into(),
        chosen,
    };
    let mut form = InviteForm {
        me: me(),
        stores: vec![
            choice("a", "Customers EU", true),
            choice("b", "Customers US", false),
        ],
        store: "a".into(),
        applications: vec![
            application("Expense Desk", true, None),
            application("Field Atlas", false, None),
            application("Ledger Archive", false, Some("saml_only")),
            application("Shift Planner", false, Some("no_client")),
        ],
        email: GRACE.into(),
        email_becomes_identifier: true,
        fields: vec![
            Field::claim("given_name", "Grace"),
            Field::claim("family_name", "Hopper"),
            Field::attribute("department", "Department", Control::Text, "Field research"),
        ],
        groups: vec![
            group("Travellers", true),
            group("Harborline staff", true),
            group("Auditors", false),
        ],
        resulting: vec![
            resulting("Expense users", false, true),
            resulting("Travellers", true, true),
            resulting("Harborline staff", true, false),
        ],
        locales: vec![choice("en", "English", true)],
        lifetimes: vec![
            choice("168", "7 days", true),
            choice("720", "30 days", false),
        ],
        message: "Hi Grace, from December on we file all shared travel costs here.".into(),
        may_create_link: true,
        problems: vec![],
    };
    studio.show("console-invite", &form);
    form.email = "grace@".into();
    form.email_becomes_identifier = false;
    form.stores.truncate(1);
    form.groups.clear();
    form.resulting.clear();
    form.problems = vec![Problem {
        field: "email".into(),
        code: "not_an_address".into(),
        sentence: "This is not an e-mail address. Write it like name@company.example.".into(),
    }];
    studio.show("console-invite-wrong", &form);
}

fn resulting(name: &str, by_invitation: bool, by_application: bool) -> ResultingGroup {
    ResultingGroup {
        name: name.into(),
        by_invitation,
        by_application,
    }
}

fn detail(studio: &mut Studio) {
    use StepState::{Done, Now, Todo, Warn};
    let step = |kind: &str, state, detail: &str| Step {
        kind: kind.into(),
        state,
        at: (state != Todo).then(noon),
        detail: detail.into(),
    };
    let mut detail = InvitationDetail {
        me: me(),
        id: "inv_01jdgx7k5t9q4m2xkd8w3r6y0b".into(),
        row: row("Grace Hopper", "pending", Some("sent")),
        store: "Customers EU".into(),
        message: Some("Hi Grace, from December on we file all shared travel costs here.".into()),
        locale: "en".into(),
        profile: vec![
            Field::claim("given_name", "Grace"),
            Field::claim("family_name", "Hopper"),
        ],
        groups: vec![
            resulting("Expense users", false, true),
            resulting("Travellers", true, true),
        ],
        steps: vec![
            step("created", Done, &format!("by {ADA}")),
            step("sent", Done, "English"),
            step("deferred", Warn, "421 4.7.0 Greylisted, try again later"),
            step("opened", Done, ""),
            step("address_waiting", Warn, "grace@home.example"),
            step("started", Now, ""),
            step("accepted", Todo, ""),
        ],
        addresses: vec![
            OtherAddress {
                email: "grace@home.example".into(),
                approved: false,
            },
            OtherAddress {
                email: "g.hopper@navy.example".into(),
                approved: true,
            },
        ],
        approve_url: Some("/approve-address".into()),
        delivery: Some(DeliveryFacts {
            state: "deferred".into(),
            attempts: 2,
            answer: Some("421 4.7.0 Greylisted, try again later".into()),
            next_try: Some(noon()),
            sent_at: Some(noon()),
        }),
        account_url: None,
        resend_url: Some("/resend".into()),
        revoke_url: Some("/revoke".into()),
        link_url: Some("/link".into()),
        notice: Some("sent".into()),
        problems: vec![],
    };
    studio.show("console-invitation", &detail);
    detail.row = row("", "done", None);
    detail.delivery = None;
    detail.message = None;
    detail.groups.clear();
    detail.addresses.clear();
    detail.account_url = Some("/console/accounts/idn_1".into());
    (detail.resend_url, detail.revoke_url, detail.link_url) = (None, None, None);
    detail.notice = None;
    studio.show("console-invitation-done", &detail);
}
