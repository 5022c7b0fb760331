//! A flow: what somebody is on the way to, carried sealed in the pages' addresses and forms.
//!
//! Nothing about it is stored, so that strangers write nothing to the database. It is bound to the browser it began in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Session, SessionId};
use crate::application::ApplicationId;
use crate::keys::Sealer;
use crate::kit::{Id, Internal, Moment, kinds};

/// What flows are sealed for.
const SEALED_AS: &str = "flow";
/// Long enough to find a letter and come back, also tomorrow morning.
const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// A session that began longer ago proves too little for giving an account another way in.
const RECENT: TimeDelta = TimeDelta::minutes(15);
/// Longer ones don't fit into an address that every browser and proxy takes.
const LONGEST: usize = 16_384;

/// Somebody's way to an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub begun: DateTime<Utc>,
    /// The digest of the cookie of the browser in which it began.
    #[serde(with = "base64_bytes")]
    pub browser: Vec<u8>,
    pub application: ApplicationId,
    pub destination: Destination,
    /// What the person is about to accept; it survives sign-in, recovery and late returns (R130).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationRef>,
    /// Pre-fills the sign-in page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Wanted languages, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<String>,
    /// What the person answered on the way.
    #[serde(default)]
    pub account: Account,
    /// The sign-in at a provider that brought somebody who has no account here yet, or not one that is linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<Id<kinds::ExternalSignIn>>,
}

/// Where a flow ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Back at the client, with an answer to its authorization request.
    Authorization { parameters: Vec<(String, String)> },
    /// Where people land who come by themselves (R127).
    Application,
    /// The page about one's own account.
    Account,
}

/// An invitation, and which of its links is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationRef {
    pub id: Id<kinds::Invitation>,
    pub version: i64,
}

/// Which account goes on, as far as the person was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    #[default]
    NotAsked,
    /// The account of this session.
    Chosen(SessionId),
    /// Another one than this session's.
    Another(SessionId),
}

/// Why a flow can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAFlow {
    /// Damaged, forged, or sealed under another master key.
    Unreadable,
    Expired,
}

impl Flow {
    /// A way to an application that begins now in this browser.
    #[must_use]
    pub fn begin(
        moment: &Moment,
        browser: Vec<u8>,
        application: ApplicationId,
        destination: Destination,
    ) -> Self {
        Self {
            begun: moment.now,
            browser,
            application,
            destination,
            invitation: None,
            login_hint: None,
            locales: Vec::new(),
            account: Account::NotAsked,
            external: None,
        }
    }

    /// The text that travels.
    pub fn seal(&self, sealer: &Sealer, moment: &Moment) -> Result<String, Internal> {
        let bytes = sealer.seal(SEALED_AS, &serde_json::to_vec(self)?, moment)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads what travelled. Whether it began in this browser is for `is_of` to say.
    pub fn open(sealer: &Sealer, text: &str, now: DateTime<Utc>) -> Result<Self, NotAFlow> {
        if text.len() > LONGEST {
            return Err(NotAFlow::Unreadable);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| NotAFlow::Unreadable)?;
        let plain = sealer
            .open(SEALED_AS, &bytes)
            .map_err(|_| NotAFlow::Unreadable)?;
        let flow: Self = serde_json::from_slice(&plain).map_err(|_| NotAFlow::Unreadable)?;
        if now >= flow.begun + LIFETIME {
            return Err(NotAFlow::Expired);
        }
        Ok(flow)
    }

    /// Whether it began in the browser with this cookie digest. In another browser a flow is somebody else's.
    #[must_use]
    pub fn is_of(&self, browser: &[u8]) -> bool {
        self.browser == browser
    }

    /// The same way in another browser, to which the person has carried a mailed link: the invitation goes along; the
    /// client's answer doesn't, since the client knows only the first browser.
    #[must_use]
    pub fn moved_to(self, browser: Vec<u8>, now: DateTime<Utc>) -> Self {
        if self.is_of(&browser) {
            return self;
        }
        Self {
            begun: now,
            browser,
            destination: Destination::Application,
            account: Account::NotAsked,
            external: None,
            ..self
        }
    }

    /// Whether this session may go on, as far as the person was asked to choose.
    #[must_use]
    pub fn accepts(&self, session: &Session) -> bool {
        match self.account {
            Account::Another(than) => session.id != than,
            Account::NotAsked | Account::Chosen(_) => true,
        }
    }

    /// Whether the person has signed in on this very way; an external provider may have known them longer.
    #[must_use]
    pub fn has_seen_begin(&self, session: &Session) -> bool {
        session.began_at >= self.begun
    }

    /// Whether the person is here to give this session's account another way in.
    #[must_use]
    pub fn connects(&self, session: &Session) -> bool {
        self.destination == Destination::Account && self.account == Account::Chosen(session.id)
    }

    /// Whether an account at a provider may become a way into this session's account: chosen or signed in to on this way, and
    /// proven so lately that the person still sits there (a provider that lets a browser pass has seen nobody).
    #[must_use]
    pub fn may_link(&self, session: &Session, now: DateTime<Utc>) -> bool {
        let proven_at = session.began_at.min(session.authenticated_at);
        self.accepts(session) && self.has_chosen(session) && now - proven_at <= RECENT
    }

    /// Whether the person has chosen this session's account, or signed in with it on this way.
    #[must_use]
    pub fn has_chosen(&self, session: &Session) -> bool {
        self.account == Account::Chosen(session.id) || self.has_seen_begin(session)
    }
}

mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MasterKey;
    use crate::kit::{Clock, ManualClock, Secret};

    fn sealer(text: &str) -> Sealer {
        Sealer::new(&MasterKey::given(&Secret::new(text)).unwrap()).unwrap()
    }

    fn flow(moment: &Moment) -> Flow {
        let parameters = vec![
            ("client_id".to_owned(), "cli_1".to_owned()),
            ("state".to_owned(), "ü&=".to_owned()),
        ];
        let invitation = InvitationRef {
            id: moment.id(),
            version: 3,
        };
        Flow {
            invitation: Some(invitation),
            ..Flow::begin(
                moment,
                vec![1, 2, 3],
                moment.id(),
                Destination::Authorization { parameters },
            )
        }
    }

    #[test]
    fn a_flow_opens_for_a_day_under_its_own_key() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH + TimeDelta::days(20_000), 3);
        let moment = Clock::manual(&clock).moment();
        let (ours, theirs) = (sealer(&"a".repeat(32)), sealer(&"b".repeat(32)));
        let flow = flow(&moment);
        let sealed = flow.seal(&ours, &moment).unwrap();
        let open = |sealer, text: &str, after| Flow::open(sealer, text, moment.now + after);
        assert_eq!(
            open(&ours, &sealed, LIFETIME - TimeDelta::seconds(1)),
            Ok(flow)
        );
        assert_eq!(open(&ours, &sealed, LIFETIME), Err(NotAFlow::Expired));
        assert_eq!(
            open(&theirs, &sealed, TimeDelta::zero()),
            Err(NotAFlow::Unreadable)
        );
        let (mut changed, last) = (sealed.clone(), sealed.len() - 1);
        changed.replace_range(last.., if sealed.ends_with('A') { "B" } else { "A" });
        for text in ["", "x", "ü", &changed, &sealed.repeat(100)] {
            assert_eq!(
                open(&ours, text, TimeDelta::zero()),
                Err(NotAFlow::Unreadable)
            );
        }
    }

    /// R130: the invitation goes along into another browser; the client's answer doesn't.
    #[test]
    fn r130_a_flow_moves_with_its_invitation() {
        let clock = ManualClock::new(DateTime::UNIX_EPOCH, 3);
        let flow = flow(&Clock::manual(&clock).moment());
        assert_eq!(flow.clone().moved_to(vec![1, 2, 3], flow.begun), flow);
        let moved = flow.clone().moved_to(vec![9], flow.begun);
        assert_eq!(
            (moved.invitation, moved.destination),
            (flow.invitation, Destination::Application)
        );
        assert!(moved.browser == [9] && !flow.is_of(&moved.browser));
    }
}
