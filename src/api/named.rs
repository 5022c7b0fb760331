//! Ids in paths. What is no id can't name anything: 404, as for an id that nobody has.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::kit::{Id, Kind};
use crate::web::Failure;

/// The thing that the path names.
pub struct Named<K>(pub Id<K>);

/// A thing of one kind inside a thing of another.
pub struct NamedIn<A, B>(pub Id<A>, pub Id<B>);

impl<S: Send + Sync, K: Kind> FromRequestParts<S> for Named<K> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path: Result<Path<String>, _> = Path::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| Failure::not_found())?;
        text.parse().map(Self).map_err(|_| Failure::not_found())
    }
}

impl<S: Send + Sync, A: Kind, B: Kind> FromRequestParts<S> for NamedIn<A, B> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path: Result<Path<(String, String)>, _> = Path::from_request_parts(parts, state).await;
        let Path((outer, inner)) = path.map_err(|_| Failure::not_found())?;
        match (outer.parse(), inner.parse()) {
            (Ok(outer), Ok(inner)) => Ok(Self(outer, inner)),
            _ => Err(Failure::not_found()),
        }
    }
}
