//! What a client gets, and whether its person has to be asked first (OpenID Connect Core sections 3.1.2.4 and 11).
//!
//! Knows no page; `consent` shows one.

use chrono::{DateTime, Utc};

use super::request::{AuthorizationRequest, PromptValue};
use crate::application::{Consent as Policy, Scopes};
use crate::grant::OFFLINE_ACCESS;
use crate::grant::consent::Consent;
use crate::provider::claims;

impl AuthorizationRequest {
    /// What the person is asked about: the scopes, and those that single claims belong to.
    pub(super) fn to_allow(&self) -> Scopes {
        let wanted = &self.wants.claims;
        let names = wanted.userinfo.keys().chain(wanted.id_token.keys());
        let of_claims = claims::scopes_of(names.map(String::as_str));
        let registered = &self.party.client.settings.scopes;
        self.wants.scope.and(&of_claims.within(registered))
    }

    /// Whether the answer depends on what the person allowed before.
    pub(super) fn depends_on_consent(&self) -> bool {
        self.asks_always()
            || self.party.client.settings.consent == Policy::Ask
            || self.wants.scope.contains(OFFLINE_ACCESS)
    }

    /// `prompt=consent`, or a client that another program could pass itself off as (RFC 8252 section 8.6).
    fn asks_always(&self) -> bool {
        self.wants.prompt.has(PromptValue::Consent) || !self.party.proven
    }

    /// The scopes that the client gets; `None`: the person has to be asked first.
    pub(super) fn granted(
        &self,
        allowed: Option<&Consent>,
        begun: DateTime<Utc>,
    ) -> Option<Scopes> {
        let allowed = allowed.filter(|allowed| !self.asks_always() || allowed.given_at >= begun);
        let covers =
            |scope: &Scopes| allowed.is_some_and(|allowed| scope.is_within(&allowed.scope));
        let scope = &self.wants.scope;
        if self.asks_always() || self.party.client.settings.consent == Policy::Ask {
            return covers(&self.to_allow()).then(|| scope.clone());
        }
        // The operator vouches for the client, but staying while the person is away is for the person to allow.
        let offline = [OFFLINE_ACCESS].into_iter().collect();
        Some(if covers(&offline) {
            scope.clone()
        } else {
            scope.without(OFFLINE_ACCESS)
        })
    }
}
