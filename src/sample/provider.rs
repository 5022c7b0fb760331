//! The OpenID provider as this application sees it: discovery, the request, the answer, renewal, signing out.
//!
//! Every answer is verified by the `openidconnect` crate; nothing is taken on trust.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AuthorizationCode, Client, ClientId,
    ClientSecret, CsrfToken, EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, IdTokenVerifier,
    IssuerUrl, LoginHint, LogoutRequest, Nonce, NonceVerifier, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RefreshToken, Scope, StandardErrorResponse, StandardTokenResponse,
    SubjectIdentifier, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use super::logout_token::{self, Expected, NotBelieved, SignedOut};
use super::{CALLBACK_PATH, SIGNED_OUT_PATH, SampleSettings};
use crate::kit::{Clock, Internal};

const SCOPES: [&str; 6] = [
    "profile",
    "email",
    "phone",
    "address",
    "groups",
    "offline_access",
];
const LARGEST_ANSWER: usize = 1024 * 1024;

/// Claims beyond the standard ones, kept as they come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OtherClaims {
    #[serde(flatten)]
    rest: Map<String, Value>,
}
impl AdditionalClaims for OtherClaims {}

type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type RelyingParty = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
pub(super) type IdToken = openidconnect::IdToken<
    OtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The provider's answer can't be had, or can't be believed. The sentence is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {why}")]
pub(super) struct Unusable {
    step: &'static str,
    why: String,
}

/// Turns any error of a step into `Unusable`, with its chain of causes.
fn during<E: std::error::Error>(step: &'static str) -> impl Fn(E) -> Unusable {
    move |error| {
        let mut why = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            why = format!("{why}: {cause}");
            next = cause.source();
        }
        Unusable { step, why }
    }
}

/// What a sign-in asks for beyond the usual.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) login_hint: Option<String>,
    pub(super) invitation: Option<String>,
}

/// A request to the provider, and what its answer will be checked against.
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) state: CsrfToken,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

/// A believed answer.
pub(super) struct Answer {
    pub(super) id_token: IdToken,
    pub(super) claims: Map<String, Value>,
    pub(super) userinfo: Map<String, Value>,
    pub(super) access_token: AccessToken,
    pub(super) refresh_token: Option<RefreshToken>,
}

/// What discovery told.
struct Found {
    relying_party: RelyingParty,
    end_session: Option<EndSessionUrl>,
    keys: CoreJsonWebKeySet,
}

pub(super) struct Provider {
    settings: SampleSettings,
    clock: Clock,
    http: reqwest::Client,
    found: Mutex<Option<Arc<Found>>>,
}

impl Provider {
    pub(super) fn new(settings: &SampleSettings, clock: &Clock) -> Result<Self, Internal> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .build()?;
        Ok(Self {
            settings: settings.clone(),
            clock: clock.clone(),
            http,
            found: Mutex::new(None),
        })
    }

    /// The authorization request: code flow, PKCE, state and nonce.
    pub(super) async fn request(&self, wishes: Wishes) -> Result<Request, Unusable> {
        let found = self.found().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = found
            .relying_party
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())));
        if let Some(hint) = wishes.login_hint {
            request = request.set_login_hint(LoginHint::new(hint));
        }
        if let Some(invitation) = wishes.invitation {
            request = request.add_extra_param("invitation", invitation);
        }
        let (url, state, nonce) = request.url();
        Ok(Request {
            url,
            state,
            nonce,
            verifier,
        })
    }

    /// Exchanges the code and verifies what comes back: ID token, access token hash, userinfo of the same subject.
    pub(super) async fn redeem(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        nonce: &Nonce,
    ) -> Result<Answer, Unusable> {
        let found = self.found().await?;
        let http = self.bridge();
        let step = "exchanging the code";
        let tokens = found
            .relying_party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(during(step))?
            .set_pkce_verifier(verifier)
            .request_async(&http)
            .await
            .map_err(during(step))?;
        self.believe(&tokens, nonce, None).await
    }

    /// Exchanges the refresh token. The new ID token need not carry the nonce, but names the same subject
    /// (OpenID Connect Core section 12.2).
    pub(super) async fn renew(
        &self,
        token: &RefreshToken,
        subject: &str,
    ) -> Result<Answer, Unusable> {
        let found = self.found().await?;
        let http = self.bridge();
        let step = "renewing the tokens";
        let tokens = found
            .relying_party
            .exchange_refresh_token(token)
            .map_err(during(step))?
            .request_async(&http)
            .await
            .map_err(during(step))?;
        let any_nonce = |_: Option<&Nonce>| Ok::<(), String>(());
        self.believe(&tokens, any_nonce, Some(subject)).await
    }

    /// Where the browser goes to end the session at the provider, too (RP-initiated logout).
    pub(super) async fn end_session(&self, id_token: &IdToken, state: String) -> Option<Url> {
        let found = self.found().await.ok()?;
        let back = self.settings.own_url.join(SIGNED_OUT_PATH).ok()?;
        let request = LogoutRequest::from(found.end_session.clone()?)
            .set_id_token_hint(id_token)
            .set_client_id(ClientId::new(self.settings.client_id.clone()))
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::from_url(back))
            .set_state(CsrfToken::new(state));
        Some(request.http_get_url())
    }

    async fn believe<N: NonceVerifier + Clone>(
        &self,
        tokens: &Tokens,
        nonce: N,
        subject: Option<&str>,
    ) -> Result<Answer, Unusable> {
        let step = "verifying the ID token";
        let because = |why: &str| Unusable {
            step,
            why: why.to_owned(),
        };
        let id_token = tokens.id_token().ok_or_else(|| because("it is missing"))?;
        let mut found = self.found().await?;
        if id_token
            .claims(&self.verifier(&found), nonce.clone())
            .is_err()
        {
            found = self.discover().await?; // the provider may sign with a newer key
        }
        let verifier = self.verifier(&found);
        let claims = id_token.claims(&verifier, nonce).map_err(during(step))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(during(step))?;
            let key = id_token.signing_key(&verifier).map_err(during(step))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
                .map_err(during(step))?;
            if actual != *expected {
                return Err(because("it belongs to another access token"));
            }
        }
        if subject.is_some_and(|subject| subject != claims.subject().as_str()) {
            return Err(because("it names somebody else than before"));
        }
        let userinfo = self.userinfo(&found, tokens, claims.subject()).await?;
        Ok(Answer {
            claims: payload(id_token).ok_or_else(|| because("its claims can't be read"))?,
            id_token: id_token.clone(),
            userinfo,
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned(),
        })
    }

    /// What the provider says about a session that has ended.
    pub(super) async fn signed_out(&self, token: &str) -> Result<SignedOut, Unusable> {
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            now: self.clock.moment().now,
        };
        let found = self.found().await?;
        let mut read = logout_token::read(token, &found.keys, &expected);
        if read == Err(NotBelieved::UnknownKey) {
            let found = self.discover().await?; // the provider may sign with a newer key
            read = logout_token::read(token, &found.keys, &expected);
        }
        read.map_err(during("reading a logout token"))
    }

    async fn userinfo(
        &self,
        found: &Found,
        tokens: &Tokens,
        subject: &SubjectIdentifier,
    ) -> Result<Map<String, Value>, Unusable> {
        let step = "asking for the person's details";
        let http = self.bridge();
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> = found
            .relying_party
            .user_info(tokens.access_token().clone(), Some(subject.clone()))
            .map_err(during(step))?
            .request_async(&http)
            .await
            .map_err(during(step))?;
        match serde_json::to_value(&claims).map_err(during(step))? {
            Value::Object(claims) => Ok(claims),
            _ => Ok(Map::new()),
        }
    }

    fn verifier<'f>(&self, found: &'f Found) -> IdTokenVerifier<'f, CoreJsonWebKey> {
        let clock = self.clock.clone();
        let verifier = found.relying_party.id_token_verifier();
        verifier.set_time_fn(move || clock.moment().now)
    }

    async fn found(&self) -> Result<Arc<Found>, Unusable> {
        if let Some(found) = &*self.found.lock().await {
            return Ok(Arc::clone(found));
        }
        self.discover().await
    }

    async fn discover(&self) -> Result<Arc<Found>, Unusable> {
        let step = "discovering the provider";
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(during(step))?;
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &self.bridge())
            .await
            .map_err(during(step))?;
        let keys = metadata.jwks().clone();
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let callback = self
            .settings
            .own_url
            .join(CALLBACK_PATH)
            .map_err(during(step))?;
        let secret = ClientSecret::new(self.settings.client_secret.reveal().to_owned());
        let id = ClientId::new(self.settings.client_id.clone());
        let relying_party = RelyingParty::from_provider_metadata(metadata, id, Some(secret))
            .set_redirect_uri(RedirectUrl::from_url(callback));
        let found = Arc::new(Found {
            relying_party,
            end_session,
            keys,
        });
        *self.found.lock().await = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Lets the `openidconnect` crate use our HTTP client: its own binding is to an older major version.
    fn bridge(&self) -> impl Fn(HttpRequest) -> BridgedCall + use<> {
        let http = self.http.clone();
        move |request| Box::pin(call(http.clone(), request))
    }
}

type BridgedCall =
    std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, BridgeFailed>> + Send>>;

#[derive(Debug, thiserror::Error)]
enum BridgeFailed {
    #[error(transparent)]
    Exchange(#[from] reqwest::Error),
    #[error(transparent)]
    Message(#[from] openidconnect::http::Error),
    #[error("the answer is larger than {LARGEST_ANSWER} bytes")]
    TooLarge,
}

async fn call(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, BridgeFailed> {
    let mut answer = http.execute(request.try_into()?).await?;
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        body.extend_from_slice(&part);
        if body.len() > LARGEST_ANSWER {
            return Err(BridgeFailed::TooLarge);
        }
    }
    let mut response = openidconnect::http::Response::builder()
        .status(answer.status())
        .body(body)?;
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

/// The claims of a verified token as they were written.
fn payload(token: &IdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let encoded = text.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    serde_json::from_slice(&json).ok()
}
