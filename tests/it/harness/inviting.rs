//! Inviting through the use case, for tests that are about what comes after.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use usher::event::Actor;
use usher::group::GroupId;
use usher::identity::{self, IdentifierKind, Identity, IdentityStore, Profile};
use usher::invitation::{
    self, Appoints, DEFAULT_LIFETIME, Invitation, InvitationId, Inviter, NewInvitation, Refused,
    Sending, issue,
};
use usher::kit::{Failed, Internal};
use usher::web::Locale;

use super::{RelyingParty, TestApp};

/// An invitation into an application, with nothing but an address.
pub(crate) fn invitation(into: &RelyingParty, email: &str) -> Wish {
    Wish(NewInvitation {
        store: into.store,
        application: into.application,
        email: email.parse().unwrap(),
        groups: Vec::new(),
        profile: Profile::default(),
        attributes: BTreeMap::new(),
        locale: Locale::choose(["en"]),
        message: None,
        lifetime: DEFAULT_LIFETIME,
        sending: Sending::Letter,
    })
}

/// What an administrator is going to ask for.
#[derive(Clone)]
pub(crate) struct Wish(pub(crate) NewInvitation);

impl Wish {
    pub(crate) fn with_profile(mut self, fields: &[(&str, &str)]) -> Self {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.0.profile = Profile::parse(fields.collect()).unwrap();
        self
    }

    pub(crate) fn with_groups(mut self, groups: &[GroupId]) -> Self {
        self.0.groups = groups.to_vec();
        self
    }

    pub(crate) fn lasting(mut self, lifetime: TimeDelta) -> Self {
        self.0.lifetime = lifetime;
        self
    }
}

impl TestApp {
    pub(crate) async fn tries_to_issue(&self, wish: Wish) -> Result<Invitation, Failed<Refused>> {
        let (moment, catalogue) = (self.app.moment(), self.app.catalogue.current());
        let desk = self.app.desk(&catalogue);
        let inviter = Inviter {
            name: "Ada Lovelace".to_owned(),
            actor: Actor::System,
            email: Some("ada@northwind.example".parse().unwrap()),
        };
        let issued = self.app.db.write(async |tx| {
            issue::issue(tx, &desk, &moment, (inviter, Appoints::Nobody), wish.0).await
        });
        Ok(issued.await?.invitation)
    }

    pub(crate) async fn issues(&self, wish: Wish) -> Invitation {
        self.tries_to_issue(wish).await.unwrap()
    }

    pub(crate) async fn status_of(&self, id: InvitationId) -> &'static str {
        let now = self.app.moment().now;
        let found: Result<Option<Invitation>, Internal> = self
            .app
            .db
            .read(async |tx| invitation::find(tx, id, now).await)
            .await;
        found.unwrap().unwrap().stage.status().as_str()
    }

    pub(crate) async fn identity_of(&self, store: &IdentityStore, email: &str) -> Option<Identity> {
        let key = email.to_lowercase();
        let found: Result<_, Internal> = self
            .app
            .db
            .read(async |tx| {
                identity::find_by_identifier(tx, store.id, (IdentifierKind::Email, &key)).await
            })
            .await;
        found.unwrap()
    }
}
