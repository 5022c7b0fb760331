//! The administrators' console: its frame, accounts, invitations and the invite form.
//!
//! Shows; who may do what stands in `access`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::form::{Choice, Field, Problem};
use crate::web::Page;

/// Who works here: the frame of every console page.
#[derive(Debug, Clone, Serialize)]
pub struct Administrator {
    pub name: String,
    /// In words: “Global Administrator”.
    pub role: String,
    pub sees_accounts: bool,
    pub sees_invitations: bool,
    pub may_invite: bool,
    /// How many invitations are pending, for the navigation.
    pub pending: u64,
    /// Where “Sign out” posts to, and the console as the application that asks: nobody but the administrator is signed out.
    pub logout_url: String,
    pub client_id: String,
}

/// The first page: what to do first.
#[derive(Debug, Clone, Serialize)]
pub struct ConsoleHome {
    pub me: Administrator,
    pub counts: Vec<Chip>,
    pub next: NextSteps,
    pub latest: Vec<InvitationRow>,
}

/// What is still to be done on a new installation.
#[derive(Debug, Clone, Serialize)]
pub struct NextSteps {
    pub has_application: bool,
    pub has_invitation: bool,
}

impl Page for ConsoleHome {
    const TEMPLATE: &'static str = "console-home.html";
}

/// A filter that is a link. Its words are the catalogue's `status-…`, with `all` for none.
#[derive(Debug, Clone, Serialize)]
pub struct Chip {
    pub status: String,
    pub url: String,
    pub count: Option<u64>,
    pub current: bool,
}

/// The people of one identity store, newest first (R26–R29, R53).
#[derive(Debug, Clone, Serialize)]
pub struct AccountList {
    pub me: Administrator,
    /// The stores to choose from; the button beside them invites into the chosen one (R29).
    pub stores: Vec<Choice>,
    /// The chosen one, carried along by the search.
    pub store: String,
    /// Whether this administrator may invite into the chosen store.
    pub may_invite: bool,
    /// The beginning of an address or a name.
    pub search: String,
    pub rows: Vec<AccountRow>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
    /// The same list without search.
    pub all_url: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct AccountRow {
    pub url: String,
    /// The person's name; may be empty.
    pub name: String,
    /// What they sign in with.
    pub identifier: String,
    /// active, disabled
    pub status: String,
    pub created_at: DateTime<Utc>,
}

impl Page for AccountList {
    const TEMPLATE: &'static str = "console-accounts.html";
}

/// Something that a person signs in with.
#[derive(Debug, Clone, Serialize)]
pub struct AccountIdentifier {
    /// email, username, phone
    pub kind: String,
    pub value: String,
    pub verified_at: Option<DateTime<Utc>>,
}

/// A group of the person, with the reasons: invitation, application, manual, mapping.
#[derive(Debug, Clone, Serialize)]
pub struct AccountGroup {
    pub name: String,
    pub reasons: Vec<String>,
}

/// One account (R53).
#[derive(Debug, Clone, Serialize)]
pub struct AccountDetail {
    pub me: Administrator,
    pub id: String,
    pub row: AccountRow,
    pub store: String,
    /// The list of that store.
    pub store_url: String,
    pub identifiers: Vec<AccountIdentifier>,
    /// What is known about the person: the catalogue's or the store's name, and the value.
    pub profile: Vec<Field>,
    pub groups: Vec<AccountGroup>,
}

impl Page for AccountDetail {
    const TEMPLATE: &'static str = "console-account.html";
}

/// The invitations, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct InvitationList {
    pub me: Administrator,
    pub chips: Vec<Chip>,
    /// The address searched for.
    pub search: String,
    /// The status filter, carried along by the search.
    pub status: String,
    pub rows: Vec<InvitationRow>,
    pub next_url: Option<String>,
    pub first_url: Option<String>,
    /// What just happened, as a code: `revoked`, `sent`.
    pub notice: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct InvitationRow {
    pub url: String,
    /// The pre-filled name; may be empty.
    pub name: String,
    pub address: String,
    pub application: String,
    /// pending, done, expired, declined
    pub status: String,
    /// The newest letter's state: queued, sent, deferred, failed, bounced; `None` when no letter was wanted.
    pub delivery: Option<String>,
    pub inviter: String,
    pub sent_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl Page for InvitationList {
    const TEMPLATE: &'static str = "console-invitations.html";
}

/// An application in the invite form; one that can't be chosen says why (R32).
#[derive(Debug, Clone, Serialize)]
pub struct ApplicationChoice {
    pub id: String,
    pub name: String,
    pub chosen: bool,
    /// A code: `saml_only`, `no_client`.
    pub disabled: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct GroupChoice {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

/// A group of the person after sign-up, with its reasons (R45–R49).
#[derive(Debug, Clone, Serialize)]
pub struct ResultingGroup {
    pub name: String,
    pub by_invitation: bool,
    pub by_application: bool,
}

/// Posts `application`, `email`, `locale`, `lifetime_hours`, the fields, `groups[]`, `message` and
/// `submit` (`send`, `link`, or `preview` to see the form again with another application) to `/console/invitations/new`.
#[derive(Debug, Clone, Serialize)]
pub struct InviteForm {
    pub me: Administrator,
    /// The identity stores; the chosen one's form is shown (R29).
    pub stores: Vec<Choice>,
    pub store: String,
    pub applications: Vec<ApplicationChoice>,
    pub email: String,
    /// `EMAIL` is an identifier of the store (R34, R35).
    pub email_becomes_identifier: bool,
    pub fields: Vec<Field>,
    pub groups: Vec<GroupChoice>,
    pub resulting: Vec<ResultingGroup>,
    pub locales: Vec<Choice>,
    /// Hours as values: `1` to `720`.
    pub lifetimes: Vec<Choice>,
    pub message: String,
    pub may_create_link: bool,
    pub problems: Vec<Problem>,
}

impl Page for InviteForm {
    const TEMPLATE: &'static str = "console-invite.html";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Done,
    Now,
    Warn,
    Todo,
}

/// A line of an invitation's history.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// The catalogue's `step-…`: created, sent, deferred, failed, opened, started, done, resent, declined, reported,
    /// revoked, expired, `fresh_link_asked`, `link_revealed`.
    pub kind: String,
    pub state: StepState,
    pub at: Option<DateTime<Utc>>,
    /// Who, or a server's answer; may be empty.
    pub detail: String,
}

/// An address other than the invited one, which the invitee has verified and wants to use (R38).
#[derive(Debug, Clone, Serialize)]
pub struct OtherAddress {
    pub email: String,
    pub approved: bool,
}

/// What became of the letter (R137).
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryFacts {
    pub state: String,
    pub attempts: i64,
    /// The server's answer.
    pub answer: Option<String>,
    pub next_try: Option<DateTime<Utc>>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// One invitation (R57). Resend posts to `resend_url`, revoke to `revoke_url`, a new link to `link_url`.
#[derive(Debug, Clone, Serialize)]
pub struct InvitationDetail {
    pub me: Administrator,
    pub id: String,
    pub row: InvitationRow,
    pub store: String,
    pub message: Option<String>,
    pub locale: String,
    /// Pre-filled values: the catalogue's or the store's name, and the value.
    pub profile: Vec<Field>,
    pub groups: Vec<ResultingGroup>,
    pub steps: Vec<Step>,
    /// Posts `email` to `approve_url`.
    pub addresses: Vec<OtherAddress>,
    pub approve_url: Option<String>,
    pub delivery: Option<DeliveryFacts>,
    /// The account that came of it, where this administrator may see it.
    pub account_url: Option<String>,
    /// `None` where it can't be done any more, or not by this administrator.
    pub resend_url: Option<String>,
    pub revoke_url: Option<String>,
    pub link_url: Option<String>,
    pub notice: Option<String>,
    pub problems: Vec<Problem>,
}

impl Page for InvitationDetail {
    const TEMPLATE: &'static str = "console-invitation.html";
}

/// The link itself, shown once (R133).
#[derive(Debug, Clone, Serialize)]
pub struct InvitationLinkOnce {
    pub me: Administrator,
    pub address: String,
    pub application: String,
    pub link: String,
    pub expires_at: DateTime<Utc>,
    /// Back to the invitation.
    pub invitation_url: String,
}

impl Page for InvitationLinkOnce {
    const TEMPLATE: &'static str = "console-link.html";
}

/// Signed in, but no administrator, or not allowed to do this (R4).
#[derive(Debug, Clone, Serialize)]
pub struct ConsoleRefused {
    pub account: String,
    /// The role in words; `None` for somebody who has none.
    pub role: Option<String>,
}

impl Page for ConsoleRefused {
    const TEMPLATE: &'static str = "console-refused.html";
}
