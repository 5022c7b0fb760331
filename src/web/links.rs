//! Every URL of ours: one path constant per route for the routers, one method per link for everybody else.
//!
//! Links start with the configured public URL, never with a Host header (R134). No business, no redirect decisions.

use serde::Serialize;
use url::{Url, form_urlencoded};

/// The paths as the routers register them.
pub mod path {
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
    pub const JWKS: &str = "/jwks.json";
    pub const AUTHORIZE: &str = "/authorize";
    pub const TOKEN: &str = "/token";
    pub const USERINFO: &str = "/userinfo";
    pub const INTROSPECT: &str = "/introspect";
    pub const REVOKE: &str = "/revoke";
    pub const LOGOUT: &str = "/logout";
    pub const CONTINUE: &str = "/continue";
    pub const CONSENT: &str = "/consent";
    pub const SIGN_IN: &str = "/sign-in";
    pub const EXTERNAL_CALLBACK: &str = "/sign-in/{connection}/callback";
    pub const SIGN_IN_WITH: &str = "/sign-in/with";
    pub const LEAVE: &str = "/sign-in/leave";
    pub const EXTERNAL_RETURN: &str = "/sign-in/{connection}/return";
    pub const LINK_ACCOUNT: &str = "/link-account";
    pub const NO_ACCOUNT: &str = "/no-account";
    pub const ACCOUNT: &str = "/account";
    pub const UNLINK_ACCOUNT: &str = "/account/unlink";
    pub const EXTERNAL_BACKCHANNEL_LOGOUT: &str = "/sign-in/{connection}/backchannel-logout";
    pub const EXTERNAL_FRONTCHANNEL_LOGOUT: &str = "/sign-in/{connection}/frontchannel-logout";
    pub const EXTERNAL_SIGNED_OUT: &str = "/sign-in/{connection}/signed-out";
    pub const CHOOSE_ACCOUNT: &str = "/choose-account";
    pub const SIGN_OUT_DONE: &str = "/sign-out-done";
    pub const FORGOTTEN_PASSWORD: &str = "/forgotten-password";
    pub const RESET_PASSWORD: &str = "/reset-password/{token}";
    pub const INVITATION: &str = "/invitation/{token}";
    pub const ENTER_CODE: &str = "/invitation";
    pub const DECLINE: &str = "/invitation/decline";
    pub const FRESH_LINK: &str = "/invitation/fresh";
    pub const SIGN_UP: &str = "/sign-up";
    pub const VERIFY_ADDRESS: &str = "/verify-address";
    pub const DIFFERENT_ACCOUNT: &str = "/different-account";
    pub const MAILBOX: &str = "/mailbox";
    pub const MAILBOX_JSON: &str = "/mailbox.json";
    pub const LETTER: &str = "/mailbox/{id}";
    pub const LETTER_HTML: &str = "/mailbox/{id}/html";
    pub const CONSOLE: &str = "/console";
    pub const CONSOLE_ACCOUNTS: &str = "/console/accounts";
    pub const CONSOLE_ACCOUNT: &str = "/console/accounts/{id}";
    pub const CONSOLE_INVITATIONS: &str = "/console/invitations";
    pub const CONSOLE_INVITE: &str = "/console/invitations/new";
    pub const CONSOLE_INVITATION: &str = "/console/invitations/{id}";
    pub const CONSOLE_INVITATION_RESEND: &str = "/console/invitations/{id}/resend";
    pub const CONSOLE_INVITATION_REVOKE: &str = "/console/invitations/{id}/revoke";
    pub const CONSOLE_INVITATION_APPROVE: &str = "/console/invitations/{id}/approve-address";
    pub const CONSOLE_INVITATION_LINK: &str = "/console/invitations/{id}/link";
    pub const API: &str = "/api";
    pub const API_V1: &str = "/api/v1";
    pub const OPENAPI: &str = "/api/openapi.json";
    pub const API_DOCS: &str = "/api/docs";
    pub const LIVE: &str = "/health/live";
    pub const READY: &str = "/health/ready";
    pub const METRICS: &str = "/metrics";
    pub const STATIC: &str = "/static";
    pub const BRAND: &str = "/brand/{file}";
}

/// Builds absolute URLs from the public one. Cheap enough to clone.
#[derive(Debug, Clone)]
pub struct Links {
    /// The issuer: the public URL without a slash at its end.
    base: String,
    secure: bool,
}

/// Links without parameters: `links` in the templates.
#[derive(Serialize)]
pub(super) struct Fixed {
    sign_in: String,
    sign_in_with: String,
    leave: String,
    link_account: String,
    no_account: String,
    unlink_account: String,
    choose_account: String,
    consent: String,
    logout: String,
    forgotten_password: String,
    enter_code: String,
    decline: String,
    fresh_link: String,
    sign_up: String,
    verify_address: String,
    different_account: String,
    mailbox: String,
    console: String,
    console_accounts: String,
    console_invitations: String,
    console_invite: String,
    api_docs: String,
}

macro_rules! links {
    ($($(#[$doc:meta])* $name:ident = $path:ident),+ $(,)?) => {
        $( $(#[$doc])* #[must_use] pub fn $name(&self) -> String { self.at(path::$path) } )+
    };
}

impl Links {
    /// `public_url` is an origin; a path in it stays in front of every link.
    #[must_use]
    pub fn new(public_url: &Url) -> Self {
        Self {
            base: public_url.as_str().trim_end_matches('/').to_owned(),
            secure: public_url.scheme() == "https",
        }
    }

    /// The issuer identifier (OpenID Connect Discovery 1.0 section 3).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.base
    }

    /// Whether browsers reach us over TLS: decides on `Secure` cookies and HSTS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    links! {
        openid_configuration = OPENID_CONFIGURATION,
        oauth_metadata = OAUTH_METADATA,
        jwks = JWKS,
        authorize = AUTHORIZE,
        token = TOKEN,
        userinfo = USERINFO,
        introspect = INTROSPECT,
        revoke = REVOKE,
        logout = LOGOUT,
        consent = CONSENT,
        account = ACCOUNT,
        sign_out_done = SIGN_OUT_DONE,
        enter_code = ENTER_CODE,
        mailbox = MAILBOX,
        console = CONSOLE,
        console_invitations = CONSOLE_INVITATIONS,
        console_invite = CONSOLE_INVITE,
        openapi = OPENAPI,
        api_docs = API_DOCS,
        /// The audience of access tokens for the management API.
        api = API,
    }

    /// The one dispatcher of every flow.
    #[must_use]
    pub fn continue_flow(&self, flow: &str) -> String {
        self.with_flow(path::CONTINUE, flow)
    }

    #[must_use]
    pub fn sign_in(&self, flow: &str) -> String {
        self.with_flow(path::SIGN_IN, flow)
    }

    /// Where a provider sends people back to; each connection has its own (RFC 9700 section 4.4.2.2).
    #[must_use]
    pub fn external_callback(&self, connection: &str) -> String {
        self.filled(path::EXTERNAL_CALLBACK, connection)
    }

    /// Where our own page brings the fields that a provider posted.
    #[must_use]
    pub fn external_return(&self, connection: &str) -> String {
        self.filled(path::EXTERNAL_RETURN, connection)
    }

    /// Whether an account at a provider becomes a way into the signed-in account.
    #[must_use]
    pub fn link_account(&self, flow: &str) -> String {
        self.with_flow(path::LINK_ACCOUNT, flow)
    }

    /// What somebody can do whose account at a provider belongs to nobody here.
    #[must_use]
    pub fn no_account(&self, flow: &str) -> String {
        self.with_flow(path::NO_ACCOUNT, flow)
    }

    /// One's own account, under an application's name.
    #[must_use]
    pub fn account_in(&self, application: &str) -> String {
        self.with(path::ACCOUNT, &[("application", application)])
    }

    /// The same, with a word about what just happened.
    #[must_use]
    pub fn account_after(&self, application: &str, notice: &str) -> String {
        let words = [("application", application), ("notice", notice)];
        self.with(path::ACCOUNT, &words)
    }

    /// Where a provider sends people back to who have signed out there.
    #[must_use]
    pub fn external_signed_out(&self, connection: &str) -> String {
        self.filled(path::EXTERNAL_SIGNED_OUT, connection)
    }

    #[must_use]
    pub fn choose_account(&self, flow: &str) -> String {
        self.with_flow(path::CHOOSE_ACCOUNT, flow)
    }

    #[must_use]
    pub fn consent_in(&self, flow: &str) -> String {
        self.with_flow(path::CONSENT, flow)
    }

    #[must_use]
    pub fn forgotten_password(&self, flow: &str) -> String {
        self.with_flow(path::FORGOTTEN_PASSWORD, flow)
    }

    /// The same page for somebody who comes without a flow, from a letter.
    #[must_use]
    pub fn forgotten_password_of(&self, application: &str) -> String {
        self.with(path::FORGOTTEN_PASSWORD, &[("application", application)])
    }

    #[must_use]
    pub fn sign_up(&self, flow: &str) -> String {
        self.with_flow(path::SIGN_UP, flow)
    }

    #[must_use]
    pub fn verify_address(&self, flow: &str) -> String {
        self.with_flow(path::VERIFY_ADDRESS, flow)
    }

    #[must_use]
    pub fn different_account(&self, flow: &str) -> String {
        self.with_flow(path::DIFFERENT_ACCOUNT, flow)
    }

    /// An authorization request, asked again with GET.
    #[must_use]
    pub fn authorize_again(&self, parameters: &[(String, String)]) -> String {
        self.with(path::AUTHORIZE, parameters)
    }

    /// A logout request, asked again with GET.
    #[must_use]
    pub fn logout_again(&self, parameters: &[(String, String)]) -> String {
        self.with(path::LOGOUT, parameters)
    }

    /// The mailed link of an invitation.
    #[must_use]
    pub fn invitation(&self, token: &str) -> String {
        self.filled(path::INVITATION, token)
    }

    #[must_use]
    pub fn decline(&self, token: &str) -> String {
        self.with(path::DECLINE, &[("token", token)])
    }

    #[must_use]
    pub fn fresh_link(&self) -> String {
        self.at(path::FRESH_LINK)
    }

    #[must_use]
    pub fn reset_password(&self, token: &str) -> String {
        self.filled(path::RESET_PASSWORD, token)
    }

    #[must_use]
    pub fn letter(&self, id: &str) -> String {
        self.filled(path::LETTER, id)
    }

    #[must_use]
    pub fn letter_html(&self, id: &str) -> String {
        self.filled(path::LETTER_HTML, id)
    }

    /// The console's list of accounts: of which store, who is searched for, and where the page begins.
    #[must_use]
    pub fn console_accounts_where(&self, wanted: &[(&str, &str)]) -> String {
        self.with(path::CONSOLE_ACCOUNTS, wanted)
    }

    #[must_use]
    pub fn console_account(&self, id: &str) -> String {
        self.filled(path::CONSOLE_ACCOUNT, id)
    }

    #[must_use]
    pub fn console_invitation(&self, id: &str) -> String {
        self.filled(path::CONSOLE_INVITATION, id)
    }

    /// One invitation, with a word about what just happened to it.
    #[must_use]
    pub fn console_invitation_after(&self, id: &str, notice: &str) -> String {
        format!("{}?notice={notice}", self.console_invitation(id))
    }

    #[must_use]
    pub fn console_invitation_resend(&self, id: &str) -> String {
        self.filled(path::CONSOLE_INVITATION_RESEND, id)
    }

    #[must_use]
    pub fn console_invitation_revoke(&self, id: &str) -> String {
        self.filled(path::CONSOLE_INVITATION_REVOKE, id)
    }

    #[must_use]
    pub fn console_invitation_approve(&self, id: &str) -> String {
        self.filled(path::CONSOLE_INVITATION_APPROVE, id)
    }

    #[must_use]
    pub fn console_invitation_link(&self, id: &str) -> String {
        self.filled(path::CONSOLE_INVITATION_LINK, id)
    }

    /// The console's list of invitations, with the filters that are set.
    #[must_use]
    pub fn console_invitations_where(&self, filters: &[(&str, &str)]) -> String {
        self.with(path::CONSOLE_INVITATIONS, filters)
    }

    /// A thing in the API, for `Location` headers: `api_v1(&["invitations", id])`.
    #[must_use]
    pub fn api_v1(&self, segments: &[&str]) -> String {
        format!("{}/{}", self.at(path::API_V1), segments.join("/"))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn with_flow(&self, path: &str, flow: &str) -> String {
        self.with(path, &[("flow", flow)])
    }

    fn with<T: AsRef<str>>(&self, path: &str, parameters: &[(T, T)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{path}{mark}{query}", self.base)
    }

    /// Puts `value` where the path's one placeholder stands. Tokens and ids are base64url or our own ids,
    /// so anything else is encoded rather than trusted.
    fn filled(&self, path: &str, value: &str) -> String {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let (before, rest) = path.split_once('{').unwrap_or((path, "}"));
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        format!("{}{before}{value}{after}", self.base)
    }

    pub(super) fn fixed(&self) -> Fixed {
        Fixed {
            sign_in: self.at(path::SIGN_IN),
            sign_in_with: self.at(path::SIGN_IN_WITH),
            leave: self.at(path::LEAVE),
            link_account: self.at(path::LINK_ACCOUNT),
            no_account: self.at(path::NO_ACCOUNT),
            unlink_account: self.at(path::UNLINK_ACCOUNT),
            choose_account: self.at(path::CHOOSE_ACCOUNT),
            consent: self.at(path::CONSENT),
            logout: self.at(path::LOGOUT),
            forgotten_password: self.at(path::FORGOTTEN_PASSWORD),
            enter_code: self.at(path::ENTER_CODE),
            decline: self.at(path::DECLINE),
            fresh_link: self.at(path::FRESH_LINK),
            sign_up: self.at(path::SIGN_UP),
            verify_address: self.at(path::VERIFY_ADDRESS),
            different_account: self.at(path::DIFFERENT_ACCOUNT),
            mailbox: self.at(path::MAILBOX),
            console: self.at(path::CONSOLE),
            console_accounts: self.at(path::CONSOLE_ACCOUNTS),
            console_invitations: self.at(path::CONSOLE_INVITATIONS),
            console_invite: self.at(path::CONSOLE_INVITE),
            api_docs: self.at(path::API_DOCS),
        }
    }
}

#[cfg(test)]
#[path = "links_tests.rs"]
mod tests;
