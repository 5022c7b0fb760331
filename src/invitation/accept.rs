//! The invitee finishes (R22, R45–R53): in one transaction the invitation turns Done, the identity, its identifiers, its password
//! and its memberships appear, and the log says so. Or nothing of it happens, and the link is as good as before (R129).

use super::address;
use super::decline::over;
use super::store;
use super::{Invitation, InvitationRef, Refused};
use uuid::Uuid;

use crate::access::{self, Role};
use crate::application::{AddressVerdict, ApplicationId, Catalogue, Purpose, SelfServicePolicy};
use crate::db::Tx;
use crate::event::{self, Actor};
use crate::federation::{self, ExternalIdentity, ExternalSignInId, link};
use crate::group;
use crate::identity::password::PasswordHash;
use crate::identity::{
    self, Attributes, Identity, IdentityId, NewIdentifier, NewIdentity, NewPassword, Profile,
    Proof, StoreId,
};
use crate::kit::{EmailAddress, Failed, Internal, Moment};

/// What an invitee filled in, checked and ready to be registered.
pub struct SignUp {
    /// Theirs from now on: the invited one, or another that the policy allows and that is proven.
    pub address: EmailAddress,
    /// Beside the address: a user name, a telephone number.
    pub identifiers: Vec<NewIdentifier>,
    pub profile: Profile,
    pub attributes: Attributes,
    pub credential: Credential,
}

/// With what the new account signs in. There is always something.
pub enum Credential {
    Password(PasswordHash),
    /// An account at a provider, proven in this browser.
    External(Box<External>),
}

/// Somebody who came from a provider.
pub struct External {
    pub id: ExternalSignInId,
    pub identity: ExternalIdentity,
}

impl SignUp {
    /// Whether the provider has proven the address: it says so, and it is authoritative for it (R36–R38, R131).
    fn is_proven_by_provider(&self) -> bool {
        let Credential::External(external) = &self.credential else {
            return false;
        };
        let named = external.identity.address.as_ref();
        named.is_some_and(|named| named.proven && named.address == self.address)
    }
}

/// What is true now.
#[derive(Debug)]
pub struct Accepted {
    pub identity: IdentityId,
    pub invitation: Invitation,
}

/// Makes a new account.
pub async fn with_new_account(
    tx: &mut Tx,
    catalogue: &Catalogue,
    moment: &Moment,
    link: InvitationRef,
    sign_up: SignUp,
) -> Result<Accepted, Failed<Refused>> {
    let invitation = claim(tx, moment, link).await?;
    let policy = policy_of(catalogue, &invitation)?;
    address_is_allowed(tx, policy, &invitation, &sign_up).await?;
    credential_is_allowed(policy, &sign_up.credential)?;
    let identity = register(tx, moment, invitation.store, sign_up).await?;
    finish(tx, catalogue, moment, invitation, identity).await
}

/// Uses the account that the person signed in with (R24, R41): its groups grow.
pub async fn with_existing_account(
    tx: &mut Tx,
    catalogue: &Catalogue,
    moment: &Moment,
    link: InvitationRef,
    identity: IdentityId,
) -> Result<Accepted, Failed<Refused>> {
    let invitation = claim(tx, moment, link).await?;
    let elsewhere = || Failed::Refused(Refused::IdentityElsewhere);
    let account = identity::find(tx, identity).await?.ok_or_else(elsewhere)?;
    if account.store != invitation.store {
        return Err(elsewhere());
    }
    account_is_allowed(
        tx,
        policy_of(catalogue, &invitation)?,
        &invitation,
        &account,
    )
    .await?;
    finish(tx, catalogue, moment, invitation, identity).await
}

/// Makes an account without an invitation, where the application's sign-up is open; the address has to be proven first.
pub async fn uninvited(
    tx: &mut Tx,
    catalogue: &Catalogue,
    moment: &Moment,
    to: Uninvited,
    sign_up: SignUp,
) -> Result<IdentityId, Failed<Refused>> {
    let application = catalogue.application(to.application);
    let application = application.ok_or(Failed::Refused(Refused::UnknownApplication))?;
    if application.policy.sign_up != crate::application::SignUp::Open {
        return Err(Failed::Refused(Refused::ByInvitationOnly));
    }
    credential_is_allowed(&application.policy, &sign_up.credential)?;
    let state = address::state(tx, to.subject, &sign_up.address).await?;
    if !state.proven && !sign_up.is_proven_by_provider() {
        return Err(Failed::Refused(Refused::AddressUnproven));
    }
    let identity = register(tx, moment, application.store, sign_up).await?;
    let placing = group::Placing {
        identity,
        invited: &[],
        invitation: None,
        application: application.id,
    };
    group::place(tx, moment, placing).await?;
    Ok(identity)
}

/// Where an uninvited person signs up, and under which number their address was proven.
#[derive(Debug, Clone, Copy)]
pub struct Uninvited {
    pub application: ApplicationId,
    pub subject: Uuid,
}

/// Whether the account could accept the invitation, without doing it: for the page that asks (R141).
pub async fn could_accept(
    tx: &mut Tx,
    catalogue: &Catalogue,
    invitation: &Invitation,
    account: &Identity,
) -> Result<bool, Internal> {
    if account.store != invitation.store {
        return Ok(false);
    }
    let Some(application) = catalogue.application(invitation.application) else {
        return Ok(false);
    };
    match account_is_allowed(tx, &application.policy, invitation, account).await {
        Ok(()) => Ok(true),
        Err(Failed::Refused(_)) => Ok(false),
        Err(Failed::Internal(internal)) => Err(internal),
    }
}

/// Takes the link first: whoever else is at the same step waits for us and then finds it used.
async fn claim(
    tx: &mut Tx,
    moment: &Moment,
    link: InvitationRef,
) -> Result<Invitation, Failed<Refused>> {
    let found = store::find(tx, link.id, moment.now).await?;
    let invitation = found.ok_or(Failed::Refused(Refused::UnknownInvitation))?;
    if store::claim(tx, link, moment.now).await? {
        Ok(invitation)
    } else {
        Err(Failed::Refused(over(tx, moment, link).await?))
    }
}

fn policy_of<'c>(
    catalogue: &'c Catalogue,
    invitation: &Invitation,
) -> Result<&'c SelfServicePolicy, Failed<Refused>> {
    let application = catalogue.application(invitation.application);
    application
        .map(|it| &it.policy)
        .ok_or(Failed::Refused(Refused::UnknownApplication))
}

/// Only what the application takes: no password where it wants none, no provider that it doesn't name.
fn credential_is_allowed(
    policy: &SelfServicePolicy,
    credential: &Credential,
) -> Result<(), Failed<Refused>> {
    let allowed = match credential {
        Credential::Password(_) => policy.allows_local(),
        Credential::External(external) => policy.allows(external.identity.connection),
    };
    allowed
        .then_some(())
        .ok_or(Failed::Refused(Refused::MethodNotAllowed))
}

/// R36–R38: the link proves the invited address; another one needs the policy's consent and a proof of its own.
async fn address_is_allowed(
    tx: &mut Tx,
    policy: &SelfServicePolicy,
    invitation: &Invitation,
    sign_up: &SignUp,
) -> Result<(), Failed<Refused>> {
    let wanted = &sign_up.address;
    let mut state = address::state(tx, invitation.id.uuid(), wanted).await?;
    state.proven |= sign_up.is_proven_by_provider();
    match policy.address.judge(&invitation.email, wanted) {
        AddressVerdict::Invited => Ok(()),
        AddressVerdict::AfterProof if state.proven => Ok(()),
        AddressVerdict::AfterProofAndApproval if state.proven && state.approved => Ok(()),
        AddressVerdict::AfterProofAndApproval if state.proven => {
            Err(Failed::Refused(Refused::AddressUnapproved))
        }
        AddressVerdict::AfterProof | AddressVerdict::AfterProofAndApproval => {
            Err(Failed::Refused(Refused::AddressUnproven))
        }
        AddressVerdict::Refused => Err(Failed::Refused(Refused::OtherAddress)),
    }
}

async fn account_is_allowed(
    tx: &mut Tx,
    policy: &SelfServicePolicy,
    invitation: &Invitation,
    account: &Identity,
) -> Result<(), Failed<Refused>> {
    let refused = || Failed::Refused(Refused::OtherAddress);
    let (address, proven) = account.email().ok_or_else(refused)?;
    let address: EmailAddress = address.parse().map_err(|_| refused())?;
    match policy.address.judge(&invitation.email, &address) {
        AddressVerdict::Invited => Ok(()),
        AddressVerdict::AfterProof if proven => Ok(()),
        AddressVerdict::AfterProofAndApproval
            if address::state(tx, invitation.id.uuid(), &address)
                .await?
                .approved =>
        {
            Ok(())
        }
        AddressVerdict::AfterProof
        | AddressVerdict::AfterProofAndApproval
        | AddressVerdict::Refused => Err(refused()),
    }
}

/// R34, R35: the address identifies the person where the store knows that kind, and is only where mail goes where it doesn't.
async fn register(
    tx: &mut Tx,
    moment: &Moment,
    store: StoreId,
    sign_up: SignUp,
) -> Result<IdentityId, Failed<Refused>> {
    let found = identity::find_store(tx, store).await?;
    let store = found.ok_or(Failed::Refused(Refused::OtherStore))?;
    let SignUp {
        address,
        mut identifiers,
        mut profile,
        attributes,
        credential,
    } = sign_up;
    let (password, external) = match credential {
        Credential::Password(hash) => (Some(NewPassword::Own(hash)), None),
        Credential::External(external) => (None, Some(external)),
    };
    if store.supports(identity::IdentifierKind::Email) {
        identifiers.insert(0, NewIdentifier::email(&address, Proof::Given));
    } else {
        profile = profile.with_contact(&address);
    }
    let new = NewIdentity {
        id: None,
        store: &store,
        identifiers,
        profile,
        attributes,
        password,
    };
    let identity = identity::register(tx, moment, &Actor::Anonymous, new)
        .await
        .map_err(|failed| failed.map(Refused::Identity))?;
    if let Some(external) = external {
        link_to(tx, moment, (store.id, identity), &external).await?;
    }
    Ok(identity)
}

/// The account at the provider is how the new account signs in. Its way ends here: nothing else can follow from it.
async fn link_to(
    tx: &mut Tx,
    moment: &Moment,
    (store, identity): (StoreId, IdentityId),
    external: &External,
) -> Result<(), Failed<Refused>> {
    if !federation::finish(tx, external.id, moment.now).await? {
        return Err(Failed::Refused(Refused::ExternalOver));
    }
    link::link(tx, moment, store, identity, &external.identity)
        .await
        .map_err(|failed| failed.map(Refused::Link))
}

/// An invitation into the console makes an administrator, of the kind that it was pre-filled with. What the invitee typed
/// doesn't count.
fn role_brought_by(catalogue: &Catalogue, invitation: &Invitation) -> Option<Role> {
    let application = catalogue.application(invitation.application)?;
    let role = invitation
        .attributes
        .get(access::ROLE_ATTRIBUTE)?
        .as_str()?;
    (application.purpose == Purpose::Console).then(|| role.parse().ok())?
}

async fn finish(
    tx: &mut Tx,
    catalogue: &Catalogue,
    moment: &Moment,
    invitation: Invitation,
    identity: IdentityId,
) -> Result<Accepted, Failed<Refused>> {
    store::set_identity(tx, invitation.id, identity).await?;
    let invited = store::groups_of(tx, invitation.id).await?;
    let placing = group::Placing {
        identity,
        invited: &invited,
        invitation: Some(invitation.id),
        application: invitation.application,
    };
    group::place(tx, moment, placing).await?;
    if let Some(role) = role_brought_by(catalogue, &invitation) {
        access::appoint(tx, moment, &invitation.inviter.actor, identity, role).await?;
    }
    let data = serde_json::json!({
        "identity": identity,
        "application": invitation.application,
        "invited_address": invitation.email.as_typed(),
    });
    let happening = event::Kind::InvitationAccepted.about(invitation.id, data);
    event::record(tx, moment, &Actor::Identity(identity), happening).await?;
    Ok(Accepted {
        identity,
        invitation,
    })
}
