//! A relying party signs a browser in: authorization request, code, tokens.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, StatusCode, header};
use serde_json::Value;
use url::Url;
use usher::kit::digest;

use super::{Answer, Browser, RelyingParty, TestApp, send};

const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more-0123";

/// What the relying party holds afterwards.
pub(crate) struct Tokens {
    pub(crate) answer: Answer,
    /// Of the ID token; its signature is checked elsewhere.
    pub(crate) claims: Value,
}

impl RelyingParty {
    /// An authorization request with PKCE, and further parameters.
    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest(VERIFIER.as_bytes()));
        let mut url = Url::parse("http://localhost:8080/authorize").unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id.to_string())
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid profile email groups offline_access")
            .append_pair("state", "af0ifjsldkj")
            .append_pair("nonce", "n-0S6_WzA2Mj")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(more);
        url.to_string()
    }
}

impl TestApp {
    /// The browser has a session: the application gets its tokens without anybody being asked.
    pub(crate) async fn signs_in_silently(
        &self,
        browser: &mut Browser,
        at: &RelyingParty,
    ) -> Tokens {
        let page = browser.open(&at.authorize(&[("prompt", "none")])).await;
        let back = page
            .leaves_for
            .unwrap_or_else(|| panic!("{}: {}", page.status, page.body));
        self.redeems(&back, at).await
    }

    /// Exchanges the code that came back to the redirect URI.
    pub(crate) async fn redeems(&self, back: &Url, at: &RelyingParty) -> Tokens {
        let parameter = |name: &str| back.query_pairs().find(|(known, _)| known == name);
        let code = parameter("code")
            .unwrap_or_else(|| panic!("no code in {back}"))
            .1
            .into_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &at.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.post_form("/token", &at.credentials(), &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        let claims = claims_of(answer.json["id_token"].as_str().unwrap());
        Tokens { answer, claims }
    }
}

impl TestApp {
    /// What the userinfo endpoint tells about the person.
    pub(crate) async fn userinfo(&self, tokens: &Tokens) -> Answer {
        let token = tokens.answer.json["access_token"].as_str().unwrap();
        let request =
            Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
        send(self.router.clone(), request.body(Body::empty()).unwrap()).await
    }
}

/// The payload of a JWT, its signature unchecked.
pub(crate) fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
