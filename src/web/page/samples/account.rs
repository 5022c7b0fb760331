//! Samples of signing in, mail and what went wrong.
//!
//! Compiled for tests only.
#![expect(
    clippy::too_many_lines,
    reason = "lists of data, longer when formatted"
)]

use chrono::TimeDelta;

use super::super::*;
use super::{FLOW, GRACE, Studio, noon, problem, text};

pub(super) fn providers() -> Vec<ProviderButton> {
    let names = ["Contoso Microsoft 365", "Google", "Salesforce"];
    let button = |name: &str| ProviderButton {
        id: format!("con_{name}"),
        name: text(name),
    };
    names.into_iter().map(button).collect()
}

pub(super) fn external() -> External {
    External {
        connection: text("Contoso Microsoft 365"),
        account: text("grace@contoso.example"),
    }
}

fn with_providers(studio: &mut Studio, sign_in: &SignIn) {
    let mut sign_in = SignIn {
        providers: providers(),
        by_domain: true,
        ..sign_in.clone()
    };
    studio.show("sign-in-providers", &sign_in);
    sign_in.password = false;
    studio.show("sign-in-providers-only", &sign_in);
    sign_in.by_domain = false;
    sign_in.waiting = Some(external());
    sign_in.password = true;
    studio.show("sign-in-to-connect", &sign_in);
    let mut no_account = NoAccount {
        reason: NoAccountReason::Unknown,
        flow: text(FLOW),
        connection: external().connection,
        account: external().account,
        invited_address: None,
        providers: providers(),
        sign_in_url: Some(text("/sign-in")),
        form_url: None,
    };
    studio.show("no-account", &no_account);
    no_account.reason = NoAccountReason::WrongAddress;
    no_account.invited_address = Some(text(GRACE));
    (no_account.sign_in_url, no_account.form_url) = (None, Some(text("/sign-up")));
    studio.show("no-account-wrong-address", &no_account);
    let link = LinkAccount {
        flow: text(FLOW),
        external: external(),
        name: text("Grace Hopper"),
        identifier: text(GRACE),
    };
    studio.show("link-account", &link);
    own_account(studio);
}

fn own_account(studio: &mut Studio) {
    let row = |connection: &str, account: &str, removable, usable| LinkedRow {
        key: format!("key-of-{account}"),
        connection: text(connection),
        account: text(account),
        last_used_at: noon(),
        usable,
        removable,
    };
    let mut page = Account {
        application: text("app_1"),
        name: text("Grace Hopper"),
        identifier: text(GRACE),
        password: true,
        forgotten_url: text("/forgotten-password"),
        accounts: vec![
            row("Contoso Microsoft 365", "grace@contoso.example", true, true),
            row(
                "Google",
                "a.very.long.name.of.somebody@gmail.example",
                true,
                false,
            ),
        ],
        flow: text(FLOW),
        providers: providers(),
        home_url: Some(text("https://desk.example/")),
        notice: Some(AccountNotice::Unlinked),
        problems: vec![],
    };
    studio.show("account", &page);
    page.password = false;
    page.accounts = vec![row(
        "Contoso Microsoft 365",
        "grace@contoso.example",
        false,
        true,
    )];
    page.notice = None;
    page.problems = vec![Problem::whole(
        "last_sign_in_method",
        "This is the only thing you can sign in with.",
    )];
    studio.show("account-last-method", &page);
}

pub(super) fn account(studio: &mut Studio) {
    let mut sign_in = SignIn {
        flow: text(FLOW),
        username: String::new(),
        identifiers: vec![text("EMAIL")],
        forgotten_url: text("/forgotten-password"),
        sign_up_url: Some(text("/sign-up")),
        providers: vec![],
        password: true,
        by_domain: false,
        waiting: None,
        problems: vec![],
    };
    studio.show("sign-in", &sign_in);
    with_providers(studio, &sign_in);
    sign_in.username = text(GRACE);
    sign_in.identifiers.push(text("USERNAME"));
    sign_in.problems = vec![Problem::whole(
        "wrong_password",
        "That e-mail and password don’t belong together.",
    )];
    studio.show("sign-in-wrong", &sign_in);
    for (name, kind) in [("sign-in-username", "USERNAME"), ("sign-in-phone", "PHONE")] {
        sign_in.identifiers = vec![text(kind)];
        studio.show(name, &sign_in);
    }
    let (flow, username, sign_in_url) = (text(FLOW), text(GRACE), text("/sign-in"));
    let forgotten = ForgottenPassword {
        flow,
        username: username.clone(),
        sign_in_url: sign_in_url.clone(),
        problems: vec![],
    };
    studio.show("forgotten-password", &forgotten);
    let sent = RecoveryMailSent {
        username: username.clone(),
        minutes: 60,
        sign_in_url: sign_in_url.clone(),
    };
    studio.show("recovery-mail-sent", &sent);
    let problems = vec![problem(
        "password",
        "too_short",
        "Use at least 10 characters.",
    )];
    let action = text("/reset-password/token");
    studio.show(
        "reset-password",
        &ResetPassword {
            action,
            username,
            password: PasswordField { minimum: 10 },
            problems,
        },
    );
    let choice = |name: &str| AccountChoice {
        id: text(name),
        name: text(name),
        identifier: text(GRACE),
    };
    let accounts = vec![choice("Grace Hopper"), choice("Alan Turing")];
    studio.show(
        "choose-account",
        &ChooseAccount {
            flow: text(FLOW),
            accounts,
        },
    );
    let scopes = [
        "openid",
        "profile",
        "email",
        "phone",
        "address",
        "groups",
        "offline_access",
        "receipts",
    ];
    let scopes = scopes.map(text).to_vec();
    studio.show(
        "consent",
        &Consent {
            flow: text(FLOW),
            account: text(GRACE),
            scopes,
        },
    );
    let fields = vec![Hidden {
        name: text("code"),
        value: text("abc"),
    }];
    let action = text("https://expenses.example/callback");
    studio.show(
        "form-post",
        &FormPost {
            action,
            fields: fields.clone(),
        },
    );
    studio.show(
        "confirm-logout",
        &ConfirmLogout {
            accounts: vec![text(GRACE)],
            fields: fields.clone(),
        },
    );
    studio.show(
        "confirm-logout-several",
        &ConfirmLogout {
            accounts: vec![text(GRACE), text("Ada Lovelace")],
            fields,
        },
    );
    studio.show(
        "signed-out",
        &SignedOut {
            ended: true,
            home_url: Some(text("https://expenses.example/")),
            exits: Vec::new(),
        },
    );
    studio.show(
        "signed-out-of-provider",
        &SignedOut {
            ended: true,
            home_url: None,
            exits: vec![ProviderExit {
                provider: text("Contoso Microsoft 365"),
                url: text("https://login.contoso.example/logout?state=x"),
            }],
        },
    );
    studio.show(
        "still-signed-in",
        &SignedOut {
            ended: false,
            home_url: None,
            exits: Vec::new(),
        },
    );
}

pub(super) fn outcome(studio: &mut Studio) {
    studio.show(
        "error-refused",
        &ErrorPage::refused("cross_site", "This form was sent from another website."),
    );
    studio.show("error-unavailable", &ErrorPage::unavailable());
    studio.show("error-internal", &ErrorPage::internal());
    studio.show("not-found", &NotFound {});
    studio.show("too-many-attempts", &TooManyAttempts::after(240));
}

pub(super) fn mailbox(studio: &mut Studio) {
    let letter = |subject: &str| LetterRow {
        url: text("/mailbox/let_1"),
        recipient: text(GRACE),
        subject: text(subject),
        at: noon() - TimeDelta::minutes(7),
    };
    let letters = vec![
        letter("Ada Lovelace invited you to Expense Desk"),
        letter("Your new password"),
    ];
    studio.show("mailbox", &Mailbox { letters });
    studio.show("mailbox-empty", &Mailbox { letters: vec![] });
    studio.show(
        "letter",
        &LetterView {
            sender: text("Expense Desk <hello@northwind.example>"),
            recipient: text(GRACE),
            subject: text("Ada Lovelace invited you to Expense Desk"),
            at: noon(),
            html_url: text("/mailbox/let_1/html"),
            text: text("Ada Lovelace invited you.\n\nhttp://localhost:8080/invitation/token"),
        },
    );
}
