//! The sign-up form (R21, R25, R42–R44): pre-filled, checked field by field, and finished in one transaction. Somebody who comes
//! from a provider finds its values there too, and needs no password (R24).

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::desk::Desk;
use super::verify_address;
use crate::app::{App, Hosted};
use crate::application::{AddressVerdict, SignUpForm};
use crate::identity::{self, IdentifierKind, NewIdentifier, Proof};
use crate::invitation::Refused;
use crate::invitation::accept::{Credential, SignUp};
use crate::invitation::form;
use crate::invitation::merge::Values;
use crate::invitation::open;
use crate::kit::{EmailAddress, Failed, FieldProblem, Internal, Refusal as _, Secret};
use crate::web::page::problems_of;
use crate::web::{PageFailure, Pairs, Query, form_again};

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
    if let Some(page) = desk.refuse_address(&app, &hosted)? {
        return Ok(page);
    }
    let (desk, filled) = desk.skip();
    if let (Some(filled), Some(credential)) = (filled, desk.external()) {
        return desk.finish(&app, &hosted, filled.with(credential)).await;
    }
    let problems = problems_of(&desk.over());
    desk.render(&app, &hosted, (&desk.start.values, None), problems)
}

pub(super) async fn submit(
    State(app): State<App>,
    hosted: Hosted,
    pairs: Pairs,
) -> Result<Response, PageFailure> {
    let mut submitted: Values = pairs.into_inner().into_iter().collect();
    let sealed = submitted.remove("flow").unwrap_or_default();
    let desk = match Desk::open(&app, &hosted, &sealed).await? {
        Ok(desk) => desk,
        Err(page) => return Ok(page),
    };
    if let Some(page) = desk.refuse_address(&app, &hosted)? {
        return Ok(page);
    }
    let password = Secret::new(submitted.remove("password").unwrap_or_default());
    let over = desk.over();
    if !over.is_empty() {
        return desk.show_problems(&app, &hosted, &submitted, &over);
    }
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
    address: EmailAddress,
    verdict: AddressVerdict,
    identifiers: Vec<NewIdentifier>,
    profile: identity::Profile,
    attributes: identity::Attributes,
}

impl Filled {
    fn with(self, credential: Credential) -> SignUp {
        SignUp {
            address: self.address,
            identifiers: self.identifiers,
            profile: self.profile,
            attributes: self.attributes,
            credential,
        }
    }
}

impl Desk {
    fn check(&self, submitted: &Values) -> Result<Filled, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let policy = &self.followed.application.policy;
        let fields = form::complete(policy, &self.store, &self.start.values, submitted)
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

    /// Nothing is asked where the policy says so, somebody comes from a provider, and nothing is missing or left to prove. The
    /// provider has to vouch for the very address that the account gets: a browser may be signed in there as somebody else,
    /// who would get the account without anybody seeing it.
    fn skip(self) -> (Self, Option<Filled>) {
        let policy = &self.followed.application.policy;
        if self.arrival.is_none() || policy.form != SignUpForm::WhenIncomplete {
            return (self, None);
        }
        let mut values = self.start.values.clone();
        values.insert("username".to_owned(), self.proposed_identifier());
        let filled = self.check(&values).ok();
        let filled = filled.filter(|filled| {
            self.proven_by_provider() == Some(&filled.address)
                && self.is_proven(filled.verdict, &filled.address)
        });
        (self, filled)
    }

    /// Whether the address needs no code: the link proves it, or the provider does.
    fn is_proven(&self, verdict: AddressVerdict, address: &EmailAddress) -> bool {
        match verdict {
            AddressVerdict::Invited => true,
            AddressVerdict::AfterProof => self.proven_by_provider() == Some(address),
            AddressVerdict::AfterProofAndApproval | AddressVerdict::Refused => false,
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

    async fn go_on(
        self,
        app: &App,
        hosted: &Hosted,
        (filled, submitted): (Filled, &BTreeMap<String, String>),
        password: &Secret,
    ) -> Result<Response, PageFailure> {
        let credential = match self.external() {
            Some(external) => external,
            None if !self.followed.application.policy.allows_local() => {
                let refused = Refused::MethodNotAllowed;
                let problem = FieldProblem::new("", refused.code(), refused.sentence());
                return self.show_problems(app, hosted, submitted, &[problem]);
            }
            None => {
                let own_words: Vec<String> = submitted.values().cloned().collect();
                match app.hasher.choose(password, own_words, &app.moment()).await {
                    Ok(hash) => Credential::Password(hash),
                    Err(Failed::Refused(not)) => {
                        let mut problems = not.fields();
                        if problems.is_empty() {
                            problems.push(FieldProblem::new("", not.code(), not.sentence()));
                        }
                        let page = self.form_with(app, hosted, submitted, &problems)?;
                        return Ok(form_again(&not, page));
                    }
                    Err(Failed::Internal(internal)) => return Err(internal.into()),
                }
            }
        };
        let proven = self.is_proven(filled.verdict, &filled.address);
        let sign_up = filled.with(credential);
        if proven {
            return self.finish(app, hosted, sign_up).await;
        }
        verify_address::ask(app, hosted, self, sign_up).await
    }
}
