//! An outbox with its postman, on a database of its own, before a mail server that obeys the test.

mod smtp;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use usher::config::{Config, Sources};
use usher::db::{Db, Tx};
use usher::event::{self, Event};
use usher::job::drain;
use usher::keys::{MasterKey, Sealer};
use usher::kit::{
    Clock, EmailAddress, Id, Internal, ManualClock, Moment, PageRequest, Secret, kinds,
};
use usher::mail::{self, Delivery, Envelope, InvitationLetter, Letter, LetterId, Postman};
use usher::web::Locale;

pub(crate) use smtp::{CERTIFICATE_FILE, Mood, Protection, SmtpServer};

use crate::database::{self, Fresh};

pub(crate) const LINK: &str = "https://id.northwind.example/invitation/s3cr3t-l1nk-0f-grace";
pub(crate) const CODE: &str = "K7QM-42XD";

pub(crate) fn sealer() -> Sealer {
    let master = MasterKey::given(&Secret::new("0123456789 0123456789 0123456789"));
    Sealer::new(&master.unwrap()).unwrap()
}

pub(crate) fn settings(flags: &[(&str, &str)]) -> Config {
    let flags = flags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let sources = Sources {
        flags: flags.collect(),
        ..Sources::default()
    };
    Config::load(&sources).unwrap()
}

/// A post office: outbox, postman and clock.
pub(crate) struct Post {
    pub(crate) database: Fresh,
    pub(crate) time: ManualClock,
    pub(crate) postman: Postman,
    pub(crate) sealer: Sealer,
}

impl Post {
    /// One on each database at hand, before the server.
    pub(crate) async fn each(server: &SmtpServer) -> Vec<Self> {
        let port = server.port.to_string();
        let flags = [
            ("mail.smtp.host", "localhost"),
            ("mail.smtp.port", &port),
            ("mail.smtp.encryption", "none"),
        ];
        Self::each_with(&flags).await
    }

    pub(crate) async fn each_with(flags: &[(&str, &str)]) -> Vec<Self> {
        let fresh = database::each().await.into_iter();
        fresh.map(|database| Self::on(database, flags)).collect()
    }

    fn on(database: Fresh, flags: &[(&str, &str)]) -> Self {
        let time = ManualClock::new(Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap(), 7);
        let postman = Postman::new(&settings(flags), database.db.clone(), sealer()).unwrap();
        Self {
            database,
            time,
            postman,
            sealer: sealer(),
        }
    }

    pub(crate) fn db(&self) -> &Db {
        &self.database.db
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::manual(&self.time)
    }

    pub(crate) fn moment(&self) -> Moment {
        self.clock().moment()
    }

    pub(crate) async fn works(&self) -> usize {
        drain(&self.postman, &self.clock()).await.unwrap()
    }

    pub(crate) fn waits(&self, by: TimeDelta) {
        self.time.advance(by);
    }

    pub(crate) async fn writes<L: Letter>(
        &self,
        to: &str,
        invitation: Option<Id<kinds::Invitation>>,
        letter: &L,
    ) -> LetterId {
        let recipient: EmailAddress = to.parse().unwrap();
        let envelope = Envelope {
            recipient: &recipient,
            locale: &Locale::default(),
            invitation,
        };
        let moment = self.moment();
        let written: Result<_, Internal> = self
            .db()
            .write(async |tx| mail::enqueue(tx, &self.sealer, &moment, envelope, letter).await)
            .await;
        written.unwrap()
    }

    /// Grace's invitation with its letter in the outbox.
    pub(crate) async fn invites_grace(&self) -> (Id<kinds::Invitation>, LetterId) {
        let invitation = self.has_invitation().await;
        let letter = self
            .writes(
                "grace@harborline.example",
                Some(invitation),
                &grace_is_invited(),
            )
            .await;
        (invitation, letter)
    }

    pub(crate) async fn delivery(&self, letter: LetterId) -> Delivery {
        let found: Result<_, Internal> = self
            .db()
            .read(async |tx| mail::delivery(tx, letter).await)
            .await;
        found.unwrap().unwrap()
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let page = PageRequest {
            after: None,
            limit: 200,
        };
        let all = event::Filter::default();
        let events: Result<_, Internal> = self
            .db()
            .read(async |tx| event::list(tx, &all, &page).await)
            .await;
        events.unwrap().items
    }

    /// The smallest row that a letter can belong to.
    async fn has_invitation(&self) -> Id<kinds::Invitation> {
        let id = self.moment().id::<kinds::Invitation>();
        let now = self.moment().now;
        let inserted: Result<(), Internal> = self
            .db()
            .write(async |tx: &mut Tx| insert_invitation(tx, id, now).await)
            .await;
        inserted.unwrap();
        id
    }
}

pub(crate) fn grace_is_invited() -> InvitationLetter {
    InvitationLetter {
        application: "Expense Desk".into(),
        accent: None,
        inviter: "Ada Lovelace at Northwind".into(),
        inviter_email: Some("ada@northwind.example".into()),
        message: None,
        link: LINK.into(),
        code: CODE.into(),
        code_page: "https://id.northwind.example/invitation".into(),
        expires_at: Utc.with_ymd_and_hms(2026, 11, 30, 9, 0, 0).unwrap(),
        details: Some("https://id.northwind.example/console/invitations/inv_1".into()),
    }
}

async fn insert_invitation(
    tx: &mut Tx,
    id: Id<kinds::Invitation>,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    let uuid = id.uuid();
    let name = uuid.to_string();
    for statement in [
        "INSERT INTO identity_store (id, name, identifiers, attributes, created_at, revision) VALUES ($1, $2, '[]', '[]', $3, 1)",
        "INSERT INTO application (id, store_id, name, description, purpose, protocol, policy, created_at, revision)
         VALUES ($1, $1, $2, '', 'product', 'oidc', '{}', $3, 1)",
        "INSERT INTO client (id, application_id, name, settings, created_at, revision) VALUES ($1, $1, $2, '{}', $3, 1)",
        "INSERT INTO invitation (id, store_id, application_id, client_id, email, email_key, inviter, inviter_ref, profile,
             attributes, locale, status, version, jti_hash, code_hash, code_failures, created_at, sent_at, expires_at,
             lifetime_seconds, revision)
         VALUES ($1, $1, $1, $1, $2, $2, '', '', '{}', '{}', 'en', 'pending', 1, '', '', 0, $3, $3, $3, 1, 1)",
    ] {
        tx.sql(statement).bind(uuid).bind(name.clone()).bind(now).run().await?;
    }
    Ok(())
}
