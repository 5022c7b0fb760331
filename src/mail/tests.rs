//! Every letter, filled with samples and with what evil people write.
//!
//! Not its delivery: `tests/it/mail.rs` has that.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::compose::{Composed, Composer};
use super::*;

fn at() -> DateTime<Utc> {
    "2026-11-30T09:00:00Z".parse().unwrap()
}

fn content(letter: &impl Letter) -> Map<String, Value> {
    let mut content = serde_json::to_value(letter).unwrap();
    content["recipient"] = json!(GRACE);
    content.as_object().unwrap().clone()
}

fn compose<L: Letter>(letter: &L) -> Composed {
    let composer = Composer::new().unwrap();
    composer
        .compose(L::KIND, &Locale::default(), content(letter))
        .unwrap()
}

fn invitation() -> InvitationLetter {
    InvitationLetter {
        application: "Expense Desk".into(),
        accent: Some("#0f766e".into()),
        inviter: "Ada Lovelace at Northwind".into(),
        inviter_email: None,
        message: Some("Hello Grace,\nthis is where we file receipts now.".into()),
        link: "https://id.northwind.example/invitation/eyJ0.x.y".into(),
        code: "K7QM-42XD".into(),
        code_page: "https://id.northwind.example/invitation".into(),
        expires_at: at(),
        details: None,
    }
}

const DESK: &str = "Expense Desk";
const GRACE: &str = "grace@harborline.example";

fn to_invitees() -> Vec<(&'static str, Composed)> {
    let code = AddressCodeLetter {
        application: DESK.into(),
        accent: None,
        code: "482 913".into(),
        expires_at: at(),
    };
    let recovery = RecoveryLetter {
        application: DESK.into(),
        accent: None,
        link: "https://id.northwind.example/reset-password/abc".into(),
        expires_at: at(),
    };
    let changed = PasswordChangedLetter {
        application: DESK.into(),
        accent: None,
        at: at(),
        recovery_page: "https://id.northwind.example/forgotten-password".into(),
    };
    vec![
        ("invitation", compose(&invitation())),
        ("address_code", compose(&code)),
        ("recovery", compose(&recovery)),
        ("password_changed", compose(&changed)),
    ]
}

fn to_owners() -> Vec<(&'static str, Composed)> {
    let (accent, connection, label) = (None, "Contoso", "grace@contoso.example");
    let account_page = "https://id.northwind.example/account";
    let added = SignInMethodAddedLetter {
        application: DESK.into(),
        accent: accent.clone(),
        connection: connection.into(),
        label: label.into(),
        at: at(),
        account_page: account_page.into(),
    };
    let removed = SignInMethodRemovedLetter {
        application: DESK.into(),
        accent: accent.clone(),
        connection: connection.into(),
        label: label.into(),
        at: at(),
        account_page: account_page.into(),
    };
    let methods = SignInMethodsLetter {
        application: DESK.into(),
        accent,
        accounts: vec![
            (connection.into(), label.into()),
            ("Google".into(), "grace@gmail.example".into()),
        ],
        account_page: account_page.into(),
    };
    vec![
        ("sign_in_method_added", compose(&added)),
        ("sign_in_method_removed", compose(&removed)),
        ("sign_in_methods", compose(&methods)),
    ]
}

fn to_inviters_and_administrators() -> Vec<(&'static str, Composed)> {
    let details = Some("https://id.northwind.example/console/invitations/inv_1".to_owned());
    let fresh = FreshLinkAskedLetter {
        application: DESK.into(),
        accent: None,
        invitee: GRACE.into(),
        details: details.clone(),
    };
    let waiting = AddressWaitingLetter {
        application: DESK.into(),
        accent: None,
        invitee: GRACE.into(),
        address: "grace@home.example".into(),
        details: details.clone(),
    };
    let failed = DeliveryFailedLetter {
        application: DESK.into(),
        accent: None,
        invitee: GRACE.into(),
        answer: "550 5.1.1 No such user".into(),
        details: details.clone(),
    };
    let declined = |how| DeclinedLetter {
        application: DESK.into(),
        accent: None,
        invitee: GRACE.into(),
        how,
        reason: Some("I have no receipts.".into()),
        details: details.clone(),
    };
    let expires = |over| SecretExpiresLetter {
        application: "Console".into(),
        accent: None,
        connection: "Contoso Microsoft 365".into(),
        expires_at: at(),
        over,
    };
    vec![
        ("secret_expires", compose(&expires(false))),
        ("secret_expired", compose(&expires(true))),
        ("fresh_link_asked", compose(&fresh)),
        ("address_waiting", compose(&waiting)),
        ("delivery_failed", compose(&failed)),
        ("declined", compose(&declined(HowDeclined::Declined))),
        ("reported", compose(&declined(HowDeclined::Reported))),
    ]
}

fn everybody() -> impl Iterator<Item = (&'static str, Composed)> {
    let all = [to_invitees(), to_owners(), to_inviters_and_administrators()];
    all.into_iter().flatten()
}

#[test]
fn every_letter_fills_its_templates_and_asks_nothing_of_the_network() {
    for (name, letter) in everybody() {
        for part in [&letter.subject, &letter.text, &letter.html] {
            assert!(!part.is_empty(), "{name}");
            for left in ["{{", "{%", "undefined"] {
                assert!(!part.contains(left), "{name} still holds {left}: {part}");
            }
            assert!(
                !part.replace("letter-spacing", "").contains("letter-"),
                "{name}: {part}"
            );
        }
        for remote in [
            "<img", "<link", "@import", "url(", "src=", "<script", "<iframe",
        ] {
            assert!(!letter.html.contains(remote), "{name} holds {remote}");
        }
        assert!(letter.html.contains("prefers-color-scheme: dark"), "{name}");
        insta::assert_snapshot!(name, format!("{}\n\n{}", letter.subject, letter.text));
    }
}

/// R21, R128: the letter carries the link, and a code for another device.
#[test]
fn r128_the_invitation_carries_link_and_code() {
    let letter = compose(&invitation());
    assert_eq!(
        letter.subject,
        "Ada Lovelace at Northwind invited you to Expense Desk"
    );
    for part in [
        "\nhttps://id.northwind.example/invitation/eyJ0.x.y\n",
        "K7QM-42XD",
        "\nhttps://id.northwind.example/invitation\n",
        "Hello Grace,\nthis is where we file receipts now.",
    ] {
        assert!(letter.text.contains(part), "{part:?} in {}", letter.text);
    }
    assert!(letter.html.contains("K7QM-42XD") && letter.html.contains("#0f766e"));
}

#[test]
fn what_people_write_stays_text() {
    let letter = compose(&InvitationLetter {
        application: "<b>Desk</b> {{ link }}".into(),
        accent: Some("red;background:url(https://evil.example)".into()),
        inviter: "Eve\r\nBcc: all@evil.example <script>alert(1)</script>".into(),
        message: Some("\"><img src=x onerror=alert(1)>\n{% raw %}".into()),
        ..invitation()
    });
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    for tag in ["<b>", "<script", "<img", "url("] {
        assert!(!letter.html.contains(tag), "{tag}");
    }
    assert!(
        letter.html.contains("{{ link }}"),
        "names are not templates"
    );
    assert!(
        letter.text.contains("<b>Desk</b>"),
        "and plain text needs no escaping"
    );
}

#[test]
fn a_novel_for_a_name_makes_no_novel_of_a_letter() {
    let letter = compose(&InvitationLetter {
        application: "A".repeat(3_000_000),
        inviter: "é".repeat(1_000_000),
        message: Some("m\n".repeat(1_000_000)),
        ..invitation()
    });
    assert!(letter.subject.chars().count() <= 161);
    assert!(letter.html.len() < 60_000, "{}", letter.html.len());
}

/// A template that wants what a letter doesn't have is an error, not an empty place.
#[test]
fn a_poisoned_letter_is_an_error() {
    let composer = Composer::new().unwrap();
    let empty = Map::new();
    assert!(
        composer
            .compose(LetterKind::Invitation, &Locale::default(), empty)
            .is_err()
    );
}

#[test]
fn letters_go_to_the_ascii_form_of_the_domain() {
    let address: EmailAddress = "Info@Müller.example".parse().unwrap();
    assert_eq!(deliverable(&address), "Info@xn--mller-kva.example");
}
