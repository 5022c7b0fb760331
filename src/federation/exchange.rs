//! A code becomes tokens, through the `oauth2` crate.
//!
//! Believes nothing of them; the tokens' claims are checked elsewhere.

use std::fmt;
use std::pin::Pin;

use http::{StatusCode, header};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connector::{Claims, Connector, UpstreamError};
use super::way::Asked;
use super::{Connection, Metadata, TokenAuthentication, Trouble, post, trouble};
use crate::keys::unique_object;
use crate::kit::{Internal, Secret};
use crate::web::{Answer, Outgoing};

/// Tokens with many groups are long; anything longer is none.
const LONGEST: usize = 256 * 1024;

/// What the token endpoint gave.
pub(super) struct Tokens {
    pub(super) access: Secret,
    pub(super) id: Option<Secret>,
    /// The answer without its tokens.
    pub(super) answer: Claims,
}

/// What stands in an answer beside RFC 6749's own members.
#[derive(Serialize, Deserialize)]
pub(super) struct Beside {
    id_token: Option<String>,
    #[serde(flatten)]
    others: Claims,
}

impl ExtraTokenFields for Beside {}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beside(…)")
    }
}

/// The `oauth2` crate's client with our answer's members.
pub(super) type Client = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<Beside, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// We, as this connection's provider knows us.
pub(super) fn client(
    connection: &Connection,
    metadata: &Metadata,
    redirect_uri: &str,
) -> Result<Client, Internal> {
    let quirks = connection.settings.provider.connector().quirks();
    let style = match quirks.token_authentication {
        TokenAuthentication::Basic => AuthType::BasicAuth,
        TokenAuthentication::Post | TokenAuthentication::None => AuthType::RequestBody,
    };
    let client = oauth2::Client::new(ClientId::new(connection.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(metadata.authorization.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token.clone()))
        .set_auth_type(style)
        .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned())?);
    Ok(client)
}

/// Sends the code to the connection's own token endpoint, with what only we know (A11).
pub(super) async fn exchange(
    outgoing: &Outgoing,
    (connection, secret): (&Connection, Option<Secret>),
    metadata: &Metadata,
    asked: &Asked,
    code: &Secret,
) -> Result<Tokens, Trouble> {
    let connector = connection.settings.provider.connector();
    let client = client(connection, metadata, &asked.redirect_uri);
    let mut client = client.map_err(|_| Trouble::misconfigured("the redirect URI is no URL"))?;
    if let Some(secret) = secret {
        client = client.set_client_secret(ClientSecret::new(secret.reveal().to_owned()));
    }
    let mut request = client.exchange_code(AuthorizationCode::new(code.reveal().to_owned()));
    if let Some(verifier) = &asked.verifier {
        request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.clone()));
    }
    let bridge = Bridge {
        outgoing,
        connector,
    };
    let answer = request.request_async(&bridge).await;
    let answer = answer.map_err(|error| match error {
        RequestTokenError::Request(trouble) => trouble,
        _ => Trouble::unavailable("the token endpoint's answer is none"),
    })?;
    let beside = answer.extra_fields();
    Ok(Tokens {
        access: Secret::new(answer.access_token().secret().clone()),
        id: beside.id_token.clone().map(Secret::new),
        answer: beside.others.clone(),
    })
}

/// The bridge from the `oauth2` crate to the one client that we send with.
struct Bridge<'a> {
    outgoing: &'a Outgoing,
    connector: &'a dyn Connector,
}

impl<'c> AsyncHttpClient<'c> for Bridge<'_> {
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Trouble>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(carry(self.outgoing, self.connector, request))
    }
}

/// Errors are read here, in every shape they have; the crate sees successes only.
async fn carry(
    outgoing: &Outgoing,
    connector: &dyn Connector,
    request: HttpRequest,
) -> Result<HttpResponse, Trouble> {
    let answer = post::send(outgoing, request, LONGEST).await;
    let answer = answer.map_err(|why| Trouble::unanswered(&why))?;
    let mut members = members(connector, &answer)?;
    // RFC 6749 section 5.1 recommends a number; we don't use it, and the crate refuses a text.
    members.remove("expires_in");
    let body = serde_json::to_vec(&members).unwrap_or_default();
    let mut response = HttpResponse::new(body);
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// A success's members, or what the answer means: by its status first, since its body may be anything.
fn members(connector: &dyn Connector, answer: &Answer) -> Result<Claims, Trouble> {
    if answer.status != StatusCode::OK {
        return Err(trouble::refused(connector, answer.status, &answer.body));
    }
    if answer.cut {
        return Err(Trouble::unavailable(
            "the token endpoint's answer has no end",
        ));
    }
    let members = unique_object(&answer.body);
    let members = members.ok_or(Trouble::unavailable(
        "the token endpoint's answer is no JSON",
    ))?;
    // GitHub and Slack report errors with status 200.
    if members.contains_key("error") {
        let error = UpstreamError::from_json(&Value::Object(members));
        return Err(Trouble::reported(connector, &error));
    }
    Ok(members)
}
