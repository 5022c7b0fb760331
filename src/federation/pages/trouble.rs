//! The page for somebody whom a provider sent back without proof: what happened, and every way on.
//!
//! Says nothing in the provider's words.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::super::{Connection, Trouble};
use crate::app::{App, Followed, Hosted};
use crate::session::flow::Destination;
use crate::web::PageFailure;
use crate::web::page::ProviderTrouble;

pub(super) fn page(
    app: &App,
    hosted: &Hosted,
    followed: &Followed,
    (connection, why): (&Connection, &Trouble),
) -> Result<Response, PageFailure> {
    let connections = app.connections.current();
    let policy = &followed.application.policy;
    let others = connections.usable(policy).len() > 1;
    let page = ProviderTrouble {
        trouble: why.name().to_owned(),
        provider: connection.name.clone(),
        connection: connection.id.to_string(),
        flow: followed.sealed.clone(),
        again: helps_again(why),
        other_account: helps_other_account(why),
        other_way_url: (others || policy.allows_local())
            .then(|| app.links.continue_flow(&followed.sealed)),
        leaves: matches!(followed.flow.destination, Destination::Authorization { .. }),
        code: why.code().map(str::to_owned),
    };
    let shown = hosted.page(app, &hosted.shell_of(followed), &page)?;
    Ok((status(why), shown).into_response())
}

/// Whether the same may succeed when it is tried once more.
fn helps_again(why: &Trouble) -> bool {
    !matches!(
        why.name(),
        "not_fresh" | "circles" | "shut_out" | "other_owner"
    )
}

fn helps_other_account(why: &Trouble) -> bool {
    matches!(
        why.name(),
        "wrong_account"
            | "personal"
            | "organization"
            | "guest"
            | "inactive"
            | "shut_out"
            | "other_owner"
            | "blocked"
    )
}

fn status(why: &Trouble) -> StatusCode {
    match why.name() {
        "cancelled" => StatusCode::OK,
        "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "misconfigured" | "unbelievable" => StatusCode::BAD_GATEWAY,
        "start_again" | "interaction_needed" | "circles" => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    }
}
