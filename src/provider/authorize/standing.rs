//! A flow with everything that decides about its next step, read once.
//!
//! The decision itself is `step`'s.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::answer::Answer;
use super::request::AuthorizationRequest;
use super::step::{Arrived, Invited, Situation, Step, next_step};
use crate::app::{App, Arrival, Hosted};
use crate::application::Application;
use crate::grant::consent::{self, Consent};
use crate::invitation::open::{Link, look_again};
use crate::invitation::{Invitation, Stage};
use crate::kit::{Internal, Moment};
use crate::session::Session;
use crate::session::flow::{Destination, Flow};
use crate::web::{Failure, PageFailure};

pub(super) struct Standing {
    pub(super) moment: Moment,
    pub(super) flow: Flow,
    pub(super) application: Arc<Application>,
    /// Of the application's store.
    pub(super) session: Option<Session>,
    pub(super) request: Option<AuthorizationRequest>,
    invited: Invited,
    arrived: Arrived,
    allowed: Option<Consent>,
}

impl Standing {
    /// The inner `Err` is an answer already: the client has changed since and its request can't be granted any more.
    pub(super) async fn read(
        app: &App,
        hosted: &Hosted,
        flow: Flow,
    ) -> Result<Result<Self, Response>, PageFailure> {
        let catalogue = app.catalogue.current();
        let application = catalogue.application(flow.application).cloned();
        let application = application.ok_or_else(Failure::not_found)?;
        let request = match &flow.destination {
            Destination::Application | Destination::Account => None,
            Destination::Authorization { parameters } => {
                match AuthorizationRequest::of_flow(&catalogue, parameters)
                    .map_err(Failure::from)?
                {
                    Ok(request) => Some(request),
                    Err((back, refused)) => {
                        let answer = Answer::Refused(refused);
                        return Ok(Err(back.send(app, hosted, &application, &answer)?));
                    }
                }
            }
        };
        let mut standing = Self {
            moment: app.moment(),
            session: hosted.session_in(application.store).cloned(),
            flow,
            application,
            request,
            invited: Invited::No,
            arrived: Arrived::Nobody,
            allowed: None,
        };
        standing.look_up(app).await?;
        Ok(Ok(standing))
    }

    async fn look_up(&mut self, app: &App) -> Result<(), Internal> {
        let of_consent = match (&self.request, &self.session) {
            (Some(request), Some(session)) if request.depends_on_consent() => {
                Some((session.identity, request.party.client.id))
            }
            _ => None,
        };
        let link = self.flow.invitation;
        if link.is_none() && of_consent.is_none() && self.flow.external.is_none() {
            return Ok(());
        }
        let (moment, flow, application) = (&self.moment, &self.flow, &self.application);
        let (invited, allowed, arrival) = app
            .db
            .read(async |tx| {
                let invited = match link {
                    Some(link) => invited(&look_again(tx, moment, link).await?),
                    None => Invited::No,
                };
                let allowed = match of_consent {
                    Some((identity, client)) => consent::find(tx, identity, client).await?,
                    None => None,
                };
                let arrival = Arrival::read(app, tx, flow, application).await?;
                Ok::<_, Internal>((invited, allowed, arrival))
            })
            .await?;
        (self.invited, self.allowed) = (invited, allowed);
        match arrival.filter(|arrival| arrival.owner.is_none()) {
            Some(_) => self.arrived = Arrived::Stranger,
            // Over, or followed by something already: the flow goes on as if nobody had come.
            None => self.flow.external = None,
        }
        Ok(())
    }

    pub(super) fn step(&self) -> Step {
        next_step(&Situation {
            flow: &self.flow,
            session: self.session.as_ref(),
            request: self.request.as_ref(),
            invited: self.invited,
            arrived: self.arrived,
            sign_up: self.application.policy.sign_up,
            allowed: self.allowed.as_ref(),
            now: self.moment.now,
        })
    }

    /// The flow as it travels. What doesn't fit into an address is refused before anybody fills in a form.
    pub(super) fn seal(&self, app: &App) -> Result<String, PageFailure> {
        let sealed = self.flow.seal(&app.sealer, &self.moment)?;
        if sealed.len() > LONGEST_IN_ADDRESS {
            let sentence = "The application that sent you here asked at too great length.";
            return Err(
                Failure::refused(StatusCode::BAD_REQUEST, "request_too_long", sentence).into(),
            );
        }
        Ok(sealed)
    }
}

/// Together with the rest of the address it stays below what browsers and proxies take.
const LONGEST_IN_ADDRESS: usize = 12_000;

fn invited(link: &Link) -> Invited {
    match link {
        Link::Used(Invitation {
            stage: Stage::Done { identity, .. },
            ..
        }) => Invited::Accepted(*identity),
        _ => Invited::Open,
    }
}
