//! Where a flow goes next: one function that looks at what is known and says one thing.
//!
//! Pure: it reads no store, writes nothing, and no page asks it twice for the same answer.

use chrono::{DateTime, TimeDelta, Utc};

use super::refused::Refused;
use super::request::{AuthorizationRequest, PromptValue};
use crate::application::{Scopes, SignUp};
use crate::grant::consent::Consent;
use crate::identity::IdentityId;
use crate::session::flow::Flow;
use crate::session::{Session, SessionId};

/// How much the clock of an external provider, whose `auth_time` has whole seconds, may be behind ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);
/// How long a proof that was asked for on this way counts as new: long enough for consent and a slow reader, too short for
/// somebody who finds the page open in the afternoon.
const PROOF_IS_NEW: TimeDelta = TimeDelta::minutes(15);

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    SignIn,
    /// With another account than this session's.
    SignInAs(SessionId),
    SignUp,
    /// The account at a provider becomes a way into the signed-in account, if the person wants that.
    LinkAccount,
    /// The account at a provider belongs to nobody here, and nobody may sign up with it uninvited.
    NoAccount,
    ChooseAccount,
    AskConsent,
    /// The client gets its code, for these scopes.
    Answer(Scopes),
    Refuse(Refused),
    /// There is no client to answer: the person lands in the application (R127).
    Land,
}

/// What has become of the invitation that a flow follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invited {
    No,
    /// It waits, or it is over and has a page that says so.
    Open,
    Accepted(IdentityId),
}

/// Whom a provider has proven in this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrived {
    Nobody,
    /// Somebody whose account there is nobody's way in here.
    Stranger,
}

/// Everything that decides.
pub(super) struct Situation<'a> {
    pub(super) flow: &'a Flow,
    /// Of the application's store.
    pub(super) session: Option<&'a Session>,
    /// `None`: the flow leads to the application itself.
    pub(super) request: Option<&'a AuthorizationRequest>,
    pub(super) invited: Invited,
    pub(super) arrived: Arrived,
    /// Who may sign up with the application.
    pub(super) sign_up: SignUp,
    /// What the person allowed this client before.
    pub(super) allowed: Option<&'a Consent>,
    pub(super) now: DateTime<Utc>,
}

pub(super) fn next_step(situation: &Situation<'_>) -> Step {
    let silent = situation.prompts(PromptValue::None);
    match situation.step() {
        step @ (Step::Answer(_) | Step::Refuse(_) | Step::Land) => step,
        step if !silent => step,
        // Nothing may be shown: OpenID Connect Core section 3.1.2.6.
        Step::SignIn | Step::SignInAs(_) => {
            Step::Refuse(Refused::login_required("The person has to sign in."))
        }
        Step::AskConsent => Step::Refuse(Refused::consent_required("The person has to be asked.")),
        Step::SignUp | Step::LinkAccount | Step::NoAccount | Step::ChooseAccount => {
            let sentence = "The person has to do something.";
            Step::Refuse(Refused::interaction_required(sentence))
        }
    }
}

impl Situation<'_> {
    fn prompts(&self, value: PromptValue) -> bool {
        self.request
            .is_some_and(|request| request.wants.prompt.has(value))
    }

    /// Whether the person has proven who they are on this very way. An external provider may have let them pass for an
    /// earlier proof: the session is as new as this flow, the proof isn't.
    fn is_fresh(&self, session: &Session) -> bool {
        self.has_just_begun(session) && session.authenticated_at + CLOCKS_DIFFER >= self.flow.begun
    }

    fn has_just_begun(&self, session: &Session) -> bool {
        self.flow.has_seen_begin(session) && self.now - session.began_at <= PROOF_IS_NEW
    }

    /// The person proves once more who they are; when a provider has just let them pass for an old proof, asking again
    /// would go round in circles.
    fn prove_again(&self, session: &Session) -> Step {
        if self.has_just_begun(session) {
            let sentence = "The person's provider did not ask them to sign in again.";
            return Step::Refuse(Refused::login_required(sentence));
        }
        Step::SignIn
    }

    /// Where somebody goes whom a provider has proven and nobody here knows. An account that exists is linked by its owner
    /// only, who has just signed in to it; whose address it has doesn't count (R131).
    fn step_of_stranger(&self, session: Option<&Session>) -> Step {
        match session.filter(|session| self.flow.has_chosen(session)) {
            Some(session) if self.flow.may_link(session, self.now) => Step::LinkAccount,
            Some(_) => Step::SignIn,
            None if self.invited == Invited::Open => Step::SignUp,
            None if self.invited == Invited::No && self.sign_up == SignUp::Open => Step::SignUp,
            None => Step::NoAccount,
        }
    }

    fn step(&self) -> Step {
        let session = self.session.filter(|session| self.flow.accepts(session));
        if self.arrived == Arrived::Stranger {
            return self.step_of_stranger(session);
        }
        let accepted = match self.invited {
            Invited::Open => return Step::SignUp,
            Invited::Accepted(identity) => Some(identity),
            Invited::No => None,
        };
        if self.prompts(PromptValue::Create) && accepted.is_none() && !self.signed_up(session) {
            return Step::SignUp;
        }
        let Some(session) = session else {
            return Step::SignIn;
        };
        if accepted.is_some_and(|identity| identity != session.identity) {
            return Step::SignUp; // somebody else's invitation: its page says that it is used
        }
        match self.request {
            Some(request) => self.step_of(request, session),
            None => Step::Land,
        }
    }

    fn signed_up(&self, session: Option<&Session>) -> bool {
        session.is_some_and(|session| self.flow.has_seen_begin(session))
    }

    fn step_of(&self, request: &AuthorizationRequest, session: &Session) -> Step {
        let fresh = self.is_fresh(session);
        if self.prompts(PromptValue::Login) && !fresh {
            return self.prove_again(session);
        }
        let age = self.now - session.authenticated_at;
        if !fresh
            && request
                .wants
                .max_age
                .is_some_and(|max| age > max || max.is_zero())
        {
            return self.prove_again(session);
        }
        if !request.accepts(session.identity) {
            let sentence = "Somebody else signed in than the one who was asked for.";
            let refused = Step::Refuse(Refused::login_required(sentence));
            return if self.flow.has_seen_begin(session) {
                refused
            } else {
                Step::SignInAs(session.id)
            };
        }
        if self.prompts(PromptValue::SelectAccount) && !self.flow.has_chosen(session) {
            return Step::ChooseAccount;
        }
        match request.granted(self.allowed, self.flow.begun) {
            Some(scope) => Step::Answer(scope),
            None => Step::AskConsent,
        }
    }
}

impl AuthorizationRequest {
    /// CORE-17, CORE-39: whether this person will do.
    fn accepts(&self, identity: IdentityId) -> bool {
        let subject = self.wants.subject.as_ref();
        subject.is_none_or(|subject| *subject == identity.to_string())
    }
}
