//! Who may be invited: the rules before anything is written.

use chrono::TimeDelta;

use super::{
    LONGEST_LIFETIME, LONGEST_MESSAGE, MOST_GROUPS, NewInvitation, Refused, SHORTEST_LIFETIME,
};
use crate::application::{Application, InviteMethod, Protocol};
use crate::kit::FieldProblem;

/// Whether the address belongs to an identity of the current store already (R40: no other store counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    Free,
    Taken,
}

/// R39, R41: denied exactly when the address is taken *and* the invitee could not choose another.
pub(super) fn address_admits(method: InviteMethod, address: Address) -> Result<(), Refused> {
    match (method, address) {
        (InviteMethod::ReadOnly, Address::Taken) => Err(Refused::AddressTaken),
        (InviteMethod::ReadOnly, Address::Free) | (InviteMethod::Editable, _) => Ok(()),
    }
}

/// R30–R32: one application, of this store, that speaks OpenID Connect.
pub(super) fn application_admits(
    application: &Application,
    new: &NewInvitation,
) -> Result<(), Refused> {
    if application.protocol == Protocol::Saml2 {
        return Err(Refused::ProtocolUnsupported);
    }
    if application.store != new.store {
        return Err(Refused::OtherStore);
    }
    Ok(())
}

/// Whether anybody has to be asked whose address it is.
pub(super) fn address_matters(method: InviteMethod) -> bool {
    address_admits(method, Address::Taken).is_err()
}

/// How long a link may be good.
pub(super) fn lifetime_problem(lifetime: TimeDelta) -> Option<FieldProblem> {
    let sentence = "Choose a lifetime from 1 hour to 30 days.";
    let fits = (SHORTEST_LIFETIME..=LONGEST_LIFETIME).contains(&lifetime);
    (!fits).then(|| FieldProblem::new("lifetime_seconds", "out_of_range", sentence))
}

/// Limits of the fields that no type checks.
pub(super) fn fields_admit(new: &NewInvitation) -> Result<(), Refused> {
    let mut problems = Vec::new();
    problems.extend(lifetime_problem(new.lifetime));
    if let Some(message) = &new.message {
        if message.chars().count() > LONGEST_MESSAGE {
            let sentence = format!("At most {LONGEST_MESSAGE} characters.");
            problems.push(FieldProblem::new("message", "too_long", sentence));
        }
        if message
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            let sentence = "The message contains control characters.";
            problems.push(FieldProblem::new("message", "invalid_characters", sentence));
        }
    }
    if new.groups.len() > MOST_GROUPS {
        let sentence = format!("At most {MOST_GROUPS} groups.");
        problems.push(FieldProblem::new("groups", "too_many", sentence));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Refused::Fields(problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R39, R41: of the four combinations only one denies.
    #[test]
    fn r39_denied_only_when_read_only_and_taken() {
        use Address::{Free, Taken};
        use InviteMethod::{Editable, ReadOnly};
        let denied = |method, address| address_admits(method, address).is_err();
        assert!(denied(ReadOnly, Taken));
        assert!(!denied(ReadOnly, Free));
        assert!(!denied(Editable, Taken));
        assert!(!denied(Editable, Free));
    }
}
