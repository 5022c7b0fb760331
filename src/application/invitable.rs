//! Which applications people can be invited to (R30–R32): one rule for the form, the API and the command line.
//!
//! Whether a certain address may be invited is decided by `invitation`.

use std::sync::Arc;

use super::{Application, ApplicationId, Catalogue, Client};
use crate::kit::{Id, kinds};

/// An application as a choice in the invite form.
#[derive(Debug, Clone)]
pub struct Choice {
    pub application: Arc<Application>,
    /// Why it can't be chosen; it is shown all the same (R32).
    pub disabled: Option<NotInvitable>,
}

/// Why nobody can be invited to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotInvitable {
    /// R31, R32.
    #[error(
        "People can be invited only to applications that use OpenID Connect; this one uses SAML 2.0."
    )]
    ProtocolUnsupported,
}

impl NotInvitable {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ProtocolUnsupported => "application_protocol_unsupported",
        }
    }
}

impl Catalogue {
    /// The client that an invitation to the application is bound to (R32: also of an application with both protocols).
    /// `None`: there is no such application.
    #[must_use]
    pub fn invitable(&self, id: ApplicationId) -> Option<Result<&Arc<Client>, NotInvitable>> {
        let application = self.application(id)?;
        let client = self
            .client_of(id)
            .filter(|_| application.protocol.speaks_oidc());
        Some(client.ok_or(NotInvitable::ProtocolUnsupported))
    }

    /// The applications of a store, by name, each with the reason why it can't be chosen.
    #[must_use]
    pub fn choices(&self, store: Id<kinds::Store>) -> Vec<Choice> {
        let own = self.applications().iter().filter(|one| one.store == store);
        own.map(|application| Choice {
            application: application.clone(),
            disabled: self.invitable(application.id).and_then(Result::err),
        })
        .collect()
    }
}
