//! Somebody comes back from a provider, with an answer that is not believed before it has been checked.
//!
//! Doesn't know whose account it is here, nor where the flow goes on.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tokio::time::timeout;
use url::form_urlencoded;

use super::begin::Desk;
use super::connector::UpstreamError;
use super::providers::Known;
use super::token::{Believed, Doubt, Freshness, Terms, believe};
use super::userinfo::{self, Asking};
use super::way::{self, Lost, Way};
use super::{
    Connection, ExternalIdentity, ExternalSignInId, Provider, Trouble, exchange, health, person,
};
use crate::event::{self, Actor, Happening, Kind};
use crate::kit::{Internal, Moment, Secret};

/// All requests of one callback together; below what a browser's request of ours may take.
const PATIENCE: Duration = Duration::from_secs(25);
/// No code is longer.
const LONGEST_CODE: usize = 8192;

/// What a provider sent the browser back with. Parameters that nobody knows are ignored (A16).
#[derive(Default)]
pub(super) struct Callback {
    pub(super) state: Option<Secret>,
    code: Option<Secret>,
    issuer: Option<String>,
    error: Option<UpstreamError>,
}

/// Somebody, in a flow.
pub(super) struct Arrival {
    pub(super) way: ExternalSignInId,
    /// The flow as it travels.
    pub(super) flow: String,
    pub(super) identity: ExternalIdentity,
    /// A new sign-in was asked for then, and has been shown.
    pub(super) since: Option<DateTime<Utc>>,
}

/// Nobody.
pub(super) enum Stranded {
    /// Without a way: nothing is known, and nothing has changed.
    Lost(Lost),
    /// In a flow, which can go on otherwise.
    Troubled { flow: String, trouble: Trouble },
}

impl Callback {
    /// Reads a query or a form. What stands there twice isn't there: RFC 6749 section 3.1 forbids it.
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(encoded).into_owned().collect();
        let only = |name: &str| {
            let mut found = pairs.iter().filter(|(known, _)| known == name);
            let first = found.next().map(|(_, value)| value.as_str());
            first.filter(|value| found.next().is_none() && !value.is_empty())
        };
        let subcode = ["error_subcode", "error_subtype", "suberror"];
        let subcode = subcode.into_iter().find_map(only);
        let error = pairs.iter().any(|(name, _)| name == "error").then(|| {
            let error = only("error").unwrap_or_default();
            UpstreamError::from_callback(error, only("error_description"), subcode)
        });
        Self {
            state: only("state").map(Secret::new),
            code: only("code")
                .filter(|code| code.len() <= LONGEST_CODE)
                .map(Secret::new),
            issuer: only("iss").map(str::to_owned),
            error,
        }
    }
}

/// Takes the way, asks the provider, and checks everything that it says.
pub(super) async fn come_back(
    desk: &Desk<'_>,
    moment: &Moment,
    (connection, browser): (&Connection, &[u8]),
    callback: &Callback,
) -> Result<Result<Arrival, Stranded>, Internal> {
    let Some(state) = &callback.state else {
        return Ok(Err(Stranded::Lost(Lost::Unknown)));
    };
    let way = match take(desk, moment, (connection, browser), state).await? {
        Ok(way) => way,
        Err(lost) => return Ok(Err(Stranded::Lost(lost))),
    };
    let secret = connection.secret(desk.sealer)?;
    let returning = Returning {
        desk,
        moment,
        connection,
        way: &way,
        callback,
    };
    let identity = match timeout(PATIENCE, returning.identity(secret)).await {
        Ok(identity) => identity,
        Err(_) => Err(Trouble::unavailable("no answer in time")),
    };
    match identity {
        Ok(identity) => Ok(Ok(Arrival {
            way: way.id,
            since: way.asked.fresh.then_some(way.asked.begun),
            flow: way.asked.flow,
            identity,
        })),
        Err(trouble) => {
            note(desk, moment, connection, &trouble).await?;
            let flow = way.asked.flow;
            Ok(Err(Stranded::Troubled { flow, trouble }))
        }
    }
}

/// A callback is used up before anything is sent: a code and a state are good for one attempt.
async fn take(
    desk: &Desk<'_>,
    moment: &Moment,
    (connection, browser): (&Connection, &[u8]),
    state: &Secret,
) -> Result<Result<Way, Lost>, Internal> {
    let of = (connection.id, browser);
    let found = desk
        .db
        .read(async |tx| way::find(tx, desk.sealer, of, state, moment.now).await);
    let way = match found.await? {
        Ok(way) => way,
        Err(lost) => return Ok(Err(lost)),
    };
    let taken: Result<bool, Internal> = desk
        .db
        .write(async |tx| way::take(tx, &way, moment.now).await)
        .await;
    Ok(if taken? { Ok(way) } else { Err(Lost::Used) })
}

/// Tells those who run this installation.
async fn note(
    desk: &Desk<'_>,
    moment: &Moment,
    connection: &Connection,
    trouble: &Trouble,
) -> Result<(), Internal> {
    let happening = report(connection, trouble);
    desk.db
        .write(async |tx| {
            health::troubled(tx, moment, connection.id, trouble).await?;
            event::record(tx, moment, &Actor::Anonymous, happening).await
        })
        .await
        .map(drop)
}

/// A line in the log, and what the log of events gets; the texts of the provider stay outside of both.
pub(super) fn report(connection: &Connection, trouble: &Trouble) -> Happening {
    tracing::warn!(connection.id = %connection.id, trouble = trouble.name(), why = %trouble, "An external sign-in failed.");
    let kind = if trouble.is_for_operators() {
        Kind::ConnectionTroubled
    } else {
        Kind::ExternalSignInFailed
    };
    let data =
        json!({ "trouble": trouble.name(), "code": trouble.code(), "why": trouble.to_string() });
    kind.about(connection.id, data)
}

/// A callback whose way is taken.
struct Returning<'a> {
    desk: &'a Desk<'a>,
    moment: &'a Moment,
    connection: &'a Connection,
    way: &'a Way,
    callback: &'a Callback,
}

impl Returning<'_> {
    async fn identity(&self, secret: Option<Secret>) -> Result<ExternalIdentity, Trouble> {
        let (connection, asked) = (self.connection, &self.way.asked);
        let known = self.desk.providers.of(connection, self.moment.now).await?;
        self.comes_from(&known)?;
        let code = self.code()?;
        let outgoing = self.desk.providers.outgoing();
        let us = (connection, secret);
        let tokens = exchange::exchange(outgoing, us, &known.metadata, asked, code).await?;
        if let Provider::OAuth2(settings) = &connection.settings.provider {
            let claims = userinfo::person(&self.asking(&known, &tokens), settings).await?;
            let believed = Believed {
                issuer: settings.issuer.clone(),
                claims,
                authenticated_at: None,
            };
            return person::identity(connection, believed, &tokens);
        }
        let (mut believed, known) = self.believe(known, &tokens).await?;
        self.agrees(&believed.issuer)?;
        if connection.settings.provider.connector().quirks().userinfo {
            lay_over(&self.asking(&known, &tokens), &mut believed).await?;
        }
        person::identity(connection, believed, &tokens)
    }

    fn asking<'t>(&'t self, known: &'t Known, tokens: &'t exchange::Tokens) -> Asking<'t> {
        Asking {
            outgoing: self.desk.providers.outgoing(),
            connector: self.connection.settings.provider.connector(),
            known,
            client_id: &self.connection.client_id,
            access: &tokens.access,
        }
    }

    /// A10: the answer says who sent it, where the provider says that at all (RFC 9207 section 2.4). Entra's issuer is known once
    /// the tenant is.
    fn comes_from(&self, known: &Known) -> Result<(), Trouble> {
        let metadata = &known.metadata;
        if metadata.issuer != self.way.asked.issuer {
            return Err(Trouble::unbelievable("the issuer has changed on the way"));
        }
        match &self.callback.issuer {
            None if metadata.names_itself => {
                Err(Trouble::unbelievable("the answer doesn't say who sent it"))
            }
            Some(issuer) if !fits(&metadata.issuer, issuer) => {
                Err(Trouble::unbelievable("the answer is from somebody else"))
            }
            _ => Ok(()),
        }
    }

    /// The same once more, with the tenant's own issuer.
    fn agrees(&self, issuer: &str) -> Result<(), Trouble> {
        let templated = self.way.asked.issuer.contains(TEMPLATE);
        match &self.callback.issuer {
            Some(said) if templated && said != issuer => {
                Err(Trouble::unbelievable("the answer is from somebody else"))
            }
            _ => Ok(()),
        }
    }

    /// A12: an error counts for more than a code beside it.
    fn code(&self) -> Result<&Secret, Trouble> {
        let connector = self.connection.settings.provider.connector();
        match (&self.callback.error, &self.callback.code) {
            (Some(error), _) => Err(Trouble::reported(connector, error)),
            (None, Some(code)) => Ok(code),
            (None, None) => Err(Trouble::unbelievable(
                "neither a code nor an error came back",
            )),
        }
    }

    /// With the keys that are known, or with newer ones where none of them has signed.
    async fn believe(
        &self,
        known: Known,
        tokens: &exchange::Tokens,
    ) -> Result<(Believed, Known), Trouble> {
        let Some(token) = &tokens.id else {
            return Err(Trouble::unbelievable("there is no ID token"));
        };
        let doubt = match believe(token.reveal(), &self.terms(&known, tokens)) {
            Ok(believed) => return Ok((believed, known)),
            Err(Doubt::For(trouble)) => return Err(trouble),
            Err(Doubt::UnknownKey) => {
                Trouble::unbelievable("no key of the provider signed the ID token")
            }
        };
        let now = self.moment.now;
        let newer = self.desk.providers.with_newer_keys(self.connection, now);
        let Some(newer) = newer.await else {
            return Err(doubt);
        };
        match believe(token.reveal(), &self.terms(&newer, tokens)) {
            Ok(believed) => Ok((believed, newer)),
            Err(Doubt::For(trouble)) => Err(trouble),
            Err(Doubt::UnknownKey) => Err(doubt),
        }
    }

    fn terms<'t>(&'t self, known: &'t Known, tokens: &'t exchange::Tokens) -> Terms<'t> {
        let connector = self.connection.settings.provider.connector();
        let asked = &self.way.asked;
        let freshness = match (asked.fresh, asked.max_age) {
            (true, _) => Freshness::Since(asked.begun),
            (false, Some(seconds)) => {
                let seconds = seconds.clamp(0, 1_000_000_000);
                Freshness::Since(asked.begun - TimeDelta::seconds(seconds))
            }
            (false, None) => Freshness::Any,
        };
        Terms {
            connector,
            known,
            client_id: &self.connection.client_id,
            nonce: connector.quirks().nonce.then_some(asked.nonce.as_str()),
            access_token: tokens.access.reveal(),
            freshness,
            now: self.moment.now,
        }
    }
}

/// What the ID token doesn't say, userinfo may; where both speak, the signed one counts.
async fn lay_over(asking: &Asking<'_>, believed: &mut Believed) -> Result<(), Trouble> {
    let subject = believed.claims.get("sub").and_then(|sub| sub.as_str());
    let subject = subject.unwrap_or_default().to_owned();
    let more = userinfo::userinfo(asking, &believed.issuer, &subject).await?;
    userinfo::lay_over(&mut believed.claims, more);
    Ok(())
}

/// What stands for the tenant in Entra's issuer.
const TEMPLATE: &str = "{tenantid}";

fn fits(expected: &str, said: &str) -> bool {
    let Some((before, after)) = expected.split_once(TEMPLATE) else {
        return expected == said;
    };
    let tenant = said
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after));
    tenant.is_some_and(|tenant| tenant.len() == 36 && tenant.parse::<uuid::Uuid>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A12, A16: what is unknown is ignored, and what stands there twice is not there.
    #[test]
    fn a_callback_is_read_narrowly() {
        let read = |text: &str| {
            let callback = Callback::parse(text.as_bytes());
            let text = |secret: Option<Secret>| secret.map(|secret| secret.reveal().to_owned());
            (text(callback.state), text(callback.code), callback.error)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read("state=s&code=4%2F0a&authuser=0&scope=a+b&session_state=x&scope=c"),
            (some("s"), some("4/0a"), None)
        );
        assert_eq!(read("state=s&state=t&code=c"), (None, some("c"), None));
        assert_eq!(read("state=&code="), (None, None, None));
        let (_, code, error) = read("state=s&code=c&error=access_denied&error_subcode=cancel");
        assert_eq!(code, some("c"));
        let error = error.unwrap();
        assert_eq!(
            (error.error.as_str(), error.subcode.as_deref()),
            ("access_denied", Some("cancel"))
        );
        assert!(read("state=s&error=a&error=b").2.is_some());
    }

    /// A10: character by character; of Entra's issuer only the tenant is open.
    #[test]
    fn an_issuer_fits_exactly() {
        assert!(fits("https://a.example", "https://a.example"));
        assert!(!fits("https://a.example", "https://a.example/"));
        let template = "https://login.example/{tenantid}/v2.0";
        let of = |tenant: &str| fits(template, &format!("https://login.example/{tenant}/v2.0"));
        assert!(of("9188040d-6c67-4c5b-b112-36a304b66dad"));
        assert!(!of("common") && !of("{tenantid}") && !of("9188040d6c674c5bb11236a304b66dad"));
    }
}
