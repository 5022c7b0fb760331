//! The letters, one struct each: what a template may say.
//!
//! Holds no words; those are in `templates/letters/` and `locales/*/letters.ftl`.
//!
//! Links and codes are in here in clear, so none of these types prints; the outbox keeps them sealed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A kind of letter with its sources.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources {
    pub(super) kind: LetterKind,
    pub(super) subject: &'static str,
    pub(super) text: &'static str,
    pub(super) mjml: &'static str,
}

macro_rules! kinds {
    ($($name:ident $folder:literal),+ $(,)?) => {
        /// Which letter it is; also the name of its folder in `templates/letters/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum LetterKind { $($name),+ }

        impl LetterKind {
            /// As it is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $folder),+ }
            }

            pub(super) fn from_text(text: &str) -> Option<Self> {
                match text { $($folder => Some(Self::$name),)+ _ => None }
            }
        }

        /// Every template, compiled in.
        pub(super) const SOURCES: &[Sources] = &[$(Sources {
            kind: LetterKind::$name,
            subject: include_str!(concat!("../../templates/letters/", $folder, "/subject.txt")),
            text: include_str!(concat!("../../templates/letters/", $folder, "/body.txt")),
            mjml: include_str!(concat!("../../templates/letters/", $folder, "/body.mjml")),
        }),+];
    };
}

kinds! {
    Invitation "invitation",
    AddressCode "address_code",
    Recovery "recovery",
    PasswordChanged "password_changed",
    SignInMethodAdded "sign_in_method_added",
    SignInMethodRemoved "sign_in_method_removed",
    SignInMethods "sign_in_methods",
    FreshLinkAsked "fresh_link_asked",
    AddressWaiting "address_waiting",
    DeliveryFailed "delivery_failed",
    Declined "declined",
    SecretExpires "secret_expires",
}

/// What every letter is.
pub trait Letter: Serialize + DeserializeOwned + Send + Sync {
    const KIND: LetterKind;
    /// Somebody sits before a page and waits for this letter, so it goes before those that were written this much earlier:
    /// a hundred thousand invitations must not keep a person from signing in.
    const HEAD_START: TimeDelta = TimeDelta::zero();
}

const AWAITED: TimeDelta = TimeDelta::hours(1);

/// To the invitee: you are invited, this is your link.
#[derive(Clone, Serialize, Deserialize)]
pub struct InvitationLetter {
    pub application: String,
    /// `#rrggbb`, the application's colour.
    pub accent: Option<String>,
    /// As the letter names them.
    pub inviter: String,
    /// Is told if this letter can't be delivered.
    pub inviter_email: Option<String>,
    /// The inviter's own words.
    pub message: Option<String>,
    pub link: String,
    /// For another device, to be typed on `code_page` (R128).
    pub code: String,
    pub code_page: String,
    pub expires_at: DateTime<Utc>,
    /// Where the inviter sees this invitation; only they are shown it.
    pub details: Option<String>,
}

impl Letter for InvitationLetter {
    const KIND: LetterKind = LetterKind::Invitation;
}

/// To an address other than the invited one: prove that it is yours.
#[derive(Clone, Serialize, Deserialize)]
pub struct AddressCodeLetter {
    pub application: String,
    pub accent: Option<String>,
    pub code: String,
    pub expires_at: DateTime<Utc>,
}

impl Letter for AddressCodeLetter {
    const KIND: LetterKind = LetterKind::AddressCode;
    const HEAD_START: TimeDelta = AWAITED;
}

/// To somebody who forgot their password.
#[derive(Clone, Serialize, Deserialize)]
pub struct RecoveryLetter {
    pub application: String,
    pub accent: Option<String>,
    pub link: String,
    pub expires_at: DateTime<Utc>,
}

impl Letter for RecoveryLetter {
    const KIND: LetterKind = LetterKind::Recovery;
    const HEAD_START: TimeDelta = AWAITED;
}

/// To somebody whose password was just changed, by themselves or not.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasswordChangedLetter {
    pub application: String,
    pub accent: Option<String>,
    pub at: DateTime<Utc>,
    /// Where the password can be set anew if it was somebody else.
    pub recovery_page: String,
}

impl Letter for PasswordChangedLetter {
    const KIND: LetterKind = LetterKind::PasswordChanged;
}

/// To somebody who can sign in with one more account since just now, by themselves or not.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignInMethodAddedLetter {
    pub application: String,
    pub accent: Option<String>,
    /// As the button says.
    pub connection: String,
    /// What the person recognises the account by.
    pub label: String,
    pub at: DateTime<Utc>,
    /// Where it can be taken away again.
    pub account_page: String,
}

impl Letter for SignInMethodAddedLetter {
    const KIND: LetterKind = LetterKind::SignInMethodAdded;
}

/// To somebody who can't sign in with an account any more.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignInMethodRemovedLetter {
    pub application: String,
    pub accent: Option<String>,
    pub connection: String,
    pub label: String,
    pub at: DateTime<Utc>,
    pub account_page: String,
}

impl Letter for SignInMethodRemovedLetter {
    const KIND: LetterKind = LetterKind::SignInMethodRemoved;
}

/// To somebody who asked for a new password and has none: with what they sign in.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignInMethodsLetter {
    pub application: String,
    pub accent: Option<String>,
    /// Connection and what the person recognises the account by.
    pub accounts: Vec<(String, String)>,
    /// Asks who isn't signed in to do so.
    pub account_page: String,
}

impl Letter for SignInMethodsLetter {
    const KIND: LetterKind = LetterKind::SignInMethods;
    const HEAD_START: TimeDelta = AWAITED;
}

/// To the inviter: the invitee's link was over and they asked for a fresh one (R142).
#[derive(Clone, Serialize, Deserialize)]
pub struct FreshLinkAskedLetter {
    pub application: String,
    pub accent: Option<String>,
    pub invitee: String,
    pub details: Option<String>,
}

impl Letter for FreshLinkAskedLetter {
    const KIND: LetterKind = LetterKind::FreshLinkAsked;
}

/// To the inviter: the invitee has verified another address, and waits for somebody to agree (R38).
#[derive(Clone, Serialize, Deserialize)]
pub struct AddressWaitingLetter {
    pub application: String,
    pub accent: Option<String>,
    pub invitee: String,
    pub address: String,
    pub details: Option<String>,
}

impl Letter for AddressWaitingLetter {
    const KIND: LetterKind = LetterKind::AddressWaiting;
}

/// To the inviter: the invitation did not arrive (R137).
#[derive(Clone, Serialize, Deserialize)]
pub struct DeliveryFailedLetter {
    pub application: String,
    pub accent: Option<String>,
    pub invitee: String,
    /// The mail server's last words.
    pub answer: String,
    pub details: Option<String>,
}

impl Letter for DeliveryFailedLetter {
    const KIND: LetterKind = LetterKind::DeliveryFailed;
}

/// To the inviter: the invitee does not want to, or did not expect it (R143).
#[derive(Clone, Serialize, Deserialize)]
pub struct DeclinedLetter {
    pub application: String,
    pub accent: Option<String>,
    pub invitee: String,
    pub how: HowDeclined,
    /// The invitee's own words.
    pub reason: Option<String>,
    pub details: Option<String>,
}

impl Letter for DeclinedLetter {
    const KIND: LetterKind = LetterKind::Declined;
}

/// To administrators: a secret of ours at an identity provider expires (BR-08).
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretExpiresLetter {
    /// The console's name.
    pub application: String,
    pub accent: Option<String>,
    pub connection: String,
    pub expires_at: DateTime<Utc>,
    /// It has expired.
    pub over: bool,
}

impl Letter for SecretExpiresLetter {
    const KIND: LetterKind = LetterKind::SecretExpires;
}

/// How an invitee says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HowDeclined {
    /// No, thank you.
    Declined,
    /// I did not expect this.
    Reported,
}
