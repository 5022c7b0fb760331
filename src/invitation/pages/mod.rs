//! What an invitee sees, from the mailed link to the account.
//!
//! No rule lives here: each handler parses, calls one use case and shows what came of it.

mod desk;
mod different_account;
mod ends;
mod finish;
mod form_page;
mod link;
mod sign_up;
mod verify_address;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::identity::{AttributeDefinition, AttributeKind};
use crate::invitation::form::ATTRIBUTE;
use crate::web::page::{Choice, Control, Field};
use crate::web::path;

pub fn routes() -> Router<App> {
    Router::new()
        .route(
            path::ENTER_CODE,
            get(link::ask_for_code).post(link::redeem_code),
        )
        .route(path::DECLINE, get(ends::ask_to_decline).post(ends::decline))
        .route(path::FRESH_LINK, post(ends::send_fresh_link))
        .route(path::INVITATION, get(link::show).post(link::go_on))
        .route(path::SIGN_UP, get(sign_up::show).post(sign_up::submit))
        .route(path::VERIFY_ADDRESS, post(verify_address::submit))
        .route(
            path::DIFFERENT_ACCOUNT,
            get(different_account::show).post(different_account::choose),
        )
}

/// A custom attribute as the form shows it.
pub(super) fn attribute_field(definition: &AttributeDefinition, value: &str) -> Field {
    let (control, choices) = match &definition.kind {
        AttributeKind::Text { .. } => (Control::Text, Vec::new()),
        AttributeKind::Number { .. } => (Control::Number, Vec::new()),
        AttributeKind::Boolean => (Control::Checkbox, Vec::new()),
        AttributeKind::Date => (Control::Date, Vec::new()),
        AttributeKind::Choice { choices } => {
            let choice = |text: &String| Choice {
                value: text.clone(),
                label: text.clone(),
                chosen: text == value,
            };
            (Control::Select, choices.iter().map(choice).collect())
        }
    };
    let name = format!("{ATTRIBUTE}{}", definition.name);
    let label = Some(definition.label.clone());
    Field {
        label,
        control,
        choices,
        ..Field::claim(&name, value)
    }
}
