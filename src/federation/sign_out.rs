//! Signing out there and here: what a provider says of its own sessions ends ours (checklist LOG-16, LOG-17), and who signs
//! out here may do so there (LOG-18).
//!
//! Applications are told by whoever ends sessions: `session`.

use std::time::Duration;

use tokio::time::timeout;
use url::Url;

use super::begin::Desk;
use super::logout_token::{Said, believe};
use super::providers::Known;
use super::token::{Doubt, Freshness, Terms};
use super::{Connection, Provider, Trouble};
use crate::db::Tx;
use crate::event::Actor;
use crate::grant;
use crate::identity::IdentityId;
use crate::keys::Unbelieved;
use crate::kit::{Internal, Moment, Secret};
use crate::session::{self, Origin, SessionId, Which};

/// Nobody who signs out waits longer for a provider that they may not even want to go to.
const PATIENCE: Duration = Duration::from_secs(2);
/// Addresses with longer hints don't get through every proxy.
const LONGEST_HINT: usize = 6000;
/// A shorter name of a session could be guessed.
const SHORTEST_SID: usize = 16;

/// A logout token has come. Says how many sessions ended with it.
pub(super) async fn hear(
    desk: &Desk<'_>,
    moment: &Moment,
    connection: &Connection,
    token: &str,
) -> Result<Result<usize, Trouble>, Internal> {
    let said = match read(desk, moment, connection, token).await {
        Ok(said) => said,
        Err(trouble) => return Ok(Err(trouble)),
    };
    desk.db
        .write(async |tx| {
            let first = grant::use_assertion(tx, connection.id, &said.jti, said.until).await?;
            if !first {
                let why = "the logout token was used before";
                return Ok(Err(Trouble::unbelievable(why)));
            }
            let sessions = meant(tx, connection, said).await?;
            Ok(Ok(
                session::end_each(tx, moment, &Actor::System, sessions).await?
            ))
        })
        .await
}

async fn read(
    desk: &Desk<'_>,
    moment: &Moment,
    connection: &Connection,
    token: &str,
) -> Result<Said, Trouble> {
    let look = |known: &Known| {
        believe(
            token,
            &Terms {
                connector: connection.settings.provider.connector(),
                known,
                client_id: &connection.client_id,
                nonce: None,
                access_token: "",
                freshness: Freshness::Any,
                now: moment.now,
            },
        )
    };
    let known = desk.providers.of(connection, moment.now).await?;
    let mut said = look(&known);
    if matches!(said, Err(Doubt::UnknownKey))
        && let Some(newer) = desk.providers.with_newer_keys(connection, moment.now).await
    {
        said = look(&newer);
    }
    said.map_err(|doubt| match doubt {
        Doubt::For(trouble) => trouble,
        Doubt::UnknownKey => {
            Trouble::unbelievable("the logout token is signed with an unknown key")
        }
    })
}

/// One session where the provider names it and we know the name; else all that came from there without one.
async fn meant(
    tx: &mut Tx,
    connection: &Connection,
    said: Said,
) -> Result<Vec<(SessionId, IdentityId)>, Internal> {
    let named = said.sid.is_some();
    if let Some(sid) = said.sid {
        let sessions = session::from_upstream(tx, connection.id, Which::Sid(sid)).await?;
        if !sessions.is_empty() {
            return Ok(sessions);
        }
    }
    let Some(key) = said.account else {
        return Ok(Vec::new());
    };
    let which = Which::Subject {
        namespace: key.namespace,
        subject: key.subject,
    };
    let sessions = session::from_upstream(tx, connection.id, which).await?;
    let mut meant = Vec::new();
    for (id, identity) in sessions {
        let origin = session::origin(tx, id).await?;
        if !named || origin.is_some_and(|origin| origin.sid.is_none()) {
            meant.push((id, identity));
        }
    }
    Ok(meant)
}

/// Entra says only `iss` and `sid`, by way of the browser and without its cookies: whoever knows the name of a session has seen
/// its ID token. It ends that session and tells nothing (checklist LOG-21).
pub(super) async fn hear_in_front(
    desk: &Desk<'_>,
    moment: &Moment,
    connection: &Connection,
    (issuer, sid): (&str, &str),
) -> Result<usize, Internal> {
    let said_so = matches!(connection.settings.provider, Provider::Microsoft(_));
    if !said_so || sid.len() < SHORTEST_SID {
        return Ok(0);
    }
    desk.db
        .write(async |tx| {
            let which = Which::Sid(sid.to_owned());
            let mut ending = Vec::new();
            for (id, identity) in session::from_upstream(tx, connection.id, which).await? {
                let origin = session::origin(tx, id).await?;
                if origin.is_some_and(|origin| origin.namespace == issuer) {
                    ending.push((id, identity));
                }
            }
            session::end_each(tx, moment, &Actor::System, ending).await
        })
        .await
}

/// The way out at a provider.
#[derive(Debug, Clone)]
pub struct Exit {
    /// As its button says.
    pub provider: String,
    pub url: Url,
}

/// Where somebody whose session came from a provider signs out there, too; `None` where it offers nothing, or is silent.
pub(super) async fn exit(
    desk: &Desk<'_>,
    moment: &Moment,
    connection: &Connection,
    (origin, state): (&Origin, &str),
) -> Option<Exit> {
    let connector = connection.settings.provider.connector();
    if !connection.enabled || !connector.offers_logout() {
        return None;
    }
    let asked = timeout(PATIENCE, desk.providers.of(connection, moment.now)).await;
    let mut url = asked.ok()?.ok()?.metadata.end_session.clone()?;
    let token = origin.id_token.as_ref();
    let token = token.and_then(|token| token.open(desk.sealer).ok());
    let token = token.as_ref().map(Secret::reveal);
    let claims = token.and_then(|token| Some(Unbelieved::read(token).ok()?.into_claims()));
    // Entra's own name of the account, so that it doesn't ask which one signs out.
    let login = claims.and_then(|mut claims| claims.remove("login_hint"));
    let back = desk.links.external_signed_out(&connection.id.to_string());
    let mut query = url.query_pairs_mut();
    query.append_pair("client_id", &connection.client_id);
    query.append_pair("post_logout_redirect_uri", &back);
    query.append_pair("state", state);
    if let Some(token) = token.filter(|token| token.len() <= LONGEST_HINT) {
        query.append_pair("id_token_hint", token);
    }
    if let Some(login) = login.as_ref().and_then(|login| login.as_str()) {
        query.append_pair("logout_hint", login);
    }
    drop(query);
    Some(Exit {
        provider: connection.name.clone(),
        url,
    })
}
