//! Forgotten passwords: a link by mail, good for one hour and one change.
//!
//! Asking tells nobody whether an account exists; opening the link changes nothing (R128).

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::flow::Flow;
use super::known::Named;
use super::throttle::{Attempts, Budget, Counter};
use super::{Methods, NewSession, Started, begin, end_all, store};
use crate::application::Application;
use crate::db::{Db, Tx};
use crate::event::{self, Actor, Kind};
use crate::identity::password::{self, Hasher, NotTaken};
use crate::identity::{self, Identity, IdentityId, NewPassword, Status};
use crate::keys::Sealer;
use crate::kit::{Because, Failed, FieldProblem, Internal, Moment, Refusal, Secret};
use crate::mail::{self, Envelope, PasswordChangedLetter, RecoveryLetter};
use crate::web::{Links, Locale};

/// How long a link is good for.
pub const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// Letters an account gets within the time that a link is good for. Whoever uses them up has sent the owner as many good links.
const LETTERS: Budget = Budget {
    failures: 3,
    window: LIFETIME,
};
/// What one address may ask for, whatever the account.
const ASKED: Budget = Budget {
    failures: 30,
    window: LIFETIME,
};

/// What recovery needs.
pub struct Desk<'a> {
    pub db: &'a Db,
    pub sealer: &'a Sealer,
    pub links: &'a Links,
    pub hasher: &'a Hasher,
    pub attempts: &'a Attempts,
}

/// Somebody says that they forgot the password of an account.
pub struct Asking<'a> {
    pub application: &'a Application,
    pub username: &'a str,
    /// Where they were going, sealed.
    pub flow: &'a str,
    pub address: IpAddr,
    pub locale: &'a Locale,
}

/// Sends a link to the account's proven address, if there is such an account. The answer is the same in any case. Gives back
/// a person who has no password: they may have another way in, which is not known here.
pub async fn ask(
    desk: &Desk<'_>,
    moment: &Moment,
    asking: &Asking<'_>,
) -> Result<Option<Identity>, Internal> {
    let store = asking.application.store;
    let named = Named::new(store, asking.username);
    let address = asking.address.to_string();
    let counters = vec![
        Counter::new("recovery of an account", &[named.as_bytes()], LETTERS),
        Counter::new("recovery from an address", &[address.as_bytes()], ASKED),
    ];
    let counted = desk.db.write(async |tx| {
        let Ok(attempt) = desk.attempts.begin(tx, moment.now, counters).await? else {
            return Ok(None);
        };
        let counted = attempt.failed(tx, moment).await?;
        let person = match identity::recognise(asking.username) {
            Some((kind, key)) => identity::find_by_identifier(tx, store, (kind, &key)).await?,
            None => None,
        };
        let Some(person) = person.filter(|person| person.status == Status::Active) else {
            return Ok(Some((counted, None)));
        };
        if !password::exists(tx, person.id).await? {
            return Ok(Some((counted, Some(person))));
        }
        write_letter(tx, desk, moment, asking, &person).await?;
        Ok::<_, Internal>(Some((counted, None)))
    });
    Ok(counted.await?.and_then(|(_, person)| person))
}

/// Writes the letter with the link, where the application takes passwords.
pub async fn write_letter(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    asking: &Asking<'_>,
    person: &Identity,
) -> Result<(), Internal> {
    let Some(recipient) = person.proven_address() else {
        return Ok(());
    };
    if !asking.application.policy.allows_local() {
        return Ok(());
    }
    let token = issue(tx, moment, person.id, asking.flow).await?;
    let letter = RecoveryLetter {
        application: asking.application.name.clone(),
        accent: asking.application.accent.clone(),
        link: desk.links.reset_password(token.reveal()),
        expires_at: moment.now + LIFETIME,
    };
    let envelope = Envelope {
        recipient: &recipient,
        locale: asking.locale,
        invitation: None,
    };
    mail::enqueue(tx, desk.sealer, moment, envelope, &letter).await?;
    let asked =
        Kind::RecoveryRequested.about(person.id, json!({ "application": asking.application.id }));
    event::record(tx, moment, &Actor::Anonymous, asked).await?;
    Ok(())
}

/// Makes a link's secret, for a letter or for a password that has to be changed.
pub(super) async fn issue(
    tx: &mut Tx,
    moment: &Moment,
    identity: IdentityId,
    flow: &str,
) -> Result<Secret, Internal> {
    let token = moment.token();
    let row = store::RecoveryRow {
        identity_id: identity,
        flow_sealed: flow.to_owned(),
        expires_at: moment.now + LIFETIME,
        used_at: None,
    };
    store::insert_recovery(tx, token.digest(), row, moment.now).await?;
    Ok(token)
}

/// What a good link opens.
pub struct Opened {
    pub person: Identity,
    pub flow: Flow,
}

/// What is known about a link.
pub enum Link {
    Good(Box<Opened>),
    /// Used or too old; the way on which it was asked for.
    Over(Box<Flow>),
    /// Never one of ours, or so old that nothing about it is kept.
    Unknown,
}

/// Looks at a link and changes nothing.
pub async fn open(desk: &Desk<'_>, now: DateTime<Utc>, token: &Secret) -> Result<Link, Internal> {
    desk.db
        .read(async |tx| {
            let Some(row) = store::find_recovery(tx, token.digest()).await? else {
                return Ok(Link::Unknown);
            };
            let Ok(flow) = Flow::open(desk.sealer, &row.flow_sealed, now) else {
                return Ok(Link::Unknown);
            };
            let person = identity::find(tx, row.identity_id).await?;
            let good = row.used_at.is_none() && row.expires_at > now;
            let person = person.filter(|person| good && person.status == Status::Active);
            Ok(match person {
                Some(person) => Link::Good(Box::new(Opened { person, flow })),
                None => Link::Over(Box::new(flow)),
            })
        })
        .await
}

/// Why a password stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Used, too old, or never one of ours.
    LinkOver,
    NotTaken(NotTaken),
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::LinkOver => Because::Gone,
            Self::NotTaken(not) => not.because(),
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::LinkOver => None,
            Self::NotTaken(not) => not.retry_after_seconds(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::LinkOver => "recovery_link_over",
            Self::NotTaken(not) => not.code(),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::LinkOver => {
                "This link was used already or is older than an hour. Your password is unchanged: ask for a new link."
                    .to_owned()
            }
            Self::NotTaken(not) => not.sentence(),
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        match self {
            Self::LinkOver => Vec::new(),
            Self::NotTaken(not) => not.fields(),
        }
    }
}

/// Somebody chooses a new password.
pub struct Resetting<'a> {
    pub token: &'a Secret,
    pub password: &'a Secret,
    pub application: &'a Application,
    pub locale: &'a Locale,
    pub lifetime: TimeDelta,
}

/// Sets the password, ends every other session, tells the owner by mail, and signs this browser in.
pub async fn reset(
    desk: &Desk<'_>,
    moment: &Moment,
    opened: &Opened,
    resetting: &Resetting<'_>,
) -> Result<Started, Failed<Refused>> {
    let words = own_words(&opened.person, resetting.application);
    let hash = desk.hasher.choose(resetting.password, words, moment).await;
    let hash = hash.map_err(|failed| match failed {
        Failed::Refused(not) => Failed::Refused(Refused::NotTaken(not)),
        Failed::Internal(internal) => Failed::Internal(internal),
    })?;
    let person = &opened.person;
    let actor = Actor::Identity(person.id);
    desk.db
        .write(async |tx| {
            if store::use_recovery(tx, resetting.token.digest(), moment.now).await? == 0 {
                return Err(Failed::Refused(Refused::LinkOver));
            }
            password::set(tx, moment, &actor, person.id, &NewPassword::Own(hash)).await?;
            store::void_recoveries(tx, person.id, moment.now).await?;
            end_all(tx, moment, &actor, person.id).await?;
            tell_owner(tx, desk, moment, person, resetting).await?;
            let (identity, store, methods) = (person.id, person.store, Methods::password());
            let new = NewSession {
                identity,
                store,
                methods,
                authenticated_at: None,
                origin: None,
                lifetime: resetting.lifetime,
            };
            Ok(begin(tx, moment, new).await?)
        })
        .await
}

/// What a password must not be made of.
fn own_words(person: &Identity, application: &Application) -> Vec<String> {
    let identifiers = person
        .identifiers
        .iter()
        .map(|identifier| identifier.value.clone());
    let profile = person.profile.iter().map(|(_, value)| value.to_owned());
    identifiers
        .chain([application.name.clone()])
        .chain(profile)
        .collect()
}

async fn tell_owner(
    tx: &mut Tx,
    desk: &Desk<'_>,
    moment: &Moment,
    person: &Identity,
    resetting: &Resetting<'_>,
) -> Result<(), Internal> {
    let Some(recipient) = person.proven_address() else {
        return Ok(());
    };
    let application = resetting.application;
    let letter = PasswordChangedLetter {
        application: application.name.clone(),
        accent: application.accent.clone(),
        at: moment.now,
        recovery_page: desk
            .links
            .forgotten_password_of(&application.id.to_string()),
    };
    let envelope = Envelope {
        recipient: &recipient,
        locale: resetting.locale,
        invitation: None,
    };
    mail::enqueue(tx, desk.sealer, moment, envelope, &letter).await?;
    Ok(())
}
