//! Signing in, recovering, consenting, signing out.
//!
//! Shows; sessions, flows and grants are elsewhere.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::form::{PasswordField, Problem};
use crate::web::Page;

/// Posts `flow`, `username` and `password` to `/sign-in`.
#[derive(Debug, Clone, Serialize)]
pub struct SignIn {
    pub flow: String,
    /// What was typed, or the `login_hint`.
    pub username: String,
    /// What the store takes, in its order: `EMAIL`, `USERNAME`, `PHONE`.
    pub identifiers: Vec<String>,
    /// `links.forgotten_password(flow)`.
    pub forgotten_url: String,
    /// Where the application's sign-up is open: `links.sign_up(flow)`.
    pub sign_up_url: Option<String>,
    pub providers: Vec<ProviderButton>,
    /// Whether the application takes passwords.
    pub password: bool,
    /// Whether a name alone may lead to a provider.
    pub by_domain: bool,
    /// An account at a provider that is connected once its owner has signed in.
    pub waiting: Option<External>,
    pub problems: Vec<Problem>,
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "sign-in.html";
}

/// A provider, by words alone. Posts `flow` and `connection` to `/sign-in/with`.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderButton {
    pub id: String,
    pub name: String,
}

/// An account at a provider.
#[derive(Debug, Clone, Serialize)]
pub struct External {
    /// As the button says.
    pub connection: String,
    /// What the person recognises it by.
    pub account: String,
}

/// Somebody came from a provider with an account that opens nothing here. Posts as `ProviderButton`.
#[derive(Debug, Clone, Serialize)]
pub struct NoAccount {
    pub reason: NoAccountReason,
    pub flow: String,
    pub connection: String,
    /// Its label, or its address where that is what's wrong.
    pub account: String,
    pub invited_address: Option<String>,
    pub providers: Vec<ProviderButton>,
    /// Where somebody who has an account here connects it.
    pub sign_in_url: Option<String>,
    /// Where the form can be filled in instead.
    pub form_url: Option<String>,
}

/// Why it opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAccountReason {
    /// Nobody here is linked to it.
    Unknown,
    /// It has another address than the invited one, and the policy doesn't let that be.
    WrongAddress,
}

impl Page for NoAccount {
    const TEMPLATE: &'static str = "no-account.html";
}

/// Both accounts, named. Posts `flow` and `choice` (`link` or `skip`) to `/link-account`.
#[derive(Debug, Clone, Serialize)]
pub struct LinkAccount {
    pub flow: String,
    pub external: External,
    /// Who is signed in.
    pub name: String,
    pub identifier: String,
}

impl Page for LinkAccount {
    const TEMPLATE: &'static str = "link-account.html";
}

/// One's own account: what one signs in with. Posts `application` and `account` to `/account/unlink`, and as `ProviderButton`.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    pub application: String,
    pub name: String,
    pub identifier: String,
    pub password: bool,
    /// Where the password is chosen anew.
    pub forgotten_url: String,
    pub accounts: Vec<LinkedRow>,
    /// The flow in which another account is connected.
    pub flow: String,
    pub providers: Vec<ProviderButton>,
    pub home_url: Option<String>,
    pub notice: Option<AccountNotice>,
    pub problems: Vec<Problem>,
}

/// An account at a provider, and whether it can be taken away.
#[derive(Debug, Clone, Serialize)]
pub struct LinkedRow {
    /// Names it in the form.
    pub key: String,
    pub connection: String,
    pub account: String,
    pub last_used_at: DateTime<Utc>,
    /// Whether its connection is switched on.
    pub usable: bool,
    pub removable: bool,
}

/// What has just happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountNotice {
    Unlinked,
}

impl Page for Account {
    const TEMPLATE: &'static str = "account.html";
}

/// Posts `flow` and `username` to `/forgotten-password`.
#[derive(Debug, Clone, Serialize)]
pub struct ForgottenPassword {
    pub flow: String,
    pub username: String,
    pub sign_in_url: String,
    pub problems: Vec<Problem>,
}

impl Page for ForgottenPassword {
    const TEMPLATE: &'static str = "forgotten-password.html";
}

/// The same words whether there is such an account or not.
#[derive(Debug, Clone, Serialize)]
pub struct RecoveryMailSent {
    pub username: String,
    pub minutes: i64,
    pub sign_in_url: String,
}

impl Page for RecoveryMailSent {
    const TEMPLATE: &'static str = "recovery-mail-sent.html";
}

/// Posts `username` (for password managers) and `password` to the link's own address.
#[derive(Debug, Clone, Serialize)]
pub struct ResetPassword {
    /// `links.reset_password(token)`.
    pub action: String,
    pub username: String,
    pub password: PasswordField,
    pub problems: Vec<Problem>,
}

impl Page for ResetPassword {
    const TEMPLATE: &'static str = "reset-password.html";
}

/// Several accounts, or `prompt=select_account`. Posts `flow` and `choice` (an account's id, or `other`) to
/// `/choose-account`.
#[derive(Debug, Clone, Serialize)]
pub struct ChooseAccount {
    pub flow: String,
    pub accounts: Vec<AccountChoice>,
}

/// A signed-in account.
#[derive(Debug, Clone, Serialize)]
pub struct AccountChoice {
    pub id: String,
    pub name: String,
    pub identifier: String,
}

impl Page for ChooseAccount {
    const TEMPLATE: &'static str = "choose-account.html";
}

/// Posts `flow` and `choice` (`allow` or `deny`) to `/consent`.
#[derive(Debug, Clone, Serialize)]
pub struct Consent {
    pub flow: String,
    /// Who is signed in.
    pub account: String,
    /// The scopes; the catalogue says in words what each gives away.
    pub scopes: Vec<String>,
}

impl Page for Consent {
    const TEMPLATE: &'static str = "consent.html";
}

/// A hidden field.
#[derive(Debug, Clone, Serialize)]
pub struct Hidden {
    pub name: String,
    pub value: String,
}

/// OAuth 2.0 Form Post Response Mode: a script sends the form, a button does where scripts are off.
#[derive(Debug, Clone, Serialize)]
pub struct FormPost {
    /// The client's redirect URI.
    pub action: String,
    pub fields: Vec<Hidden>,
}

impl Page for FormPost {
    const TEMPLATE: &'static str = "form-post.html";
}

/// RP-initiated logout asks first. Posts `fields` and `choice` (`logout` or `stay`) to `/logout`.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmLogout {
    /// Who would be signed out.
    pub accounts: Vec<String>,
    /// The logout request, carried along.
    pub fields: Vec<Hidden>,
}

impl Page for ConfirmLogout {
    const TEMPLATE: &'static str = "confirm-logout.html";
}

/// What ended, and where to go.
#[derive(Debug, Clone, Serialize)]
pub struct SignedOut {
    /// `false` after “stay signed in”.
    pub ended: bool,
    pub home_url: Option<String>,
    /// Where the person may be signed in still.
    pub exits: Vec<ProviderExit>,
}

/// Leads to a provider, which signs out there.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderExit {
    pub provider: String,
    pub url: String,
}

impl Page for SignedOut {
    const TEMPLATE: &'static str = "signed-out.html";
}
