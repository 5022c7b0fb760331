//! What can be odd, broken or hostile about a provider: each a switch.
//!
//! Says only what is asked for; the engine does it.

use serde_json::{Map, Value};

use super::Endpoint;

/// The switches of one simulator. All at rest, it behaves as its provider does on a good day.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each of them is a switch of its own"
)]
pub struct Quirks {
    // The discovery document.
    /// The issuer that it states instead of the right one.
    pub metadata_issuer: Option<String>,
    /// A slash after the right one, as Auth0 and Authentik have it; the tokens carry it as well.
    pub trailing_slash: bool,
    pub missing_token_endpoint: bool,
    /// Members to add or to replace; `null` leaves one out.
    pub metadata: Map<String, Value>,

    // The authorization response.
    pub iss_parameter: IssParameter,
    /// `authorization_response_iss_parameter_supported` (RFC 9207), where it is not what the provider states.
    pub advertises_iss: Option<bool>,
    /// A code and an error in one answer.
    pub code_and_error: bool,
    /// Neither of them.
    pub empty_callback: bool,
    pub wrong_state: bool,
    pub missing_state: bool,
    /// Every request is refused with this, before anybody is asked anything.
    pub refusal: Option<Refusal>,
    pub prompt_none: PromptNone,
    /// Refuses parameters that RFC 6749 and OpenID Connect don't know, PKCE's among them.
    pub refuses_unknown_parameters: bool,
    /// Lets accounts of every kind in, whatever the address of the request restricts it to.
    pub admits_everybody: bool,

    // The ID token.
    pub wrong_issuer: bool,
    /// The issuer as the discovery document writes it, with its braces.
    pub templated_issuer: bool,
    /// Google: the issuer as it was once, without a scheme.
    pub issuer_without_scheme: bool,
    pub wrong_audience: bool,
    /// Ours and another one, and no `azp`.
    pub several_audiences: bool,
    pub wrong_azp: bool,
    pub wrong_nonce: bool,
    pub dropped_nonce: bool,
    pub missing_subject: bool,
    pub expired: bool,
    pub not_yet_valid: bool,
    pub wrong_at_hash: bool,
    pub bad_signature: bool,
    pub algorithm: Algorithm,
    pub unknown_kid: bool,
    pub missing_kid: bool,
    pub auth_time: AuthTime,
    /// Members to add or to replace; `null` leaves one out.
    pub claims: Map<String, Value>,
    /// As long as a token that nobody should read.
    pub huge_id_token: bool,
    pub missing_id_token: bool,

    // The keys.
    pub rotation: Rotation,
    /// All keys are for encryption.
    pub keys_for_encryption: bool,
    /// A key for encryption and one of an unknown kind before the right one.
    pub extra_keys: bool,
    /// Microsoft: signs for a work tenant with the key of personal accounts.
    pub consumer_key: bool,
    /// Microsoft: the keys belong to another cloud.
    pub foreign_cloud: bool,

    // What is said about people.
    pub missing_email_verified: bool,
    /// Booleans as texts.
    pub string_booleans: bool,
    /// Microsoft: how `xms_edov` is written.
    pub xms_edov: Edov,
    /// Microsoft: `tid` stands there twice, in two spellings.
    pub doubled_tid: bool,
    /// Microsoft: a token of version 1.
    pub version_1: bool,
    pub groups: Groups,
    /// Microsoft: the directory roles are in the token.
    pub wids: bool,
    /// Google: the hosted domain.
    pub hd: HostedDomain,
    /// Salesforce: ids of 15 characters, which tell upper from lower case.
    pub short_ids: bool,
    /// Salesforce: the host in identity URLs, where it is not the one that signed the person in.
    pub identity_host: Option<String>,
    /// Salesforce: where the tokens are said to be good for.
    pub instance_url: Option<String>,

    // The token response.
    pub no_expires_in: bool,
    pub only_client_secret_basic: bool,
    pub only_client_secret_post: bool,
    /// Members to add or to replace; `null` leaves one out.
    pub token_response: Map<String, Value>,

    // Userinfo.
    pub userinfo_other_subject: bool,
    pub userinfo_as_jwt: bool,
    pub userinfo_jwt_wrong_audience: bool,
    /// `updated_at` as a text, as Salesforce writes it.
    pub updated_at_text: bool,
    /// Members to add or to replace; `null` leaves one out.
    pub userinfo: Map<String, Value>,

    /// Logout tokens that are wrong in the way named.
    pub logout_token: LogoutToken,

    trouble: Vec<(Endpoint, Trouble)>,
}

impl Quirks {
    /// From now on this endpoint answers like that; the last word counts.
    pub fn trouble(&mut self, endpoint: Endpoint, trouble: Trouble) {
        self.trouble.retain(|(known, _)| *known != endpoint);
        self.trouble.push((endpoint, trouble));
    }

    pub(super) fn trouble_of(&self, endpoint: Endpoint) -> Option<Trouble> {
        let found = self.trouble.iter().find(|(known, _)| *known == endpoint);
        found.map(|(_, trouble)| trouble.clone())
    }

    /// Refuses every sign-in with this error.
    pub fn refuse(&mut self, error: &str, description: &str) {
        self.refusal = Some(Refusal {
            error: error.to_owned(),
            description: Some(description.to_owned()),
            subcode: None,
        });
    }
}

/// `iss` in the authorization response (RFC 9207).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IssParameter {
    #[default]
    AsTheProvider,
    Sent,
    Missing,
    Wrong,
}

/// An error of the authorization endpoint, as it is sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub error: String,
    pub description: Option<String>,
    /// Microsoft: `error_subcode`.
    pub subcode: Option<String>,
}

/// What becomes of `prompt=none`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PromptNone {
    /// Whoever signed in last in this browser is signed in; `login_required` if nobody did.
    #[default]
    Session,
    LoginRequired,
    InteractionRequired,
    ConsentRequired,
}

/// How ID tokens are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Algorithm {
    #[default]
    Rs256,
    Es256,
    None,
    /// HMAC with the text of the public key, which everybody knows.
    Hs256PublicKey,
    /// HMAC with the client's secret.
    Hs256Secret,
}

/// `auth_time`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuthTime {
    /// Where `max_age` was sent, or the provider always sends it.
    #[default]
    AsTheProvider,
    Present,
    Absent,
    /// Yesterday, whatever `max_age` says.
    Old,
}

/// What happens to the signing key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rotation {
    #[default]
    Never,
    /// At each signature the key is a new one, and the old one is no longer published.
    BeforeSigning,
    /// Signs with a key that is never published.
    Unpublished,
}

/// How `xms_edov` is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Edov {
    /// `true` or `false`, as it is.
    #[default]
    AsBoolean,
    Absent,
    /// 1 or 0.
    AsNumber,
    /// `"1"` or `"0"`.
    AsNumberText,
    /// `"true"` or `"false"`.
    AsText,
}

/// Groups in the ID token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Groups {
    #[default]
    AsTheProvider,
    Absent,
    Listed,
    /// Microsoft: too many, so that a place to ask stands there instead.
    Overage,
}

/// `hd`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HostedDomain {
    #[default]
    AsItIs,
    Missing,
    Wrong,
}

/// What is wrong with logout tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogoutToken {
    #[default]
    Right,
    /// A nonce, which must not be there (Back-Channel Logout section 2.4).
    WithNonce,
    WithoutEvents,
    WrongIssuer,
    WrongAudience,
    /// Signed with a key that nobody publishes.
    BadSignature,
    Expired,
    /// The claims of an ID token.
    IdToken,
}

/// An endpoint that doesn't answer as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// This status, and an error in the provider's own form.
    Status(u16),
    /// 500 and a text.
    Crash,
    /// 400, and a text where JSON is expected.
    NotJson,
    /// 200 and an HTML page.
    Html,
    /// 200 and nothing.
    Empty,
    /// 200 and an error in JSON, as GitHub does it.
    ErrorWithOk,
    /// 200 and an array.
    Array,
    /// 5 MB of JSON.
    Huge,
    /// Never answers.
    Hang,
    /// Sends elsewhere.
    Redirect(String),
}
