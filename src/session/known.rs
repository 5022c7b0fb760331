//! The accounts that have signed in in a browser before, carried sealed in a cookie of that browser.
//!
//! Gives nobody access; it only says whose failures are counted apart, so that strangers can't use up a person's attempts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::identity::{StoreId, recognise};
use crate::keys::Sealer;
use crate::kit::{Internal, Moment, Secret, digest};

const SEALED_AS: &str = "known accounts";
/// More accounts than anybody uses in one browser would make the cookie big.
const MOST: usize = 6;

/// An account as somebody named it, whether it exists or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named(String);

impl Named {
    pub(super) fn new(store: StoreId, typed: &str) -> Self {
        let name = match recognise(typed) {
            Some((kind, key)) => format!("{store} {kind} {key}"),
            None => format!("{store} {}", typed.trim().to_lowercase()),
        };
        let short: Vec<u8> = digest(name.as_bytes()).into_iter().take(16).collect();
        Self(URL_SAFE_NO_PAD.encode(short))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What the cookie says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAccounts {
    /// The digest of the browser's own cookie: a copy in another browser says nothing.
    browser: String,
    accounts: Vec<Named>,
}

impl KnownAccounts {
    /// Reads a cookie; what isn't this browser's own knows nobody.
    #[must_use]
    pub fn open(sealer: &Sealer, cookie: Option<&Secret>, browser: &[u8]) -> Self {
        let browser = URL_SAFE_NO_PAD.encode(browser);
        let read = cookie.and_then(|cookie| {
            let bytes = URL_SAFE_NO_PAD.decode(cookie.reveal()).ok()?;
            let plain = sealer.open(SEALED_AS, &bytes).ok()?;
            serde_json::from_slice::<Self>(&plain).ok()
        });
        let own = read.filter(|known| known.browser == browser);
        own.unwrap_or(Self {
            browser,
            accounts: Vec::new(),
        })
    }

    /// What the browser's cookie gets.
    pub fn seal(&self, sealer: &Sealer, moment: &Moment) -> Result<Secret, Internal> {
        let bytes = sealer.seal(SEALED_AS, &serde_json::to_vec(self)?, moment)?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The same with one more account, the latest first.
    #[must_use]
    pub fn with(mut self, store: StoreId, typed: &str) -> Self {
        let named = Named::new(store, typed);
        self.accounts.retain(|account| *account != named);
        self.accounts.insert(0, named);
        self.accounts.truncate(MOST);
        self
    }

    pub(super) fn knows(&self, named: &Named) -> bool {
        self.accounts.contains(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MasterKey;
    use crate::kit::Clock;

    #[test]
    fn a_browser_knows_its_own_accounts_only() {
        let moment = Clock::system().moment();
        let sealer = Sealer::new(&MasterKey::given(&Secret::new("k".repeat(32))).unwrap()).unwrap();
        let (store, other_store): (StoreId, StoreId) = (moment.id(), moment.id());
        let known = KnownAccounts::open(&sealer, None, b"one").with(store, "Ann@Example.com");
        let cookie = known.seal(&sealer, &moment).unwrap();
        let is_known = |browser: &[u8], store, typed| {
            KnownAccounts::open(&sealer, Some(&cookie), browser).knows(&Named::new(store, typed))
        };
        assert!(is_known(b"one", store, " ann@example.COM"));
        assert!(!is_known(b"two", store, "ann@example.com"));
        assert!(!is_known(b"one", other_store, "ann@example.com"));
        assert!(!is_known(b"one", store, "bob@example.com"));
    }

    #[test]
    fn the_cookie_stays_small() {
        let moment = Clock::system().moment();
        let sealer = Sealer::new(&MasterKey::given(&Secret::new("k".repeat(32))).unwrap()).unwrap();
        let store = moment.id();
        let many = (0..100).fold(KnownAccounts::default(), |known, n| {
            known.with(store, &format!("user{n}"))
        });
        assert!(many.seal(&sealer, &moment).unwrap().reveal().len() < 400);
        assert!(
            many.knows(&Named::new(store, "user99")) && !many.knows(&Named::new(store, "user9"))
        );
    }
}
