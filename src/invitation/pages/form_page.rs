//! The sign-up form as a page: which fields, with which values, locked or not, and what is wrong with them.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::attribute_field;
use super::desk::Desk;
use crate::app::{App, Hosted};
use crate::application::{AddressMode, FieldMode};
use crate::identity::IdentifierKind;
use crate::identity::password::MIN_CHARACTERS;
use crate::invitation::form::{self, ATTRIBUTE};
use crate::invitation::merge::Side;
use crate::kit::{EmailAddress, FieldProblem};
use crate::web::PageFailure;
use crate::web::page::{
    self, External, IdentifierRule, OtherValue, PasswordField, Problem, problems_of,
};

impl Desk {
    pub(super) fn show_problems(
        &self,
        app: &App,
        hosted: &Hosted,
        submitted: &BTreeMap<String, String>,
        problems: &[FieldProblem],
    ) -> Result<Response, PageFailure> {
        let page = self.form_with(app, hosted, submitted, problems)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }

    /// The form as it was filled in, with what is the matter.
    pub(super) fn form_with(
        &self,
        app: &App,
        hosted: &Hosted,
        submitted: &BTreeMap<String, String>,
        problems: &[FieldProblem],
    ) -> Result<Response, PageFailure> {
        let mut values = self.start.values.clone();
        values.extend(
            submitted
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        let username = submitted.get("username").map(String::as_str);
        self.render(app, hosted, (&values, username), problems_of(problems))
    }

    pub(super) fn render(
        &self,
        app: &App,
        hosted: &Hosted,
        (values, username): (&BTreeMap<String, String>, Option<&str>),
        problems: Vec<Problem>,
    ) -> Result<Response, PageFailure> {
        let shown = form::shown(&self.followed.application.policy, &self.store, values);
        let page = page::SignUp {
            flow: self.followed.sealed.clone(),
            inviter: self.invitation.as_ref().map(|it| it.inviter.name.clone()),
            identifier: self.identifier_field(username),
            identifier_rule: self.rule(),
            fields: shown.into_iter().map(|field| self.field(field)).collect(),
            password: self.password_field(),
            external: self.arrival.as_ref().map(|arrival| External {
                connection: arrival.connection.name.clone(),
                account: arrival.identity.label.clone(),
            }),
            providers: match self.arrival {
                Some(_) => Vec::new(),
                None => app.provider_buttons(hosted, &self.followed),
            },
            sign_in_url: Some(app.links.sign_in(&self.followed.sealed)),
            problems,
        };
        let mut response = hosted.page(app, &hosted.shell_of(&self.followed), &page)?;
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    /// None for somebody who comes from a provider, nor where the application takes no passwords.
    fn password_field(&self) -> Option<PasswordField> {
        let local = self.followed.application.policy.allows_local();
        (local && self.arrival.is_none()).then_some(PasswordField {
            minimum: MIN_CHARACTERS,
        })
    }

    /// Who says something else than what a field starts with.
    fn other(&self, value: &str) -> Option<OtherValue> {
        let who = match self.start.others_are? {
            Side::Provider => self.arrival.as_ref()?.connection.name.clone(),
            Side::Invitation => self.invitation.as_ref()?.inviter.name.clone(),
        };
        let value = value.to_owned();
        Some(OtherValue { who, value })
    }

    /// The address that isn't proposed, if there are two.
    fn other_address(&self, proposed: &str) -> Option<OtherValue> {
        let arrival = self.arrival.as_ref()?;
        let invitation = self.invitation.as_ref()?;
        let provided = &arrival.identity.address.as_ref()?.address;
        if *provided == invitation.email {
            return None;
        }
        let proposed: EmailAddress = proposed.parse().ok()?;
        let (who, value) = if proposed == invitation.email {
            (&arrival.connection.name, provided)
        } else {
            (&invitation.inviter.name, &invitation.email)
        };
        Some(OtherValue {
            who: who.clone(),
            value: value.as_typed().to_owned(),
        })
    }

    pub(super) fn knows_addresses(&self) -> bool {
        self.store.supports(IdentifierKind::Email)
    }

    fn rule(&self) -> Option<IdentifierRule> {
        self.invitation
            .as_ref()
            .filter(|_| self.knows_addresses())?;
        Some(match self.followed.application.policy.address {
            AddressMode::SameAddress => IdentifierRule::Same,
            AddressMode::SameDomain => IdentifierRule::SameDomain,
            AddressMode::AnyVerifiedAddress => IdentifierRule::AnyVerified,
            AddressMode::AnyWithApproval => IdentifierRule::AnyWithApproval,
        })
    }

    fn identifier_field(&self, typed: Option<&str>) -> page::Field {
        let value = typed.map_or_else(|| self.proposed_identifier(), str::to_owned);
        // The claim names the field for people; the form calls it `username` either way.
        let field = if self.knows_addresses() {
            let other = self.other_address(&value);
            page::Field {
                other,
                ..page::Field::claim("email", value)
            }
        } else {
            page::Field::claim("preferred_username", value)
        };
        page::Field {
            autocomplete: "username",
            locked: self.rule() == Some(IdentifierRule::Same),
            required: true,
            ..field
        }
    }

    fn field(&self, field: form::Field) -> page::Field {
        let named = field.name.strip_prefix(ATTRIBUTE);
        let definition =
            named.and_then(|name| self.store.attributes.iter().find(|it| it.name == name));
        let other = self.start.others.get(&field.name);
        let other = other.and_then(|value| self.other(value));
        let shown = match definition {
            Some(definition) => attribute_field(definition, &field.value),
            None => page::Field::claim(&field.name, field.value),
        };
        let shown = page::Field { other, ..shown };
        match field.mode {
            FieldMode::Required => shown.required(),
            FieldMode::ReadOnly => shown.locked(),
            FieldMode::Optional | FieldMode::Hidden => shown,
        }
    }
}
