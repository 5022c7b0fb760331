//! A person appears: the one way in, for accepted invitations, open sign-up and the API alike.

use serde_json::json;

use super::password::PasswordHash;
use super::{Attributes, IdentifierKind, IdentityId, IdentityStore, NewIdentifier, Profile, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Because, Failed, FieldProblem, Moment, Refusal};

/// A person who is going to exist. `attributes` were parsed with the definitions of the same store.
pub struct NewIdentity<'a> {
    /// Given where the caller needs the id before the person exists, made otherwise.
    pub id: Option<IdentityId>,
    pub store: &'a IdentityStore,
    pub identifiers: Vec<NewIdentifier>,
    pub profile: Profile,
    pub attributes: Attributes,
    pub password: Option<NewPassword>,
}

/// A password that a person is going to have.
pub enum NewPassword {
    /// Chosen by the person.
    Own(PasswordHash),
    /// Set by somebody else: it has to be changed at the first sign-in (R107).
    Temporary(PasswordHash),
}

impl NewPassword {
    pub(super) const fn parts(&self) -> (&PasswordHash, bool) {
        match self {
            Self::Own(hash) => (hash, false),
            Self::Temporary(hash) => (hash, true),
        }
    }
}

/// Why a person doesn't appear. The caller's unit of work must end with it, so that nothing half-made stays (R22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Nothing to sign in with, or more than anybody needs.
    IdentifierCount,
    /// The store doesn't identify people in this way (R35).
    Unsupported(IdentifierKind),
    /// Somebody else of this store has it.
    Taken(IdentifierKind),
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::IdentifierCount | Self::Unsupported(_) => Because::Unprocessable,
            Self::Taken(_) => Because::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::IdentifierCount => "identifier_required",
            Self::Unsupported(_) => "identifier_unsupported",
            Self::Taken(_) => "identifier_taken",
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::IdentifierCount => "Give between one and ten identifiers.".to_owned(),
            Self::Unsupported(kind) => format!("This identity store doesn't identify people by {kind}."),
            Self::Taken(IdentifierKind::Email) => {
                "An account with this e-mail address exists. Sign in with it, or use another address.".to_owned()
            }
            Self::Taken(IdentifierKind::Username) => {
                "This user name is taken. Choose a different one.".to_owned()
            }
            Self::Taken(IdentifierKind::Phone) => {
                "An account with this telephone number exists. Sign in with it, or use another number.".to_owned()
            }
        }
    }

    fn fields(&self) -> Vec<FieldProblem> {
        vec![FieldProblem::new(
            "identifiers",
            self.code(),
            self.sentence(),
        )]
    }
}

const MAX_IDENTIFIERS: usize = 10;

pub async fn register(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    new: NewIdentity<'_>,
) -> Result<IdentityId, Failed<Refused>> {
    check(&new).map_err(Failed::Refused)?;
    let id = new.id.unwrap_or_else(|| moment.id());
    store::insert_identity(
        tx,
        (id, new.store.id),
        &new.profile,
        &new.attributes,
        moment.now,
    )
    .await?;
    for identifier in &new.identifiers {
        let added =
            store::insert_identifier(tx, (id, new.store.id), identifier, moment.now).await?;
        if added == 0 {
            return Err(Failed::Refused(Refused::Taken(identifier.kind)));
        }
    }
    if let Some(password) = &new.password {
        let (hash, must_change) = password.parts();
        store::set_password(tx, id, hash, must_change, moment.now).await?;
    }
    let kinds: Vec<_> = new.identifiers.iter().map(|one| one.kind).collect();
    let data = json!({ "store": new.store.id, "identifiers": kinds });
    event::record(tx, moment, actor, Kind::IdentityCreated.about(id, data)).await?;
    Ok(id)
}

fn check(new: &NewIdentity<'_>) -> Result<(), Refused> {
    if !(1..=MAX_IDENTIFIERS).contains(&new.identifiers.len()) {
        return Err(Refused::IdentifierCount);
    }
    let unsupported = new
        .identifiers
        .iter()
        .find(|one| !new.store.supports(one.kind));
    unsupported.map_or(Ok(()), |one| Err(Refused::Unsupported(one.kind)))
}
