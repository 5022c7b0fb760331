//! A careful client of a simulated provider.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use usher::kit::digest;
use usher::simulator::{Kind, Simulator};

const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-0123456789";

pub(super) struct Party {
    pub(super) simulator: Simulator,
    pub(super) http: reqwest::Client,
    kind: Kind,
    /// The path of the issuer.
    below: &'static str,
}

impl Party {
    pub(super) async fn start(kind: Kind, below: &'static str) -> Self {
        let simulator = Simulator::start(kind, ([127, 0, 0, 1], 0).into())
            .await
            .unwrap();
        let no_redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(no_redirects)
            .build()
            .unwrap();
        Self {
            simulator,
            http,
            kind,
            below,
        }
    }

    pub(super) async fn get(&self, url: &str) -> Value {
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(super) async fn get_as(&self, url: &str, answer: &Value) -> Value {
        let token = answer["access_token"].as_str().unwrap();
        self.http
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(super) async fn metadata(&self, below: &str) -> Value {
        self.get(&format!(
            "{}{below}/.well-known/openid-configuration",
            self.simulator.base_url()
        ))
        .await
    }

    async fn endpoint(&self, name: &str) -> String {
        let base = self.simulator.base_url();
        match (name, self.kind) {
            ("token_endpoint", Kind::GitHub) => format!("{base}/login/oauth/access_token"),
            (_, Kind::GitHub) => format!("{base}/login/oauth/authorize"),
            _ => self.metadata(self.below).await[name]
                .as_str()
                .unwrap()
                .to_owned(),
        }
    }

    /// Where a person begins.
    pub(super) async fn address(&self, scope: &str) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest(VERIFIER.as_bytes()));
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.simulator.client_id()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", scope),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(parameters).finish();
        format!("{}?{query}", self.endpoint("authorization_endpoint").await)
    }

    /// What comes back when this account is chosen.
    pub(super) async fn callback(&self, persona: &str, scope: &str) -> HashMap<String, String> {
        let address = self.address(scope).await;
        let callback = self.simulator.sign_in(&address, persona).await.unwrap();
        callback.url.query_pairs().into_owned().collect()
    }

    pub(super) async fn turned_away(&self, persona: &str, scope: &str) -> String {
        let address = self.address(scope).await;
        self.simulator.sign_in(&address, persona).await.unwrap_err()
    }

    pub(super) async fn cancels(&self, scope: &str) -> HashMap<String, String> {
        let address = self.address(scope).await;
        let callback = self.simulator.cancel(&address).await.unwrap();
        callback.url.query_pairs().into_owned().collect()
    }

    pub(super) async fn code(&self, persona: &str, scope: &str) -> String {
        self.callback(persona, scope).await["code"].clone()
    }

    /// The token endpoint's answer, some parameters said differently.
    pub(super) async fn redeem(&self, code: &str, instead: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.redemption(code, instead).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(super) async fn redemption(
        &self,
        code: &str,
        instead: &[(&str, &str)],
    ) -> reqwest::Response {
        let secret = self.simulator.client_secret();
        let mut form: HashMap<&str, &str> = HashMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", self.simulator.client_id()),
            ("client_secret", secret.reveal()),
            ("code_verifier", VERIFIER),
        ]);
        form.extend(instead.iter().copied());
        let endpoint = self.endpoint("token_endpoint").await;
        let request = self
            .http
            .post(endpoint)
            .header("accept", "application/json")
            .form(&form);
        request.send().await.unwrap()
    }

    /// The whole way to the tokens.
    pub(super) async fn signs_in(&self, persona: &str, scope: &str) -> Value {
        let code = self.code(persona, scope).await;
        let (status, answer) = self.redeem(&code, &[]).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub(super) async fn userinfo(&self, answer: &Value) -> Value {
        let endpoint = self.endpoint("userinfo_endpoint").await;
        self.get_as(&endpoint, answer).await
    }

    /// The published key of this name.
    pub(super) async fn key(&self, kid: &str) -> Option<Value> {
        let keys = self.get(&self.endpoint("jwks_uri").await).await;
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["kid"] == kid)
            .cloned()
    }

    /// The claims, if a published key signed them.
    pub(super) async fn checked(&self, token: &str) -> Option<Value> {
        usher::keys::install();
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = self.key(header.kid.as_deref()?).await?;
        let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(key).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.validate_aud = false;
        validation.algorithms = vec![Algorithm::RS256, Algorithm::ES256];
        validation.algorithms.retain(|one| *one == header.alg);
        let key = DecodingKey::from_jwk(&key).unwrap();
        let token = jsonwebtoken::decode::<Value>(token, &key, &validation).ok()?;
        Some(token.claims)
    }

    pub(super) async fn verified(&self, token: &str) -> Value {
        let checked = self.checked(token).await;
        checked.unwrap_or_else(|| panic!("nobody published the key of {token}"))
    }
}

/// The header and the claims of a token, unverified.
pub(super) fn read(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}
