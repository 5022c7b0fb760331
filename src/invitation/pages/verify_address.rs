//! Another address than the invited one: a code goes there, and nothing exists until it comes back (R36–R38).
//!
//! What was filled in travels sealed with the page, so that strangers write nothing to the database.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::desk::Desk;
use crate::app::{App, Hosted};
use crate::application::ApplicationId;
use crate::identity::password::PasswordHash;
use crate::identity::{Attributes, IdentifierKind, NewIdentifier, Profile, Proof};
use crate::invitation::Refused;
use crate::invitation::accept::{Credential, SignUp};
use crate::invitation::address::{self, Answer, Subject};
use crate::kit::{EmailAddress, Failed, Internal};
use crate::session::throttle::{Budget, Counter};
use crate::web::page::{Problem, VerifyAddress};
use crate::web::{Failure, Form, PageFailure};

/// What the sealed form is sealed for.
const SEALED_AS: &str = "sign-up-form";

/// A filled-in form on its way through the mailbox.
#[derive(Serialize, Deserialize)]
struct Waiting {
    /// Under whose policy the form was filled in.
    application: ApplicationId,
    subject: Uuid,
    address: String,
    identifiers: Vec<(IdentifierKind, String)>,
    profile: Profile,
    attributes: Attributes,
    /// `None`: the account signs in with the one at the provider, which the flow knows.
    phc: Option<String>,
}

impl Waiting {
    fn of(desk: &Desk, sign_up: &SignUp) -> Self {
        let identifiers = sign_up
            .identifiers
            .iter()
            .map(|it| (it.kind(), it.value().to_owned()));
        Self {
            application: desk.followed.application.id,
            subject: desk.subject,
            address: sign_up.address.as_typed().to_owned(),
            identifiers: identifiers.collect(),
            profile: sign_up.profile.clone(),
            attributes: sign_up.attributes.clone(),
            phc: match &sign_up.credential {
                Credential::Password(hash) => Some(hash.as_phc().to_owned()),
                Credential::External(_) => None,
            },
        }
    }

    fn seal(&self, app: &App) -> Result<String, Internal> {
        let sealed = app
            .sealer
            .seal(SEALED_AS, &serde_json::to_vec(self)?, &app.moment())?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    fn open(app: &App, sealed: &str) -> Result<Self, Failure> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| damaged())?;
        let plain = app.sealer.open(SEALED_AS, &bytes).map_err(|_| damaged())?;
        serde_json::from_slice(&plain).map_err(|_| damaged())
    }

    /// Whether it was filled in on this way. What another policy let through must not get past this one.
    fn belongs_to(&self, desk: &Desk) -> bool {
        self.application == desk.followed.application.id
            && (desk.invitation.is_none() || self.subject == desk.subject)
    }

    fn address(&self) -> Result<EmailAddress, Internal> {
        Ok(self.address.parse()?)
    }

    fn into_sign_up(self, desk: &Desk) -> Result<SignUp, Failed<Refused>> {
        let credential = match self.phc {
            Some(phc) => Credential::Password(PasswordHash::from_phc(phc)),
            None => desk
                .external()
                .ok_or(Failed::Refused(Refused::ExternalOver))?,
        };
        let identifiers = self.identifiers.iter();
        let identifiers =
            identifiers.map(|(kind, text)| NewIdentifier::parse(*kind, text, Proof::Missing));
        let identifiers = identifiers.collect::<Result<_, _>>();
        Ok(SignUp {
            address: self.address.parse().map_err(Internal::from)?,
            identifiers: identifiers.map_err(Internal::from)?,
            profile: self.profile,
            attributes: self.attributes,
            credential,
        })
    }
}

fn damaged() -> Failure {
    let sentence =
        "This page was damaged on its way. Nothing is lost: go back to the form and send it again.";
    Failure::refused(StatusCode::BAD_REQUEST, "form_damaged", sentence)
}

/// Sends a code to the address and shows where to type it, unless it is proven already.
pub(super) async fn ask(
    app: &App,
    hosted: &Hosted,
    desk: Desk,
    sign_up: SignUp,
) -> Result<Response, PageFailure> {
    let subject = desk.subject;
    let proven: Result<_, Internal> = app
        .db
        .read(async |tx| address::state(tx, subject, &sign_up.address).await)
        .await;
    if proven?.proven {
        return desk.finish(app, hosted, sign_up).await;
    }
    let waiting = Waiting::of(&desk, &sign_up);
    send(app, hosted, &desk, &waiting).await?; // too soon: the letter before it will do
    page(app, hosted, &desk, &waiting, Shown::Asked)
}

#[derive(Deserialize)]
pub(super) struct Typed {
    flow: String,
    form: String,
    #[serde(default)]
    code: String,
    again: Option<String>,
}

pub(super) async fn submit(
    State(app): State<App>,
    hosted: Hosted,
    Form(typed): Form<Typed>,
) -> Result<Response, PageFailure> {
    let waiting = Waiting::open(&app, &typed.form)?;
    let desk = match Desk::open(&app, &hosted, &typed.flow).await? {
        Ok(desk) if desk.invitation.is_some() => desk,
        Ok(desk) => Desk {
            subject: waiting.subject,
            ..desk
        },
        Err(page) => return Ok(page),
    };
    if !waiting.belongs_to(&desk) {
        return Err(damaged().into());
    }
    if let Some(page) = desk.refuse_address(&app, &hosted)? {
        return Ok(page);
    }
    if typed.again.is_some() {
        let shown = send(&app, &hosted, &desk, &waiting).await?;
        return page(&app, &hosted, &desk, &waiting, shown);
    }
    let address = waiting.address()?;
    match prove(&app, &desk, (waiting.subject, &address), &typed.code).await? {
        Answer::Proven => {
            let sign_up = waiting.into_sign_up(&desk)?;
            desk.finish(&app, &hosted, sign_up).await
        }
        Answer::Wrong => {
            let answer = page(&app, &hosted, &desk, &waiting, Shown::Wrong)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, answer).into_response())
        }
    }
}

/// Compares the code. Where somebody has to agree to the address as well, they are told once.
async fn prove(
    app: &App,
    desk: &Desk,
    (subject, address): (Uuid, &EmailAddress),
    code: &str,
) -> Result<Answer, Internal> {
    let (moment, catalogue) = (app.moment(), app.catalogue.current());
    let waits = desk.waits_for_approval(address);
    app.db
        .write(async |tx| {
            let before = address::state(tx, subject, address).await?;
            let answer = address::prove(tx, &app.sealer, &moment, (subject, address), code).await?;
            if let (Answer::Proven, false, Some(invitation)) = (answer, before.proven, waits) {
                let letters = app.desk(&catalogue);
                address::ask_approval(tx, &letters, &moment, invitation, address).await?;
            }
            Ok(answer)
        })
        .await
}

/// Codes for one address from one network within an hour.
const CODES: Budget = Budget {
    failures: 5,
    window: TimeDelta::hours(1),
};
/// Codes for one address from anywhere: nobody fills a stranger's mailbox.
const CODES_OF_ADDRESS: Budget = Budget {
    failures: 20,
    window: TimeDelta::hours(1),
};
/// Codes that one network may have sent, whatever the address.
const CODES_OF_NETWORK: Budget = Budget {
    failures: 60,
    window: TimeDelta::hours(1),
};

/// Each code sent counts, whatever becomes of it.
async fn send(
    app: &App,
    hosted: &Hosted,
    desk: &Desk,
    waiting: &Waiting,
) -> Result<Shown, PageFailure> {
    let (moment, address) = (app.moment(), waiting.address()?);
    let network = hosted.network().to_string();
    let (to, from) = (address.key().as_bytes(), network.as_bytes());
    let counters = vec![
        Counter::new("address code from a network", &[to, from], CODES),
        Counter::new("address code", &[to], CODES_OF_ADDRESS),
        Counter::new("address codes from a network", &[from], CODES_OF_NETWORK),
    ];
    let locale = desk.followed.locale();
    let subject = Subject {
        id: waiting.subject,
        application: &desk.followed.application,
        locale: &locale,
    };
    let sent = app.db.write(async |tx| {
        let attempt = match app.attempts.begin(tx, moment.now, counters).await? {
            Ok(attempt) => attempt,
            Err(too_many) => return Ok(Err(too_many)),
        };
        address::send_code(tx, &app.sealer, &moment, subject, &address).await?;
        Ok(Ok(attempt.failed(tx, &moment).await?))
    });
    match sent.await {
        Ok(Ok(_counted)) => Ok(Shown::SentAgain),
        Ok(Err(too_many)) => Err(Failure::from(too_many).into()),
        Err(Failed::Refused(Refused::TooSoon)) => Ok(Shown::TooSoon),
        Err(failed) => Err(failed.into()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Asked,
    SentAgain,
    TooSoon,
    Wrong,
}

fn page(
    app: &App,
    hosted: &Hosted,
    desk: &Desk,
    waiting: &Waiting,
    shown: Shown,
) -> Result<Response, PageFailure> {
    let problem = match shown {
        Shown::Asked | Shown::SentAgain => None,
        Shown::TooSoon => Some((
            "too_soon",
            "A code was sent a moment ago. Look in the mailbox, or wait a little.",
        )),
        Shown::Wrong => Some((
            "code_wrong",
            "This is not the code, or it is too old. Check it, or ask for another.",
        )),
    };
    let problems = problem.map(|(code, sentence)| Problem::whole(code, sentence));
    let page = VerifyAddress {
        flow: desk.followed.sealed.clone(),
        form: waiting.seal(app)?,
        address: waiting.address.clone(),
        invited_address: desk
            .invitation
            .as_ref()
            .map(|it| it.email.as_typed().to_owned()),
        minutes: address::LIFETIME.num_minutes(),
        sent_again: shown == Shown::SentAgain,
        back_url: app.links.sign_up(&desk.followed.sealed),
        problems: problems.into_iter().collect(),
    };
    hosted.page(app, &hosted.shell_of(&desk.followed), &page)
}
