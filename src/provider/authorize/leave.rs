//! Somebody gives up at an identity provider and goes back to the application, which is told why in words of its protocol.
//!
//! The page that offers it is federation's; it knows what went wrong.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::answer::Answer;
use super::go_on::send;
use super::refused::Refused;
use super::standing::Standing;
use crate::app::{App, Hosted};
use crate::web::{Form, PageFailure};

#[derive(Deserialize)]
pub(super) struct Leaving {
    flow: String,
    /// A name of `federation::Trouble`. Whoever changes it fools only their own application.
    trouble: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    hosted: Hosted,
    Form(leaving): Form<Leaving>,
) -> Result<Response, PageFailure> {
    let followed = hosted.follow(&app, &leaving.flow)?;
    match Standing::read(&app, &hosted, followed.flow).await? {
        Ok(standing) => {
            let answer = Answer::Refused(refused(&leaving.trouble));
            send(&app, &hosted, &standing, &answer)
        }
        Err(answered) => Ok(answered),
    }
}

/// Checklist BR-03: what the person decided stays theirs, trouble on the way may pass, and what is ours to mend is called ours.
fn refused(trouble: &str) -> Refused {
    match trouble {
        "unavailable" => Refused::temporarily_unavailable("The identity provider does not answer."),
        "misconfigured" | "unbelievable" | "circles" => {
            Refused::server_error("Signing in with the identity provider is not possible.")
        }
        "not_fresh" => Refused::unmet_authentication_requirements(
            "The identity provider can not show a new sign-in.",
        ),
        _ => Refused::access_denied("The person did not sign in."),
    }
}
