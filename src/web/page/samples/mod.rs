//! A sample of every state of every page, for the tests that render them all.
//!
//! Compiled for tests only.
#![expect(
    clippy::too_many_lines,
    reason = "lists of data, longer when formatted"
)]

mod account;
mod console;
mod provider;

use chrono::{DateTime, Utc};

use super::*;
use crate::web::{Brand, Page, Pages, Shell};

/// A page in one state, rendered.
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) html: String,
}

pub(super) struct Studio {
    pages: Pages,
    shell: Shell,
    pub(super) samples: Vec<Sample>,
}

impl Studio {
    pub(super) fn new(pages: Pages) -> Self {
        let brand = Brand {
            application: "Expense Desk".to_owned(),
            accent: Some("#0b6e58".to_owned()),
        };
        let shell = Shell {
            locale: crate::web::Locale::default(),
            brand,
            request_id: "req_01jdgx7k5t9q4m2xkd8w3r6y0b".to_owned(),
        };
        Self {
            pages,
            shell,
            samples: Vec::new(),
        }
    }

    pub(super) fn show<P: Page>(&mut self, name: &'static str, page: &P) {
        let rendered = self.pages.render(&self.shell, page);
        let html = rendered.unwrap_or_else(|why| panic!("{name}: {why:?}")).0;
        self.samples.push(Sample { name, html });
    }

    fn ours(&mut self) {
        self.shell.brand = Brand::default();
    }
}

pub(super) fn all(studio: &mut Studio) {
    invitation(studio);
    ended(studio);
    account::account(studio);
    account::outcome(studio);
    provider::all(studio);
    studio.ours();
    account::mailbox(studio);
    console::all(studio);
}

pub(super) fn noon() -> DateTime<Utc> {
    "2026-12-04T12:00:00Z".parse().unwrap()
}

pub(super) const ADA: &str = "Ada Lovelace at Northwind";
pub(super) const GRACE: &str = "grace.hopper@harborline.example";
const FLOW: &str = "v1.flow";

fn text(text: &str) -> String {
    text.to_owned()
}

fn problem(field: &str, code: &str, sentence: &str) -> Problem {
    Problem {
        field: text(field),
        code: text(code),
        sentence: text(sentence),
    }
}

fn invitation(studio: &mut Studio) {
    let mut landing = InvitationLanding {
        inviter: text(ADA),
        description: text("Expense Desk is where you file receipts and get paid back."),
        address: text(GRACE),
        expires_at: noon(),
        days_left: 10,
        message: Some(text(
            "Hi Grace, from December on we file all shared travel costs here. It takes two minutes to set up.",
        )),
        action: text("/invitation/token"),
        decline_url: text("/invitation/decline?token=token"),
    };
    studio.show("invitation", &landing);
    landing.message = None;
    landing.description = String::new();
    landing.days_left = 0;
    studio.show("invitation-bare", &landing);
    studio.show("enter-code", &EnterCode::default());
    let wrong = problem(
        "code",
        "wrong_code",
        "This code and this address don’t belong together.",
    );
    studio.show(
        "enter-code-wrong",
        &EnterCode {
            address: text(GRACE),
            problems: vec![wrong],
        },
    );
    sign_up(studio);
    let mut verify = VerifyAddress {
        flow: text(FLOW),
        form: text("c2VhbGVk"),
        address: text("grace@home.example"),
        invited_address: Some(text(GRACE)),
        minutes: 15,
        sent_again: true,
        back_url: text("/sign-up"),
        problems: vec![],
    };
    studio.show("verify-address", &verify);
    verify.problems = vec![problem("code", "wrong_code", "This code isn’t right.")];
    studio.show("verify-address-wrong", &verify);
    let mut other = DifferentAccount {
        flow: text(FLOW),
        invited_address: text(GRACE),
        signed_in_as: text("alan.turing@harborline.example"),
        may_continue: true,
    };
    studio.show("different-account", &other);
    other.may_continue = false;
    studio.show("different-account-switch-only", &other);
    studio.show("welcome", &Welcome {});
}

fn sign_up_elsewhere(studio: &mut Studio, form: &SignUp) {
    let mut form = SignUp {
        providers: account::providers(),
        ..form.clone()
    };
    studio.show("sign-up-providers", &form);
    form.password = None;
    studio.show("sign-up-providers-only", &form);
    form.providers = vec![];
    form.external = Some(account::external());
    let says = |value: &str| {
        Some(OtherValue {
            who: account::external().connection,
            value: text(value),
        })
    };
    form.fields.truncate(2);
    form.fields[0].other = says("Amazing Grace");
    form.identifier = Field::claim("email", GRACE);
    form.identifier.other = says("grace@contoso.example");
    form.identifier_rule = Some(IdentifierRule::AnyVerified);
    studio.show("sign-up-external", &form);
}

fn sign_up(studio: &mut Studio) {
    let mut department = Field::attribute("department", "Department", Control::Select, "");
    department.choices = ["Field research", "Finance"]
        .map(|label| Choice {
            value: text(label),
            label: text(label),
            chosen: false,
        })
        .to_vec();
    let mut agreed = Field::attribute(
        "newsletter",
        "Tell me about news",
        Control::Checkbox,
        "true",
    );
    agreed.hint = Some(text("Once a month at most."));
    let mut form = SignUp {
        flow: text(FLOW),
        inviter: Some(text("Ada Lovelace")),
        identifier: Field::claim("email", GRACE).locked(),
        identifier_rule: Some(IdentifierRule::Same),
        fields: vec![
            Field::claim("given_name", "Grace").required(),
            Field::claim("family_name", "Hopper").required(),
            Field::claim("phone_number", ""),
            Field::attribute("cost_centre", "Cost centre", Control::Text, "4410").locked(),
            department,
            Field::claim("address.street_address", ""),
            agreed,
        ],
        password: Some(PasswordField { minimum: 10 }),
        external: None,
        providers: vec![],
        sign_in_url: Some(text("/sign-in")),
        problems: vec![],
    };
    studio.show("sign-up", &form);
    sign_up_elsewhere(studio, &form);
    form.problems = vec![
        problem(
            "phone_number",
            "phone_number",
            "Start with the country code, for example +44 20 7946 0958.",
        ),
        problem(
            "password",
            "common",
            "This password is on the lists that attackers try first.",
        ),
    ];
    studio.show("sign-up-wrong", &form);
    form.inviter = None;
    form.identifier_rule = None;
    form.identifier = Field::claim("preferred_username", "").required();
    form.fields.clear();
    form.problems = vec![Problem::whole("taken", "This name is taken.")];
    studio.show("sign-up-open", &form);
}

fn ended(studio: &mut Studio) {
    use InvitationEnd::{Declined as Refused, Expired, Revoked, Superseded, Unknown, Used};
    let states = [
        ("ended-expired", Expired, true),
        ("ended-used", Used, false),
        ("ended-revoked", Revoked, false),
        ("ended-declined", Refused, true),
        ("ended-superseded", Superseded, true),
        ("ended-unknown", Unknown, false),
    ];
    for (name, end, fresh) in states {
        let known = end != Unknown;
        studio.show(
            name,
            &InvitationEnded {
                end,
                inviter: known.then(|| text(ADA)),
                ended_at: known.then(noon),
                masked_address: fresh.then(|| text("g•••@harborline.example")),
                fresh_link_token: fresh.then(|| text("token")),
                sign_in_url: known.then(|| text("/sign-in")),
            },
        );
    }
    let masked = Some(text("g•••@harborline.example"));
    studio.show(
        "fresh-link-asked",
        &FreshLinkAsked {
            masked_address: masked,
        },
    );
    studio.show(
        "fresh-link-asked-unknown",
        &FreshLinkAsked {
            masked_address: None,
        },
    );
    let (token, back_url) = (text("token"), text("/invitation/token"));
    studio.show(
        "decline",
        &DeclineInvitation {
            inviter: text(ADA),
            token,
            back_url,
        },
    );
    studio.show(
        "declined",
        &Declined {
            inviter: text(ADA),
            reported: false,
        },
    );
    studio.show(
        "reported",
        &Declined {
            inviter: text(ADA),
            reported: true,
        },
    );
}
