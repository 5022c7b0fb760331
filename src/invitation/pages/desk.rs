//! What the sign-up form is about, read from the flow: the invitation, the people it adds to, and who has come from a provider.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;

use super::ends::ended;
use crate::app::{App, Arrival, Followed, Hosted};
use crate::application::{AddressVerdict, Prefill, SignUp as Policy};
use crate::federation::LinkRefused;
use crate::identity::{self, IdentifierKind, IdentityStore};
use crate::invitation::form;
use crate::invitation::merge::{Merged, merge};
use crate::invitation::open::{self, Link};
use crate::invitation::{Invitation, Refused};
use crate::kit::{EmailAddress, FieldProblem, Internal, Refusal as _};
use crate::session::flow::Flow;
use crate::web::page::{NoAccount, NoAccountReason};
use crate::web::{Failure, PageFailure};

/// The flow, the people it adds to, the invitation unless sign-up is open, and who has come from a provider.
pub(super) struct Desk {
    pub(super) followed: Followed,
    pub(super) store: IdentityStore,
    pub(super) invitation: Option<Invitation>,
    /// Under which number another address is proven.
    pub(super) subject: Uuid,
    /// Whose account at a provider belongs to nobody here yet.
    pub(super) arrival: Option<Arrival>,
    /// What the form starts with.
    pub(super) start: Merged,
    /// Why somebody who had come from a provider counts no more.
    pub(super) gone: Option<Refused>,
}

impl Desk {
    /// Reads the flow and looks at what it follows; a link that is over has a page of its own.
    pub(super) async fn open(
        app: &App,
        hosted: &Hosted,
        sealed: &str,
    ) -> Result<Result<Self, Response>, PageFailure> {
        let followed = hosted.follow(app, sealed)?;
        let (moment, flow) = (app.moment(), &followed.flow);
        let (store_id, application) = (followed.application.store, &followed.application);
        let read: Result<_, Internal> = app
            .db
            .read(async |tx| {
                let link = match flow.invitation {
                    Some(link) => Some(open::look_again(tx, &moment, link).await?),
                    None => None,
                };
                let arrival = Arrival::read(app, tx, flow, application).await?;
                Ok((identity::find_store(tx, store_id).await?, link, arrival))
            })
            .await;
        let (store, link, arrival) = read?;
        let store = store.ok_or_else(Failure::not_found)?;
        let invitation = match link {
            None if followed.application.policy.sign_up == Policy::Open => None,
            None => return Err(Refused::ByInvitationOnly.into()),
            Some(Link::Usable(invitation)) => Some(invitation),
            Some(other) => return Ok(Err(ended(app, hosted, other, "")?)),
        };
        let subject = invitation
            .as_ref()
            .map_or_else(|| moment.uuid(), |it| it.id.uuid());
        let gone = gone(flow, arrival.as_ref());
        let desk = Self {
            followed,
            store,
            invitation,
            subject,
            arrival: arrival.filter(|_| gone.is_none()),
            start: Merged::default(),
            gone,
        };
        if desk.gone.is_some() {
            return Ok(Ok(desk.without_arrival(app)?));
        }
        Ok(Ok(desk.started()))
    }

    /// The same way, as if nobody had come from a provider.
    pub(super) fn without_arrival(mut self, app: &App) -> Result<Self, PageFailure> {
        self.arrival = None;
        self.followed.flow.external = None;
        self.followed.sealed = self.followed.flow.seal(&app.sealer, &app.moment())?;
        Ok(self.started())
    }

    fn started(mut self) -> Self {
        let invited = self.invitation.as_ref().map(form::prefilled);
        let invited = invited.unwrap_or_default();
        let policy = &self.followed.application.policy;
        self.start = match &self.arrival {
            Some(arrival) => merge(policy, &self.store, &invited, &arrival.identity.profile),
            None => Merged {
                values: invited,
                ..Merged::default()
            },
        };
        self
    }

    /// What to tell somebody whose sign-in at a provider counts no more.
    pub(super) fn over(&self) -> Vec<FieldProblem> {
        let gone = self.gone.iter();
        gone.map(|refused| FieldProblem::new("", refused.code(), refused.sentence()))
            .collect()
    }

    pub(super) fn judge(&self, address: &EmailAddress) -> AddressVerdict {
        match &self.invitation {
            Some(invitation) => self
                .followed
                .application
                .policy
                .address
                .judge(&invitation.email, address),
            None => AddressVerdict::AfterProof,
        }
    }

    /// The invitation whose inviter has to agree to the address.
    pub(super) fn waits_for_approval(&self, address: &EmailAddress) -> Option<&Invitation> {
        let waits = self.judge(address) == AddressVerdict::AfterProofAndApproval;
        self.invitation.as_ref().filter(|_| waits)
    }

    /// The address that the provider has proven (R36–R38, R131).
    pub(super) fn proven_by_provider(&self) -> Option<&EmailAddress> {
        let address = self.arrival.as_ref()?.identity.address.as_ref()?;
        address.proven.then_some(&address.address)
    }

    /// What the identifier's field starts with: the invited address, unless the policy prefers the provider's and lets it be.
    pub(super) fn proposed_identifier(&self) -> String {
        let arrival = self.arrival.as_ref();
        if !self.store.supports(IdentifierKind::Email) {
            let name = arrival.and_then(|it| it.identity.profile.get("preferred_username"));
            let usable = name.filter(|name| self.store.recognise(name).is_some());
            return usable.cloned().unwrap_or_default();
        }
        let provided = arrival.and_then(|it| it.identity.address.as_ref());
        let provided = provided.map(|it| &it.address);
        let invited = self.invitation.as_ref().map(|it| &it.email);
        let prefers_provider = self.followed.application.policy.prefill == Prefill::Provider;
        let provided = provided.filter(|address| {
            invited.is_none()
                || (prefers_provider && self.judge(address) == AddressVerdict::AfterProof)
        });
        provided
            .or(invited)
            .map(|address| address.as_typed().to_owned())
            .or_else(|| self.followed.flow.login_hint.clone())
            .unwrap_or_default()
    }

    /// The provider's account has an address of its own, proven, that this invitation's policy doesn't let in: it is somebody
    /// else's account, or the wrong one of theirs (R36, R129).
    pub(super) fn refuse_address(
        &self,
        app: &App,
        hosted: &Hosted,
    ) -> Result<Option<Response>, PageFailure> {
        let (Some(arrival), Some(address)) = (&self.arrival, self.proven_by_provider()) else {
            return Ok(None);
        };
        if self.judge(address) != AddressVerdict::Refused {
            return Ok(None);
        }
        let form = Flow {
            external: None,
            ..self.followed.flow.clone()
        };
        let form = form.seal(&app.sealer, &app.moment())?;
        let local = self.followed.application.policy.allows_local();
        let page = NoAccount {
            reason: NoAccountReason::WrongAddress,
            flow: self.followed.sealed.clone(),
            connection: arrival.connection.name.clone(),
            account: address.as_typed().to_owned(),
            invited_address: self
                .invitation
                .as_ref()
                .map(|it| it.email.as_typed().to_owned()),
            providers: app.provider_buttons(hosted, &self.followed),
            sign_in_url: None,
            form_url: local.then(|| app.links.sign_up(&form)),
        };
        let page = hosted.page(app, &hosted.shell_of(&self.followed), &page)?;
        Ok(Some((StatusCode::FORBIDDEN, page).into_response()))
    }
}

fn gone(flow: &Flow, arrival: Option<&Arrival>) -> Option<Refused> {
    flow.external?;
    match arrival {
        None => Some(Refused::ExternalOver),
        Some(arrival) if arrival.owner.is_some() => {
            Some(Refused::Link(LinkRefused::LinkedElsewhere))
        }
        Some(_) => None,
    }
}
