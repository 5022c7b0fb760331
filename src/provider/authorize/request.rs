//! An authorization request as understood: who asks, where the answer goes, and what is asked for.
//!
//! The checks stand in one list; the first that fails decides the answer.

use std::sync::Arc;

use chrono::TimeDelta;

use super::answer::{ResponseMode, WayBack};
use super::asked::Asked;
use super::checks;
use super::refused::{NoWayBack, Refused};
use crate::application::{Application, Catalogue, Client, Scopes};
use crate::grant::ClaimsRequest;

/// The client that asks, and its application.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) client: Arc<Client>,
    pub(super) application: Arc<Application>,
    /// Whether nobody but the client receives the answer (RFC 8252 section 8.6).
    pub(super) proven: bool,
}

/// A request that can be answered.
#[derive(Debug, Clone)]
pub(super) struct AuthorizationRequest {
    pub(super) party: Party,
    pub(super) back: WayBack,
    pub(super) wants: Wants,
}

/// What is asked for, parameter by parameter.
#[derive(Debug, Clone, Default)]
pub(super) struct Wants {
    pub(super) mode: ResponseMode,
    /// What the client may have of what it asks for.
    pub(super) scope: Scopes,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: Option<String>,
    pub(super) prompt: Prompt,
    /// How long ago the person may have proven who they are; the client's own default included.
    pub(super) max_age: Option<TimeDelta>,
    pub(super) claims: ClaimsRequest,
    /// The only person who will do: of `id_token_hint` or of the `claims` parameter.
    pub(super) subject: Option<String>,
}

/// The values of `prompt` (OpenID Connect Core section 3.1.2.1, Initiating User Registration 1.0).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prompt(pub(super) Vec<PromptValue>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PromptValue {
    None,
    Login,
    Consent,
    SelectAccount,
    Create,
}

impl Prompt {
    pub(super) fn has(&self, value: PromptValue) -> bool {
        self.0.contains(&value)
    }
}

/// Finds out who the `id_token_hint` is about, if it is one of ours for this client.
pub(super) type ReadHint<'a> = &'a (dyn Fn(&Client, &str) -> Option<String> + Sync);

impl Party {
    /// Who asks and where the answer goes. As long as this isn't certain, nobody is sent anywhere (RFC 6749 section 4.1.2.1).
    pub(super) fn find(catalogue: &Catalogue, asked: &Asked) -> Result<(Self, WayBack), NoWayBack> {
        let id = asked.only("client_id").ok_or(NoWayBack::ClientMissing)?;
        let id = id.parse().map_err(|_| NoWayBack::UnknownClient)?;
        let (client, application) = catalogue
            .relying_party(id)
            .ok_or(NoWayBack::UnknownClient)?;
        let requested = asked
            .only("redirect_uri")
            .ok_or(NoWayBack::RedirectUriMissing)?;
        let registered = client
            .redirect_uri(requested)
            .ok_or(NoWayBack::UnknownRedirectUri)?;
        let party = Self {
            client: client.clone(),
            application: application.clone(),
            proven: !client.is_public() || registered.proves_client(),
        };
        let back = WayBack {
            redirect_uri: requested.to_owned(),
            mode: ResponseMode::parse(asked.only("response_mode")).unwrap_or_default(),
            state: asked.only("state").map(str::to_owned),
        };
        Ok((party, back))
    }
}

impl AuthorizationRequest {
    /// Judges everything else; what fails goes back to the client.
    pub(super) fn understand(
        party: Party,
        back: WayBack,
        asked: &Asked,
        read_hint: ReadHint<'_>,
    ) -> Result<Self, Refused> {
        let mut wants = Wants::default();
        let desk = checks::Desk {
            asked,
            client: &party.client,
            read_hint,
        };
        for check in checks::IN_ORDER {
            check(&desk, &mut wants)?;
        }
        Ok(Self { party, back, wants })
    }

    /// Reads a request that was judged before and carried in a flow. The catalogue may have changed meanwhile.
    pub(super) fn of_flow(
        catalogue: &Catalogue,
        parameters: &[(String, String)],
    ) -> Result<Result<Self, (WayBack, Refused)>, NoWayBack> {
        let asked = Asked::of_flow(parameters);
        let (party, back) = Party::find(catalogue, &asked)?;
        let understood = Self::understand(party, back.clone(), &asked, &|_, _| None);
        Ok(understood.map_err(|refused| (back, refused)))
    }
}
