//! With what a person signs in: a password, accounts at providers; one comes, one goes, and the owner hears of it.
//!
//! Whoever adds one has seen both accounts proven. Passwords themselves are `identity`'s.

use serde_json::json;

use super::store::link as store;
use super::{AccountKey, ExternalIdentity, LinkRefused, LinkedAccount, link};
use crate::application::Application;
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::identity::{self, Identity, IdentityId, password};
use crate::keys::Sealer;
use crate::kit::{Because, Failed, Internal, Moment, Refusal};
use crate::mail::{self, Envelope, SignInMethodAddedLetter, SignInMethodRemovedLetter};
use crate::mail::{Letter, SignInMethodsLetter};
use crate::session::{self, Session, Which};
use crate::web::Locale;

/// Everything with which a person signs in.
#[derive(Debug, Clone)]
pub struct Methods {
    pub password: bool,
    pub accounts: Vec<LinkedAccount>,
}

impl Methods {
    /// Whether something is left to sign in with when this account goes. What leads through a connection that is switched off
    /// doesn't count.
    #[must_use]
    pub fn can_lose(&self, key: &AccountKey) -> bool {
        let others = || self.accounts.iter().filter(|account| account.key != *key);
        self.password || others().any(|account| account.usable)
    }
}

/// How the owner hears of a change.
pub struct Telling<'a> {
    pub sealer: &'a Sealer,
    /// As whose letter.
    pub application: &'a Application,
    pub locale: &'a Locale,
    /// Where the owner sees what they sign in with.
    pub account_page: &'a str,
}

/// Why an account stays linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnlinkRefused {
    /// Nothing would be left to sign in with (checklist BR-05).
    LastMethod,
    /// It isn't linked, or not any more.
    NotLinked,
}

impl Refusal for UnlinkRefused {
    fn because(&self) -> Because {
        match self {
            Self::LastMethod => Because::Conflict,
            Self::NotLinked => Because::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::LastMethod => "last_sign_in_method",
            Self::NotLinked => "account_not_linked",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::LastMethod => {
                "This is the only thing you can sign in with. Connect another account first."
                    .to_owned()
            }
            Self::NotLinked => "This account isn’t connected any more.".to_owned(),
        }
    }
}

pub async fn of(tx: &mut Tx, identity: IdentityId) -> Result<Methods, Internal> {
    Ok(Methods {
        password: password::exists(tx, identity).await?,
        accounts: link::of(tx, identity).await?,
    })
}

/// A person who has just signed in gets one more way to do so.
pub async fn connect(
    tx: &mut Tx,
    moment: &Moment,
    telling: &Telling<'_>,
    (person, external): (&Identity, &ExternalIdentity),
    connection_name: &str,
) -> Result<(), Failed<LinkRefused>> {
    link::link(tx, moment, person.store, person.id, external).await?;
    let letter = SignInMethodAddedLetter {
        application: telling.application.name.clone(),
        accent: telling.application.accent.clone(),
        connection: connection_name.to_owned(),
        label: external.label.clone(),
        at: moment.now,
        account_page: telling.account_page.to_owned(),
    };
    tell(tx, moment, telling, person, &letter).await?;
    Ok(())
}

/// A person stops signing in with an account; the sessions that came from it end, but for the one in which it is said. Of two who take the last two away at once, the second finds only one left.
pub async fn disconnect(
    tx: &mut Tx,
    moment: &Moment,
    telling: &Telling<'_>,
    (session, key): (&Session, &AccountKey),
) -> Result<(), Failed<UnlinkRefused>> {
    let identity = session.identity;
    identity::hold(tx, identity).await?;
    let methods = of(tx, identity).await?;
    let gone = methods.accounts.iter().find(|account| account.key == *key);
    let gone = gone.ok_or(Failed::Refused(UnlinkRefused::NotLinked))?;
    if !methods.can_lose(key) {
        return Err(Failed::Refused(UnlinkRefused::LastMethod));
    }
    if store::delete(tx, identity, key).await? == 0 {
        return Err(Failed::Refused(UnlinkRefused::NotLinked));
    }
    let data = json!({
        "connection": gone.connection, "namespace": key.namespace, "subject": key.subject, "label": gone.label,
    });
    let happening = Kind::IdentityAccountUnlinked.about(identity, data);
    event::record(tx, moment, &Actor::Identity(identity), happening).await?;
    end_sessions(tx, moment, session, gone).await?;
    let Some(person) = identity::find(tx, identity).await? else {
        return Ok(());
    };
    let letter = SignInMethodRemovedLetter {
        application: telling.application.name.clone(),
        accent: telling.application.accent.clone(),
        connection: gone.connection_name.clone(),
        label: gone.label.clone(),
        at: moment.now,
        account_page: telling.account_page.to_owned(),
    };
    tell(tx, moment, telling, &person, &letter).await?;
    Ok(())
}

async fn end_sessions(
    tx: &mut Tx,
    moment: &Moment,
    session: &Session,
    gone: &LinkedAccount,
) -> Result<(), Internal> {
    let which = Which::Subject {
        namespace: gone.key.namespace.clone(),
        subject: gone.key.subject.clone(),
    };
    let mut came = session::from_upstream(tx, gone.connection, which).await?;
    came.retain(|(id, identity)| *id != session.id && *identity == session.identity);
    let actor = Actor::Identity(session.identity);
    session::end_each(tx, moment, &actor, came).await?;
    Ok(())
}

/// Somebody asked for a new password of an account that has none: its owner reads with what they sign in. Tells whether there
/// is anything to read; where there isn't, the owner needs a way in.
pub async fn remind(
    tx: &mut Tx,
    moment: &Moment,
    telling: &Telling<'_>,
    person: &Identity,
) -> Result<bool, Internal> {
    let usable = link::of(tx, person.id).await?;
    let usable = usable.into_iter().filter(|account| account.usable);
    let accounts: Vec<(String, String)> = usable
        .map(|account| (account.connection_name, account.label))
        .collect();
    if accounts.is_empty() {
        return Ok(false);
    }
    let letter = SignInMethodsLetter {
        application: telling.application.name.clone(),
        accent: telling.application.accent.clone(),
        accounts,
        account_page: telling.account_page.to_owned(),
    };
    tell(tx, moment, telling, person, &letter).await?;
    Ok(true)
}

/// Only a proven address is told: another may be a stranger's.
async fn tell<L: Letter>(
    tx: &mut Tx,
    moment: &Moment,
    telling: &Telling<'_>,
    person: &Identity,
    letter: &L,
) -> Result<(), Internal> {
    let Some(recipient) = person.proven_address() else {
        return Ok(());
    };
    let envelope = Envelope {
        recipient: &recipient,
        locale: telling.locale,
        invitation: None,
    };
    mail::enqueue(tx, telling.sealer, moment, envelope, letter).await?;
    Ok(())
}
