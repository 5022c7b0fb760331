//! The sessions that one browser holds: one per identity store, so that an administrator who tries an invitation out stays an
//! administrator.
//!
//! The cookie is their tokens in a row; each is worth what the database says.

use chrono::{DateTime, Utc};

use super::{Session, Started, store};
use crate::db::Db;
use crate::identity::StoreId;
use crate::kit::{Internal, Secret};

/// More stores than anybody uses in one browser would make the cookie big.
const MOST: usize = 3;

/// What stands between two tokens; they are base64url.
const BETWEEN: char = '.';

/// Sessions with their tokens, the latest first.
#[derive(Debug, Clone, Default)]
pub struct Held(Vec<(Session, Secret)>);

impl Held {
    /// Reads a cookie: what is neither ended nor expired, and of people who may sign in.
    pub async fn read(db: &Db, cookie: &Secret, now: DateTime<Utc>) -> Result<Self, Internal> {
        let tokens: Vec<Secret> = cookie
            .reveal()
            .split(BETWEEN)
            .take(MOST)
            .map(Secret::new)
            .collect();
        let hashes = std::array::from_fn(|at| {
            let token = tokens.get(at).or(tokens.first());
            token.map(Secret::digest).unwrap_or_default()
        });
        let sessions = db
            .read(async |tx| store::find(tx, hashes, now).await)
            .await?;
        let with_token = |token: Secret| {
            let hash = token.digest();
            let found = sessions.iter().find(|(of, _)| *of == hash);
            found.map(|(_, session)| (session.clone(), token))
        };
        Ok(Self(tokens.into_iter().filter_map(with_token).collect()))
    }

    /// Who is signed in among the people of this store.
    #[must_use]
    pub fn in_store(&self, store: StoreId) -> Option<&Session> {
        self.iter().find(|session| session.store == store)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.0.iter().map(|(session, _)| session)
    }

    /// The cookie once this session has begun: it takes the place of its store's former one.
    #[must_use]
    pub fn with(&self, started: &Started) -> Secret {
        let store = started.session.store;
        let others = self.0.iter().filter(|(session, _)| session.store != store);
        let tokens = [&started.token]
            .into_iter()
            .chain(others.map(|(_, token)| token));
        join(tokens.take(MOST))
    }

    /// The cookie once the sessions of these stores have ended; `None` if nothing is left.
    #[must_use]
    pub fn without(&self, stores: &[StoreId]) -> Option<Secret> {
        let others = self
            .0
            .iter()
            .filter(|(session, _)| !stores.contains(&session.store));
        let cookie = join(others.map(|(_, token)| token));
        Some(cookie).filter(|cookie| !cookie.reveal().is_empty())
    }
}

fn join<'a>(tokens: impl Iterator<Item = &'a Secret>) -> Secret {
    let tokens: Vec<&str> = tokens.map(Secret::reveal).collect();
    Secret::new(tokens.join(&BETWEEN.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::{Clock, Moment};
    use crate::session::Methods;

    fn started(moment: &Moment, store: StoreId) -> Started {
        let session = Session {
            id: moment.id(),
            identity: moment.id(),
            store,
            methods: Methods::password(),
            authenticated_at: moment.now,
            began_at: moment.now,
            expires_at: moment.now,
        };
        Started {
            session,
            token: moment.token(),
        }
    }

    #[test]
    fn a_browser_holds_one_session_per_store() {
        let moment = Clock::system().moment();
        let mut held = Held::default();
        let stores: Vec<StoreId> = (0..4).map(|_| moment.id()).collect();
        for store in [0, 1, 2, 1, 3].map(|at: usize| stores[at]) {
            let begun = started(&moment, store);
            let cookie = held.with(&begun);
            held.0.retain(|(session, _)| session.store != store);
            held.0.insert(0, (begun.session, begun.token));
            held.0.truncate(MOST);
            let tokens: Vec<_> = held.0.iter().map(|(_, token)| token.reveal()).collect();
            assert_eq!(cookie.reveal(), tokens.join("."));
        }
        assert_eq!(
            held.iter().map(|it| it.store).collect::<Vec<_>>(),
            [stores[3], stores[1], stores[2]]
        );
        assert_eq!(
            held.without(&stores[1..2])
                .unwrap()
                .reveal()
                .split('.')
                .count(),
            2
        );
        assert!(held.without(&stores).is_none());
        assert!(Held::default().without(&stores[1..2]).is_none());
    }
}
