//! The providers that a page offers, as buttons.
//!
//! The same whether somebody has an account or not (checklist BR-04): only the application, the browser and what was typed count.

use std::sync::Arc;

use super::{App, Followed, Hosted};
use crate::application::Application;
use crate::federation::{Connection, ConnectionId};
use crate::kit::EmailAddress;
use crate::session::flow::Flow;
use crate::web::page::ProviderButton;

impl App {
    /// Buttons: first where the address of a domain leads, then what was used last in this browser, then by name.
    #[must_use]
    pub fn provider_buttons(&self, hosted: &Hosted, followed: &Followed) -> Vec<ProviderButton> {
        let application = &followed.application;
        let led = self.connection_for(&followed.flow, application, None);
        let led = led.map(|connection| connection.id);
        let last = hosted.last_connection();
        let connections = self.connections.current();
        let mut usable = connections.usable(&application.policy);
        usable.sort_by_key(|connection| {
            let id = Some(connection.id);
            (led != id, last != id)
        });
        usable.into_iter().map(button).collect()
    }

    /// Where people with such an address sign in (home-realm discovery): what was typed, or whom the flow expects.
    #[must_use]
    pub fn connection_for(
        &self,
        flow: &Flow,
        application: &Application,
        typed: Option<&str>,
    ) -> Option<Arc<Connection>> {
        let address = typed.or(flow.login_hint.as_deref())?;
        let address: EmailAddress = address.trim().parse().ok()?;
        let connections = self.connections.current();
        let connection = connections.for_domain(address.domain())?;
        let allowed = application.policy.allows(connection.id);
        allowed.then(|| Arc::clone(connection))
    }

    /// Whether a name without a password may lead somewhere.
    #[must_use]
    pub fn leads_by_domain(&self, application: &Application) -> bool {
        let connections = self.connections.current();
        let usable = connections.usable(&application.policy);
        usable.iter().any(|one| !one.settings.domains.is_empty())
    }

    /// Buttons for everything that an application takes, in no flow.
    #[must_use]
    pub fn buttons_of(&self, application: &Application) -> Vec<ProviderButton> {
        let connections = self.connections.current();
        let usable = connections.usable(&application.policy);
        usable.into_iter().map(button).collect()
    }
}

fn button(connection: &Arc<Connection>) -> ProviderButton {
    ProviderButton {
        id: connection.id.to_string(),
        name: connection.name.clone(),
    }
}

/// Reads what the browser remembers; it may be anything.
pub(super) fn remembered(text: &str) -> Option<ConnectionId> {
    text.parse().ok()
}
