//! Keyset pages on the wire: `after` and `limit` in, `items` and `next` out.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::kit::{FieldProblem, Id, Kind, Page, PageRequest};
use crate::web::Failure;

/// A part of a list, newest first.
#[derive(Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// Send it as `after` to read on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> List<T> {
    pub fn of<U, K: Kind>(page: Page<U, K>, view: impl FnMut(U) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(view).collect(),
            next: page.next.map(|id| id.to_string()),
        }
    }
}

/// Reads a parameter that may be missing.
pub fn parameter<T: FromStr>(name: &str, text: Option<&str>) -> Result<Option<T>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        Failure::invalid(vec![FieldProblem::new(
            name,
            "invalid",
            "This value can't be used here.",
        )])
    })
}

/// Reads a parameter that is one of a few words.
pub fn choice<T: DeserializeOwned>(name: &str, text: Option<&str>) -> Result<Option<T>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    serde_json::from_value(text.into())
        .map(Some)
        .map_err(|error| {
            Failure::invalid(vec![FieldProblem::new(
                name,
                "invalid",
                format!("{error}."),
            )])
        })
}

/// Which part of the list the query asks for.
pub fn page<K: Kind>(after: Option<&str>, limit: Option<&str>) -> Result<PageRequest<K>, Failure> {
    let after: Option<Id<K>> = parameter("after", after)?;
    let limit = parameter("limit", limit)?.unwrap_or(PageRequest::<K>::DEFAULT_LIMIT);
    if !(1..=PageRequest::<K>::MAX_LIMIT).contains(&limit) {
        let sentence = format!("Choose a limit from 1 to {}.", PageRequest::<K>::MAX_LIMIT);
        return Err(Failure::invalid(vec![FieldProblem::new(
            "limit",
            "out_of_range",
            sentence,
        )]));
    }
    Ok(PageRequest { after, limit })
}
