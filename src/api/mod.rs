//! The management API's shell: it merges every noun's `api.rs`, describes them in one OpenAPI document, and holds what they share.
//!
//! Owns no rule of the product: each handler parses, calls a use case, answers.

mod docs;
mod etag;
pub mod idempotency;
mod list;
mod named;
mod openapi;
mod schema;
mod store;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{any, get};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::web::{Failure, Visitor, path};
use crate::{application, event, federation, group, identity, invitation};

pub use etag::{Created, IfMatch, Tagged};
pub use idempotency::{IdempotencyKey, Made, Once};
pub use list::{List, choice, page, parameter};
pub use named::{Named, NamedIn};
pub use openapi::{Acts, Creates, Reads, Updates};

/// Every route of the API with the document that describes them.
fn described() -> (Router<App>, OpenApi) {
    let nouns = OpenApiRouter::new()
        .merge(application::api::routes())
        .merge(event::api::routes())
        .merge(federation::api::routes())
        .merge(group::api::routes())
        .merge(identity::api::routes())
        .merge(invitation::api::routes());
    OpenApiRouter::with_openapi(openapi::base())
        .nest(path::API_V1, nouns)
        .split_for_parts()
}

/// The document, for tests and for `/api/openapi.json`.
#[must_use]
pub fn document() -> OpenApi {
    described().1
}

/// Everything under `/api`.
pub fn routes() -> Router<App> {
    let (v1, document) = described();
    let document = Arc::new(document);
    let shown = Arc::clone(&document);
    v1.route(
        path::OPENAPI,
        get(async move || axum::Json(OpenApi::clone(&document))),
    )
    .route(
        path::API_DOCS,
        get(async move |State(app): State<App>, visitor: Visitor| {
            docs::show(&app, &visitor, &shown)
        }),
    )
    .route("/api/{*rest}", any(async || Failure::not_found()))
}
