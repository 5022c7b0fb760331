//! `id_token_hint`: an ID token of ours that a client shows again, to say whom and which session it means.
//!
//! It may have expired long ago; it is never a proof of who is calling.

use serde::Deserialize;

use crate::app::App;
use crate::application::{Client, ClientId};
use crate::keys::TokenKind;
use crate::kit::Moment;

pub(super) struct Hint {
    pub(super) subject: String,
    client: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
}

/// `None`: it isn't ours, or was changed.
pub(super) fn read(app: &App, moment: &Moment, token: &str) -> Option<Hint> {
    let kind = TokenKind::IdToken;
    let claims: Claims = app.keys.verify_expired_too(kind, token, moment).ok()?;
    (claims.iss == app.links.issuer()).then_some(Hint {
        subject: claims.sub,
        client: claims.aud,
    })
}

impl Hint {
    /// Whom it was issued to.
    pub(super) fn client(&self) -> Option<ClientId> {
        self.client.parse().ok()
    }

    pub(super) fn is_for(&self, client: &Client) -> bool {
        self.client() == Some(client.id)
    }
}
