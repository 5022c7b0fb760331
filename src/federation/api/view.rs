//! What the management API says and reads of connections. Nothing here can hold a secret on its way out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use crate::federation::{
    Connection, ConnectionDraft, ConnectionId, Health, Known, Mapping, Provider, Settings,
    TokenAuthentication, Undescribed,
};
use crate::kit::{Moment, Secret};
use crate::web::Links;

/// An identity provider at which people may sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Connection)]
pub struct ConnectionView {
    pub id: ConnectionId,
    pub name: String,
    pub provider: Provider,
    scopes: Vec<String>,
    pub domains: Vec<String>,
    mapping: Mapping,
    trusted_methods: Vec<String>,
    client_id: String,
    /// Whether one is stored. It is never shown.
    has_client_secret: bool,
    pub client_secret_expires_at: Option<DateTime<Utc>>,
    pub enabled: bool,
    /// To be registered at the provider, exactly like this.
    pub redirect_uri: String,
    health: Option<Health>,
    created_at: DateTime<Utc>,
}

impl ConnectionView {
    pub(super) fn of(connection: Connection, health: Option<Health>, links: &Links) -> Self {
        Self {
            id: connection.id,
            name: connection.name,
            provider: connection.settings.provider,
            scopes: connection.settings.scopes,
            domains: connection.settings.domains,
            mapping: connection.settings.mapping,
            trusted_methods: connection.settings.trusted_methods,
            client_id: connection.client_id,
            has_client_secret: connection.secret_sealed.is_some(),
            client_secret_expires_at: connection.secret_expires_at,
            enabled: connection.enabled,
            redirect_uri: links.external_callback(&connection.id.to_string()),
            health,
            created_at: connection.created_at,
        }
    }
}

/// Every connection; there are few.
#[derive(Serialize, ToSchema)]
#[schema(as = Connections)]
pub(super) struct AllConnections {
    pub(super) items: Vec<ConnectionView>,
}

/// A connection as written.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionBody {
    /// As the button says.
    #[schema(max_length = 60, example = "Contoso")]
    name: String,
    provider: Provider,
    /// Beyond those that signing in needs.
    #[serde(default)]
    scopes: Vec<String>,
    /// People with addresses of these domains are led here. A domain belongs to one connection.
    #[serde(default)]
    domains: Vec<String>,
    /// Claims into profile fields and groups.
    #[serde(default)]
    mapping: Mapping,
    /// Values of `amr` that are passed on to applications.
    #[serde(default)]
    trusted_methods: Vec<String>,
    client_id: String,
    /// Stored sealed, never shown. When changing: absent, and the stored one stays.
    #[serde(default, serialize_with = "digest")]
    #[schema(value_type = Option<String>, write_only)]
    client_secret: Option<Secret>,
    /// Administrators are warned 30, 7 and 1 days before.
    client_secret_expires_at: Option<DateTime<Utc>>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

/// Requests are told apart by what they hold; the secret itself is written nowhere.
#[expect(clippy::ref_option, reason = "serde hands fields over like this")]
fn digest<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::digest).serialize(serializer)
}

impl From<ConnectionBody> for ConnectionDraft {
    fn from(body: ConnectionBody) -> Self {
        Self {
            name: body.name,
            settings: Settings {
                provider: body.provider,
                scopes: body.scopes,
                domains: body.domains,
                mapping: body.mapping,
                trusted_methods: body.trusted_methods,
            },
            client_id: body.client_id,
            secret: body.client_secret,
            secret_expires_at: body.client_secret_expires_at,
            enabled: body.enabled,
        }
    }
}

/// Somebody's claims, to see what becomes of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleBody {
    /// An ID token, or its claims as a JSON object.
    sample: Value,
}

impl SampleBody {
    pub(super) fn text(&self) -> String {
        match &self.sample {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// What a provider says of itself now, and what is known of our credentials there.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestReport {
    /// Whether the provider is there and is who it should be. Says nothing of the secret.
    pub ok: bool,
    /// What was found and what was expected.
    pub problem: Option<String>,
    pub issuer: Option<String>,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub secret: SecretState,
    /// The same for people.
    pub secret_detail: &'static str,
    pub health: Health,
    /// To be registered at the provider, exactly like this.
    pub redirect_uri: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    NotNeeded,
    Expired,
    /// What stopped somebody last is ours to mend; it may be the secret.
    Doubtful,
    Proven,
    Unproven,
}

impl SecretState {
    fn of(connection: &Connection, health: &Health, moment: &Moment) -> Self {
        let quirks = connection.settings.provider.connector().quirks();
        if quirks.token_authentication == TokenAuthentication::None {
            return Self::NotNeeded;
        }
        if connection
            .secret_expires_at
            .is_some_and(|at| at <= moment.now)
        {
            return Self::Expired;
        }
        match (&health.trouble, health.proven_at) {
            (Some(_), _) => Self::Doubtful,
            (None, Some(_)) => Self::Proven,
            (None, None) => Self::Unproven,
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::NotNeeded => "This connection signs in without a secret.",
            Self::Expired => {
                "The secret has expired by its date. Make a new one at the provider and save it."
            }
            Self::Doubtful => {
                "The last sign-in was stopped by something that is ours to mend; see health. It may be the secret."
            }
            Self::Proven => "Somebody has signed in with this secret.",
            Self::Unproven => {
                "Nobody has signed in with this secret yet. Providers can't try one without a person, so the first sign-in proves it."
            }
        }
    }
}

impl TestReport {
    pub(super) fn of(
        connection: &Connection,
        asked: Result<Known, Undescribed>,
        health: &Health,
        moment: &Moment,
        links: &Links,
    ) -> Self {
        let secret = SecretState::of(connection, health, moment);
        let (known, problem) = match asked {
            Ok(known) => (Some(known.metadata), None),
            Err(why) => (None, Some(why.to_string())),
        };
        Self {
            ok: problem.is_none(),
            problem,
            issuer: known.as_ref().map(|it| it.issuer.clone()),
            authorization_endpoint: known.as_ref().map(|it| it.authorization.to_string()),
            token_endpoint: known.as_ref().map(|it| it.token.to_string()),
            secret,
            secret_detail: secret.detail(),
            health: health.clone(),
            redirect_uri: links.external_callback(&connection.id.to_string()),
        }
    }
}
