//! What a logout request asks for, and whom of those who are signed in here it is about.
//!
//! Ends nothing.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::app::{App, Hosted};
use crate::application::ClientId;
use crate::identity::{self, Identity, recognise};
use crate::kit::{Internal, Moment};
use crate::provider::hint::{self, Hint};
use crate::session::Session;
use crate::web::{Failure, Pairs};

pub(super) const KNOWN: [&str; 6] = [
    "client_id",
    "id_token_hint",
    "logout_hint",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
];

/// A request that makes sense.
pub(super) struct LogoutRequest {
    pub(super) hint: Option<Hint>,
    /// Who is about to sign out, as the application knows them: an identifier, a `sub` or a `sid`.
    logout_hint: Option<String>,
    /// Where people go afterwards.
    pub(super) leave: Leave,
    pub(super) locales: Vec<String>,
}

/// Where a signed-out person goes.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Leave {
    pub(super) client: Option<ClientId>,
    /// Registered for that client; with the request's `state`.
    pub(super) redirect: Option<String>,
    /// Whether an ID token shows that the request comes from that client: only then the browser is sent there by itself.
    pub(super) proven: bool,
}

/// What a leave is sealed for while somebody is at a provider.
const LEAVE_SEALED_AS: &str = "leave at a provider";

impl Leave {
    /// As it travels to a provider and back.
    pub(super) fn seal(&self, app: &App, moment: &Moment) -> Result<String, Internal> {
        let sealed = app
            .sealer
            .seal(LEAVE_SEALED_AS, &serde_json::to_vec(self)?, moment)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(super) fn open(app: &App, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let plain = app.sealer.open(LEAVE_SEALED_AS, &bytes).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

/// A person who is signed in here.
pub(super) struct Account<'h> {
    pub(super) session: &'h Session,
    pub(super) person: Option<Identity>,
}

impl Account<'_> {
    pub(super) fn name(&self) -> String {
        let person = self.person.as_ref();
        person.map(Identity::display_name).unwrap_or_default()
    }

    fn is_named(&self, hint: &str) -> bool {
        let (identity, session) = (self.session.identity, self.session.id);
        if hint == identity.to_string() || hint == session.to_string() {
            return true;
        }
        let meant = recognise(hint);
        let mut own = self.person.iter().flat_map(|person| &person.identifiers);
        meant.is_some_and(|(kind, key)| own.any(|one| one.kind == kind && one.key == key))
    }
}

/// Whom a request is about.
pub(super) struct About<'h> {
    pub(super) accounts: Vec<Account<'h>>,
    /// The logout hint names somebody who is not signed in here.
    contradicted: bool,
}

impl About<'_> {
    /// Whether it is about nobody but the person whom the ID token names: then nobody has to be asked.
    pub(super) fn is_just(&self, subject: Option<&str>) -> bool {
        let [account] = self.accounts.as_slice() else {
            return false;
        };
        !self.contradicted && subject == Some(account.session.identity.to_string().as_str())
    }
}

impl LogoutRequest {
    /// Of those who are signed in here, whom the request is about: among the people of the application that asks; where none
    /// does, everybody. A logout hint that names some of them leaves out the others.
    pub(super) async fn about<'h>(
        &self,
        app: &App,
        hosted: &'h Hosted,
    ) -> Result<About<'h>, Internal> {
        let catalogue = app.catalogue.current();
        let party = self.leave.client.and_then(|id| catalogue.relying_party(id));
        let store = party.map(|(_, application)| application.store);
        let asked = hosted
            .sessions()
            .filter(|session| store.is_none_or(|store| session.store == store));
        let mut accounts = Vec::new();
        for session in asked {
            let id = session.identity;
            let person = app.db.read(async |tx| identity::find(tx, id).await).await?;
            accounts.push(Account { session, person });
        }
        let Some(hint) = self.logout_hint.as_deref() else {
            return Ok(About {
                contradicted: false,
                accounts,
            });
        };
        let contradicted = !accounts.iter().any(|account| account.is_named(hint));
        if !contradicted {
            accounts.retain(|account| account.is_named(hint));
        }
        Ok(About {
            accounts,
            contradicted,
        })
    }

    pub(super) fn understand(app: &App, moment: &Moment, pairs: &Pairs) -> Result<Self, Failure> {
        let get = |name| pairs.get(name).filter(|value: &&str| !value.is_empty());
        let hint = match get("id_token_hint") {
            Some(token) => Some(hint::read(app, moment, token).ok_or_else(|| wrong(BAD_HINT))?),
            None => None,
        };
        let named = match get("client_id") {
            Some(id) => Some(id.parse().map_err(|_| wrong(UNKNOWN_CLIENT))?),
            None => None,
        };
        let hinted = hint.as_ref().and_then(Hint::client);
        if hinted.is_some() && named.is_some() && hinted != named {
            return Err(wrong(OTHER_CLIENT));
        }
        let mut leave = Leave {
            client: hinted.or(named),
            redirect: None,
            proven: hint.is_some(),
        };
        if let Some(id) = leave.client {
            let catalogue = app.catalogue.current();
            let (client, _) = catalogue
                .relying_party(id)
                .ok_or_else(|| wrong(UNKNOWN_CLIENT))?;
            if let Some(requested) = get("post_logout_redirect_uri") {
                let uri = client.post_logout_redirect_uri(requested);
                let uri = uri.ok_or_else(|| wrong(UNKNOWN_REDIRECT_URI))?;
                leave.redirect = Some(with_state(uri.as_str(), get("state")));
            }
        }
        let locales = get("ui_locales").unwrap_or_default().split(' ').take(8);
        Ok(Self {
            hint,
            logout_hint: get("logout_hint").map(str::to_owned),
            leave,
            locales: locales.map(str::to_owned).collect(),
        })
    }
}

const BAD_HINT: (&str, &str) = (
    "bad_id_token_hint",
    "The application that sent you here did not prove itself: id_token_hint is no ID token of ours. You are still signed in.",
);
const UNKNOWN_CLIENT: (&str, &str) = (
    "unknown_client",
    "The application that sent you here is not registered: there is no such client_id.",
);
const OTHER_CLIENT: (&str, &str) = (
    "other_client",
    "The application that sent you here is not the one that the ID token was made for. You are still signed in.",
);
const UNKNOWN_REDIRECT_URI: (&str, &str) = (
    "unknown_post_logout_redirect_uri",
    "The application that sent you here wants you to go to an address that is not registered for it. You are still signed in.",
);

fn wrong((code, sentence): (&'static str, &'static str)) -> Failure {
    Failure::refused(StatusCode::BAD_REQUEST, code, sentence)
}

fn with_state(uri: &str, state: Option<&str>) -> String {
    let Some(state) = state else {
        return uri.to_owned();
    };
    let mark = if uri.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("state", state)
        .finish();
    format!("{uri}{mark}{query}")
}

#[cfg(test)]
mod tests {
    use super::with_state;

    /// LOG-05: `state` comes back as it was, and doesn't come where it wasn't.
    #[test]
    fn state_is_returned_as_sent() {
        assert_eq!(
            with_state("https://a.example/out", None),
            "https://a.example/out"
        );
        assert_eq!(
            with_state("https://a.example/out", Some("a&b ü")),
            "https://a.example/out?state=a%26b+%C3%BC"
        );
        assert_eq!(
            with_state("https://a.example/out?x=1", Some("y")),
            "https://a.example/out?x=1&state=y"
        );
    }
}
