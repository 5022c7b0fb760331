//! The end of sign-up: one transaction, and the browser is signed in; or the form again, with what stood in the way.

use axum::response::{IntoResponse as _, Redirect, Response};

use super::desk::Desk;
use crate::app::{App, Hosted};
use crate::db::Tx;
use crate::federation;
use crate::identity::IdentityId;
use crate::invitation::accept::{self, Credential, SignUp, Uninvited};
use crate::invitation::merge::Values;
use crate::invitation::{Invitation, Refused};
use crate::kit::{Failed, FieldProblem, Internal, Moment, Refusal as _};
use crate::session::{self, NewSession};
use crate::web::{Failure, PageFailure};

impl Desk {
    /// The invitation is accepted, the account exists and the browser is signed in: one transaction.
    pub(super) async fn finish(
        self,
        app: &App,
        hosted: &Hosted,
        sign_up: SignUp,
    ) -> Result<Response, PageFailure> {
        let moment = app.moment();
        let values = typed_again(&sign_up);
        let before = hosted.session_in(self.store.id);
        let accepted = app
            .db
            .write(async |tx| {
                let identity = self.register(app, tx, &moment, sign_up).await?;
                let new = self.new_session(app, &moment, identity)?;
                Ok(session::begin_after(tx, &moment, before, new).await?)
            })
            .await;
        match accepted {
            Ok(started) => {
                let go = Redirect::to(&app.links.continue_flow(&self.followed.sealed));
                Ok(hosted.signed_in(app, &started, go.into_response())?)
            }
            Err(Failed::Refused(refused)) => self.refuse(app, hosted, &values, refused).await,
            Err(failed) => Err(failed.into()),
        }
    }

    async fn register(
        &self,
        app: &App,
        tx: &mut Tx,
        moment: &Moment,
        sign_up: SignUp,
    ) -> Result<IdentityId, Failed<Refused>> {
        let catalogue = app.catalogue.current();
        if let Some(link) = self.invitation.as_ref().map(Invitation::link) {
            let accepted = accept::with_new_account(tx, &catalogue, moment, link, sign_up);
            return Ok(accepted.await?.identity);
        }
        let uninvited = Uninvited {
            application: self.followed.application.id,
            subject: self.subject,
        };
        accept::uninvited(tx, &catalogue, moment, uninvited, sign_up).await
    }

    fn new_session(
        &self,
        app: &App,
        moment: &Moment,
        identity: IdentityId,
    ) -> Result<NewSession, Internal> {
        let (store, lifetime) = (self.store.id, app.session_lifetime());
        if let Some(arrival) = &self.arrival {
            let whose = (identity, store);
            return federation::session_of(&app.sealer, moment, &arrival.identity, whose, lifetime);
        }
        Ok(NewSession {
            identity,
            store,
            methods: session::Methods::password(),
            authenticated_at: None,
            origin: None,
            lifetime,
        })
    }

    async fn refuse(
        self,
        app: &App,
        hosted: &Hosted,
        values: &Values,
        refused: Refused,
    ) -> Result<Response, PageFailure> {
        match refused {
            Refused::Identity(refused) => {
                let problem = FieldProblem::new("username", refused.code(), refused.sentence());
                self.show_problems(app, hosted, values, &[problem])
            }
            // Nothing of theirs is lost: the same form, without what is over.
            Refused::ExternalOver | Refused::Link(_) => {
                let desk = self.without_arrival(app)?;
                let problem = FieldProblem::new("", refused.code(), refused.sentence());
                desk.show_problems(app, hosted, values, &[problem])
            }
            Refused::LinkOver(_) | Refused::LinkReplaced => {
                match Self::open(app, hosted, &self.followed.sealed).await? {
                    Err(page) => Ok(page),
                    Ok(_) => Err(Failure::from(Refused::LinkReplaced).into()),
                }
            }
            other => Err(Failure::from(other).into()),
        }
    }

    /// What the account signs in with, if the person comes from a provider.
    pub(super) fn external(&self) -> Option<Credential> {
        let arrival = self.arrival.as_ref()?;
        Some(Credential::External(Box::new(accept::External {
            id: arrival.id,
            identity: arrival.identity.clone(),
        })))
    }
}

/// What the person typed, for a form that is shown again. Never the password.
fn typed_again(sign_up: &SignUp) -> Values {
    let mut values: Values = sign_up
        .profile
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let username = sign_up.identifiers.first().map_or_else(
        || sign_up.address.as_typed().to_owned(),
        |first| first.value().to_owned(),
    );
    values.insert("username".to_owned(), username);
    values
}
