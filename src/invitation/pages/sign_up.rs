//! The sign-up form (R21, R25, R42–R44): pre-filled, checked field by field, and finished in one transaction.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::ends::ended;
use super::verify_address;
use crate::app::{App, Followed, Hosted};
use crate::application::{AddressVerdict, SignUp as Policy};
use crate::identity::password::{NotTaken, PasswordHash};
use crate::identity::{self, IdentifierKind, IdentityStore, NewIdentifier, Proof};
use uuid::Uuid;

use crate::invitation::accept::{self, SignUp, Uninvited};
use crate::invitation::form::{self};
use crate::invitation::open::{self, Link};
use crate::invitation::{Invitation, Refused};
use crate::kit::{EmailAddress, Failed, FieldProblem, Internal, Refusal as _, Secret};
use crate::session::{self, NewSession};
use crate::web::{Failure, PageFailure, Pairs, Query};

/// What the form is about: the flow, the people it adds to, and the invitation unless sign-up is open.
pub(super) struct Desk {
    pub(super) followed: Followed,
    pub(super) store: IdentityStore,
    pub(super) invitation: Option<Invitation>,
    /// Under which number another address is proven.
    pub(super) subject: Uuid,
}

#[derive(Deserialize)]
pub(super) struct FlowQuery {
    flow: String,
}

pub(super) async fn show(
    State(app): State<App>,
    hosted: Hosted,
    Query(query): Query<FlowQuery>,
) -> Result<Response, PageFailure> {
    let desk = match Desk::open(&app, &hosted, &query.flow).await? {
        Ok(desk) => desk,
        Err(page) => return Ok(page),
    };
    // Where no invitation asks for a decision, a new account simply takes the signed-in one's place.
    if desk.invitation.is_some() && hosted.session_in(desk.store.id).is_some() {
        return Ok(Redirect::to(&app.links.different_account(&query.flow)).into_response());
    }
    if let Some(invitation) = &desk.invitation {
        let (moment, link) = (app.moment(), invitation.link());
        let started: Result<(), Internal> = app
            .db
            .write(async |tx| open::started(tx, &moment, link).await)
            .await;
        started?;
    }
    let values = desk
        .invitation
        .as_ref()
        .map(form::prefilled)
        .unwrap_or_default();
    desk.render(&app, &hosted, (&values, None), Vec::new())
}

pub(super) async fn submit(
    State(app): State<App>,
    hosted: Hosted,
    pairs: Pairs,
) -> Result<Response, PageFailure> {
    let mut submitted: BTreeMap<String, String> = pairs.into_inner().into_iter().collect();
    let sealed = submitted.remove("flow").unwrap_or_default();
    let desk = match Desk::open(&app, &hosted, &sealed).await? {
        Ok(desk) => desk,
        Err(page) => return Ok(page),
    };
    let password = Secret::new(submitted.remove("password").unwrap_or_default());
    match desk.check(&submitted) {
        Ok(filled) => {
            desk.go_on(&app, &hosted, (filled, &submitted), &password)
                .await
        }
        Err(problems) => desk.show_problems(&app, &hosted, &submitted, &problems),
    }
}

/// The form's contents, well-formed.
pub(super) struct Filled {
    pub(super) address: EmailAddress,
    pub(super) verdict: AddressVerdict,
    pub(super) identifiers: Vec<NewIdentifier>,
    pub(super) profile: identity::Profile,
    pub(super) attributes: identity::Attributes,
}

impl Filled {
    pub(super) fn with(self, password: PasswordHash) -> SignUp {
        let Self {
            address,
            identifiers,
            profile,
            attributes,
            ..
        } = self;
        SignUp {
            address,
            identifiers,
            profile,
            attributes,
            password,
        }
    }
}

impl Desk {
    /// Reads the flow and looks at what it follows; a link that is over has a page of its own.
    pub(super) async fn open(
        app: &App,
        hosted: &Hosted,
        sealed: &str,
    ) -> Result<Result<Self, Response>, PageFailure> {
        let followed = hosted.follow(app, sealed)?;
        let (moment, link) = (app.moment(), followed.flow.invitation);
        let store_id = followed.application.store;
        let read: Result<_, Internal> = app
            .db
            .read(async |tx| {
                let link = match link {
                    Some(link) => Some(open::look_again(tx, &moment, link).await?),
                    None => None,
                };
                Ok((identity::find_store(tx, store_id).await?, link))
            })
            .await;
        let (store, link) = read?;
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
        Ok(Ok(Self {
            followed,
            store,
            invitation,
            subject,
        }))
    }

    fn check(&self, submitted: &BTreeMap<String, String>) -> Result<Filled, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let prefilled = self
            .invitation
            .as_ref()
            .map(form::prefilled)
            .unwrap_or_default();
        let policy = &self.followed.application.policy;
        let fields = form::complete(policy, &self.store, &prefilled, submitted)
            .map_err(|found| problems.extend(found))
            .ok();
        let typed = submitted.get("username").map_or("", |text| text.trim());
        let identifier = self
            .identifier(typed)
            .map_err(|problem| problems.insert(0, problem))
            .ok();
        match (identifier, fields) {
            (Some((address, verdict, identifiers)), Some((profile, attributes)))
                if problems.is_empty() =>
            {
                Ok(Filled {
                    address,
                    verdict,
                    identifiers,
                    profile,
                    attributes,
                })
            }
            _ => Err(problems),
        }
    }

    /// R34, R35: where the store knows addresses, the address is the identifier; elsewhere the invitee gives another one.
    fn identifier(
        &self,
        typed: &str,
    ) -> Result<(EmailAddress, AddressVerdict, Vec<NewIdentifier>), FieldProblem> {
        let wrong = |code, sentence: String| FieldProblem::new("username", code, sentence);
        if self.store.supports(IdentifierKind::Email) {
            let address: EmailAddress = typed
                .parse()
                .map_err(|error| wrong("malformed", format!("{error}")))?;
            return match self.judge(&address) {
                AddressVerdict::Refused => Err(wrong(
                    "address_not_invited",
                    Refused::OtherAddress.sentence(),
                )),
                verdict => Ok((address, verdict, Vec::new())),
            };
        }
        let invited = self
            .invitation
            .as_ref()
            .map(|invitation| invitation.email.clone());
        let address = invited.ok_or_else(|| {
            wrong(
                "invitation_needed",
                "Sign-up here needs an invitation.".into(),
            )
        })?;
        let (kind, _) = self.store.recognise(typed).ok_or_else(|| {
            wrong(
                "malformed",
                "Choose a user name with letters, digits, dots and hyphens.".into(),
            )
        })?;
        let identifier = NewIdentifier::parse(kind, typed, Proof::Missing)
            .map_err(|error| wrong("malformed", error.to_string()))?;
        Ok((address, AddressVerdict::Invited, vec![identifier]))
    }

    /// The invitation whose inviter has to agree to the address.
    pub(super) fn waits_for_approval(&self, address: &EmailAddress) -> Option<&Invitation> {
        let waits = self.judge(address) == AddressVerdict::AfterProofAndApproval;
        self.invitation.as_ref().filter(|_| waits)
    }

    fn judge(&self, address: &EmailAddress) -> AddressVerdict {
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

    async fn go_on(
        self,
        app: &App,
        hosted: &Hosted,
        (filled, submitted): (Filled, &BTreeMap<String, String>),
        password: &Secret,
    ) -> Result<Response, PageFailure> {
        let own_words: Vec<String> = submitted.values().cloned().collect();
        let hash = match app.hasher.choose(password, own_words, &app.moment()).await {
            Ok(hash) => hash,
            Err(Failed::Refused(NotTaken::Weak(weak))) => {
                let problem = FieldProblem::new("password", weak.code, weak.sentence);
                return self.show_problems(app, hosted, submitted, &[problem]);
            }
            Err(failed) => return Err(failed.into()),
        };
        if filled.verdict == AddressVerdict::Invited {
            return self.finish(app, hosted, filled.with(hash)).await;
        }
        verify_address::ask(app, hosted, self, filled.with(hash)).await
    }

    /// The invitation is accepted, the account exists and the browser is signed in: one transaction.
    pub(super) async fn finish(
        self,
        app: &App,
        hosted: &Hosted,
        sign_up: SignUp,
    ) -> Result<Response, PageFailure> {
        let (moment, catalogue) = (app.moment(), app.catalogue.current());
        let store = self.store.id;
        let uninvited = Uninvited {
            application: self.followed.application.id,
            subject: self.subject,
        };
        let values = typed_again(&sign_up);
        let link = self.invitation.as_ref().map(Invitation::link);
        let accepted = app
            .db
            .write(async |tx| {
                let identity = match link {
                    Some(link) => {
                        accept::with_new_account(tx, &catalogue, &moment, link, sign_up)
                            .await?
                            .identity
                    }
                    None => accept::uninvited(tx, &catalogue, &moment, uninvited, sign_up).await?,
                };
                let lifetime = app.session_lifetime();
                let new = NewSession {
                    identity,
                    store,
                    methods: session::Methods::password(),
                    authenticated_at: None,
                    origin: None,
                    lifetime,
                };
                Ok(session::begin(tx, &moment, new).await?)
            })
            .await;
        match accepted {
            Ok(started) => {
                let go = Redirect::to(&app.links.continue_flow(&self.followed.sealed));
                Ok(hosted.signed_in(app, &started, go.into_response())?)
            }
            Err(Failed::Refused(Refused::Identity(refused))) => {
                let problem = FieldProblem::new("username", refused.code(), refused.sentence());
                self.show_problems(app, hosted, &values, &[problem])
            }
            Err(Failed::Refused(Refused::LinkOver(_) | Refused::LinkReplaced)) => {
                match Self::open(app, hosted, &self.followed.sealed).await? {
                    Err(page) => Ok(page),
                    Ok(_) => Err(Failure::from(Refused::LinkReplaced).into()),
                }
            }
            Err(failed) => Err(failed.into()),
        }
    }
}

/// What the person typed, for a form that is shown again. Never the password.
fn typed_again(sign_up: &SignUp) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = sign_up
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
