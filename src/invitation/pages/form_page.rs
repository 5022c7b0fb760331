//! The sign-up form as a page: which fields, with which values, locked or not, and what is wrong with them.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::attribute_field;
use super::sign_up::Desk;
use crate::app::{App, Hosted};
use crate::application::{AddressMode, FieldMode};
use crate::identity::IdentifierKind;
use crate::identity::password::MIN_CHARACTERS;
use crate::invitation::form::{self, ATTRIBUTE};
use crate::kit::FieldProblem;
use crate::web::PageFailure;
use crate::web::page::{self, IdentifierRule, PasswordField, Problem, problems_of};

impl Desk {
    pub(super) fn show_problems(
        &self,
        app: &App,
        hosted: &Hosted,
        submitted: &BTreeMap<String, String>,
        problems: &[FieldProblem],
    ) -> Result<Response, PageFailure> {
        let prefilled = self
            .invitation
            .as_ref()
            .map(form::prefilled)
            .unwrap_or_default();
        let mut values = prefilled;
        values.extend(
            submitted
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        let username = submitted.get("username").map(String::as_str);
        let page = self.render(app, hosted, (&values, username), problems_of(problems))?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
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
            password: PasswordField {
                minimum: MIN_CHARACTERS,
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
        let invited = self.invitation.as_ref().map(|it| it.email.as_typed());
        let hint = invited.or(self.followed.flow.login_hint.as_deref());
        // The claim names the field for people; the form calls it `username` either way.
        let field = if self.knows_addresses() {
            page::Field::claim("email", typed.or(hint).unwrap_or_default())
        } else {
            page::Field::claim("preferred_username", typed.unwrap_or_default())
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
        let shown = match definition {
            Some(definition) => attribute_field(definition, &field.value),
            None => page::Field::claim(&field.name, field.value),
        };
        match field.mode {
            FieldMode::Required => shown.required(),
            FieldMode::ReadOnly => shown.locked(),
            FieldMode::Optional | FieldMode::Hidden => shown,
        }
    }
}
