//! The OpenAPI 3.1 document: what the routes don't say about themselves. The routes add their own parts.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, SecurityScheme};
use utoipa::openapi::{
    Content, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{IntoResponses, PartialSchema as _, ToSchema};

use crate::access::Permission;
use crate::web::path;

/// The name by which operations refer to the way of authenticating.
const SCHEME: &str = "oauth2";

const ABOUT: &str = "Everything that administrators do in the console, for programs.

Authentication: create an API client (usher client create), obtain an access token from the token endpoint with \
grant_type=client_credentials, and send it in the Authorization header as Bearer. Each operation names the scope it needs.

Errors are problem details (RFC 9457) with a stable code; wrong fields are listed in errors, each with a JSON pointer.

Lists are newest first: send next of one page as after for the following one.

Creating takes an Idempotency-Key: the same key with the same request makes one thing, however often it arrives within 24 hours. \
Secrets and links are in the first answer only.

Changing takes the ETag of what you read as If-Match, so that nobody's change is lost.";

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    /// Always `about:blank`; the `code` tells what happened.
    #[schema(example = "about:blank")]
    r#type: String,
    #[schema(example = "Conflict")]
    title: String,
    #[schema(example = 409)]
    status: u16,
    /// Stable, for programs.
    #[schema(example = "invitation_already_pending")]
    code: String,
    /// What happened and what to do next, for people.
    detail: String,
    /// Quote it when you ask about this.
    request_id: String,
    /// The fields to mend.
    errors: Option<Vec<ProblemField>>,
}

/// What is wrong with one field.
#[derive(Serialize, ToSchema)]
pub(super) struct ProblemField {
    /// A JSON pointer (RFC 6901) into the body, or `/` and the name of a query parameter.
    #[schema(example = "/profile/birthdate")]
    pointer: String,
    code: String,
    detail: String,
}

/// How reading can fail.
pub struct Reads;
/// How creating can fail.
pub struct Creates;
/// How changing a revision can fail.
pub struct Updates;
/// How an action without body can fail.
pub struct Acts;

const READS: &[(&str, &str)] = &[
    ("401", "There is no valid access token."),
    ("403", "The token lacks the scope."),
    ("404", "There is no such thing."),
    ("422", "Some values can't be used."),
    (
        "503",
        "The database can't be reached; try again after Retry-After.",
    ),
];
const ACTS: &[(&str, &str)] = &[("409", "It contradicts what is stored.")];
const BODIES: &[(&str, &str)] = &[
    ("400", "The request can't be read."),
    ("413", "The body is too large."),
    ("415", "The body is not application/json."),
];
const REVISIONS: &[(&str, &str)] = &[
    ("412", "Somebody else changed it since it was read."),
    ("428", "If-Match is missing."),
];

type Responses = BTreeMap<String, RefOr<Response>>;

fn problems(lists: &[&[(&str, &str)]]) -> Responses {
    let content = || Content::new(Some(Ref::from_schema_name("Problem")));
    let response = |text: &str| {
        let response = ResponseBuilder::new().description(text);
        RefOr::T(
            response
                .content("application/problem+json", content())
                .build(),
        )
    };
    let all = lists.iter().copied().flatten();
    all.map(|(status, text)| ((*status).to_owned(), response(text)))
        .collect()
}

impl IntoResponses for Reads {
    fn responses() -> Responses {
        problems(&[READS])
    }
}

impl IntoResponses for Acts {
    fn responses() -> Responses {
        problems(&[READS, ACTS])
    }
}

impl IntoResponses for Creates {
    fn responses() -> Responses {
        problems(&[READS, ACTS, BODIES])
    }
}

impl IntoResponses for Updates {
    fn responses() -> Responses {
        problems(&[READS, ACTS, BODIES, REVISIONS])
    }
}

/// The document before the routes add theirs.
pub(super) fn base() -> OpenApi {
    let scopes = Permission::ALL
        .iter()
        .map(|one| (one.scope(), one.meaning()));
    let flow = Flow::ClientCredentials(ClientCredentials::new(path::TOKEN, scopes.collect()));
    let mut info = Info::new("Usher management API", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    let mut document = OpenApiBuilder::new().info(info).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::OAuth2(OAuth2::new([flow])));
    components
        .schemas
        .insert("Problem".to_owned(), Problem::schema());
    components
        .schemas
        .insert("ProblemField".to_owned(), ProblemField::schema());
    document
}
