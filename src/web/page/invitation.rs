//! What an invitee sees, from the mailed link to the open door.
//!
//! Shows; the invitation's rules are elsewhere.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::account::{External, ProviderButton};
use super::form::{Field, PasswordField, Problem};
use crate::web::Page;

/// The mailed link, opened: who invites, into what, for which address, until when. A GET changes nothing (R128).
#[derive(Debug, Clone, Serialize)]
pub struct InvitationLanding {
    /// “Ada Lovelace”, or “Ada Lovelace at Northwind”.
    pub inviter: String,
    /// One sentence about the application; may be empty.
    pub description: String,
    pub address: String,
    pub expires_at: DateTime<Utc>,
    /// Whole days until then.
    pub days_left: i64,
    pub message: Option<String>,
    /// Where “Continue” posts to: `links.invitation(token)`.
    pub action: String,
    /// `links.decline(token)`.
    pub decline_url: String,
}

impl Page for InvitationLanding {
    const TEMPLATE: &'static str = "invitation.html";
}

/// The short code of a letter, typed in on another device. Posts `username` and `code` to `/invitation`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EnterCode {
    pub address: String,
    pub problems: Vec<Problem>,
}

impl Page for EnterCode {
    const TEMPLATE: &'static str = "enter-code.html";
}

/// The sign-up form. Posts `flow`, the fields and `password` to `/sign-up`.
#[derive(Debug, Clone, Serialize)]
pub struct SignUp {
    pub flow: String,
    /// Who invited; `None` when the application's sign-up is open.
    pub inviter: Option<String>,
    /// What the account is known by: `username` as its name, the invited address as its value where there is one.
    pub identifier: Field,
    /// Why the identifier is as it is; only where it is an invited address.
    pub identifier_rule: Option<IdentifierRule>,
    pub fields: Vec<Field>,
    /// `None`: the account has no password.
    pub password: Option<PasswordField>,
    /// The account at a provider with which the new one signs in.
    pub external: Option<External>,
    /// Other ways to sign up. Without `password` and `external` the form isn't shown, only these.
    pub providers: Vec<ProviderButton>,
    /// For people who have an account already: `links.sign_in(flow)`.
    pub sign_in_url: Option<String>,
    pub problems: Vec<Problem>,
}

/// Whether the invited address may be changed (R36–R38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierRule {
    /// Locked to the invited address.
    Same,
    SameDomain,
    AnyVerified,
    AnyWithApproval,
}

impl Page for SignUp {
    const TEMPLATE: &'static str = "sign-up.html";
}

/// A code was sent to another address than the invited one. Posts `flow` and `code` to `/verify-address`, or
/// `flow` and `again`.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyAddress {
    pub flow: String,
    /// What was filled in, sealed: posted back as `form`.
    pub form: String,
    pub address: String,
    pub invited_address: Option<String>,
    pub minutes: i64,
    pub sent_again: bool,
    /// Back to the form: `links.sign_up(flow)`.
    pub back_url: String,
    pub problems: Vec<Problem>,
}

impl Page for VerifyAddress {
    const TEMPLATE: &'static str = "verify-address.html";
}

/// Somebody else is signed in (R141). Posts `flow` and `choice` (`switch`, `continue`, `cancel`) to
/// `/different-account`.
#[derive(Debug, Clone, Serialize)]
pub struct DifferentAccount {
    pub flow: String,
    pub invited_address: String,
    pub signed_in_as: String,
    /// Whether the policy lets the signed-in account accept.
    pub may_continue: bool,
}

impl Page for DifferentAccount {
    const TEMPLATE: &'static str = "different-account.html";
}

/// Done, and the application has no address that a browser can open: a native one.
#[derive(Debug, Clone, Serialize)]
pub struct Welcome {}

impl Page for Welcome {
    const TEMPLATE: &'static str = "welcome.html";
}

/// Why a link leads nowhere any more (R142).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationEnd {
    Expired,
    Used,
    Revoked,
    Declined,
    /// A newer link was sent.
    Superseded,
    /// No invitation of ours, or of another application.
    Unknown,
}

/// A link that leads nowhere any more.
#[derive(Debug, Clone, Serialize)]
pub struct InvitationEnded {
    pub end: InvitationEnd,
    /// `None` where the link proves nothing about who asks.
    pub inviter: Option<String>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Where a fresh link would go, masked.
    pub masked_address: Option<String>,
    /// The link's token, where “Send me a fresh link” is offered; it posts `token` to `/invitation/fresh`.
    pub fresh_link_token: Option<String>,
    /// Where somebody who has an account goes on.
    pub sign_in_url: Option<String>,
}

impl Page for InvitationEnded {
    const TEMPLATE: &'static str = "invitation-ended.html";
}

/// A fresh link is on its way, or (said in the same words) isn't.
#[derive(Debug, Clone, Serialize)]
pub struct FreshLinkAsked {
    pub masked_address: Option<String>,
}

impl Page for FreshLinkAsked {
    const TEMPLATE: &'static str = "fresh-link-asked.html";
}

/// Really decline? Posts `token` and `choice` (`decline` or `report`) to `/invitation/decline`.
#[derive(Debug, Clone, Serialize)]
pub struct DeclineInvitation {
    pub inviter: String,
    pub token: String,
    /// Back to the invitation.
    pub back_url: String,
}

impl Page for DeclineInvitation {
    const TEMPLATE: &'static str = "decline.html";
}

/// Declined, or reported.
#[derive(Debug, Clone, Serialize)]
pub struct Declined {
    pub inviter: String,
    pub reported: bool,
}

impl Page for Declined {
    const TEMPLATE: &'static str = "declined.html";
}
