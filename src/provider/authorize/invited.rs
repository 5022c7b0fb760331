//! The parameter `invitation`: the application has received the invitation's link itself and passes it on.
//!
//! Looks only (R128): the invitation is accepted in the sign-up form.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::app::App;
use crate::application::ClientId;
use crate::invitation::open::{Link, open_for};
use crate::kit::{Internal, Moment};
use crate::session::flow::Flow;
use crate::web::{Failure, PageFailure};

/// Where the link leads.
pub(super) enum Followed {
    /// The flow knows the invitation now.
    Along,
    /// A page says why not (R120, R142).
    Nowhere(Result<Response, PageFailure>),
}

pub(super) async fn follow(
    app: &App,
    moment: &Moment,
    (token, client): (&str, ClientId),
    flow: &mut Flow,
) -> Result<Followed, Internal> {
    let issuer = app.links.issuer();
    let presented = (token, client);
    let link = app
        .db
        .read(async |tx| open_for(tx, &app.keys, issuer, moment, presented).await)
        .await?;
    match link {
        Link::Usable(invitation) => {
            flow.invitation = Some(invitation.link());
            flow.login_hint = Some(invitation.email.as_typed().to_owned());
            flow.locales.insert(0, invitation.locale.to_string());
            Ok(Followed::Along)
        }
        Link::OtherApplication => {
            let sentence = "This invitation was made for another application. Open the link in your letter instead.";
            let code = "invitation_of_other_application";
            let failure = Failure::refused(StatusCode::BAD_REQUEST, code, sentence);
            Ok(Followed::Nowhere(Err(failure.into())))
        }
        // The link's own page knows the words for each of these.
        _ => {
            let page = Redirect::to(&app.links.invitation(token));
            Ok(Followed::Nowhere(Ok(page.into_response())))
        }
    }
}
