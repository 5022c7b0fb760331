//! What callers of the management API send about invitations, read with all its mistakes at once.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::application::{ApplicationId, Catalogue};
use crate::event::Actor;
use crate::group::GroupId;
use crate::identity::{Profile, StoreId};
use crate::invitation::{DEFAULT_LIFETIME, Inviter, NewInvitation, Refused, Sending};
use crate::kit::{EmailAddress, FieldProblem};
use crate::web::{Failure, Locale};

/// Somebody to invite.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitationBody {
    pub(super) application: ApplicationId,
    /// The application's own store if missing; any other is refused.
    store: Option<StoreId>,
    #[schema(format = "email", max_length = 254)]
    email: String,
    #[serde(default)]
    #[schema(max_items = 100)]
    groups: Vec<GroupId>,
    /// OpenID Connect standard claims to pre-fill; `address.locality` and the like for the parts of the address.
    #[serde(default)]
    profile: BTreeMap<String, String>,
    /// Custom attributes of the identity store to pre-fill.
    #[serde(default)]
    #[schema(value_type = Object)]
    attributes: BTreeMap<String, Value>,
    /// The language of letter and pages.
    #[schema(example = "en")]
    locale: Option<String>,
    /// Stands in the letter.
    #[schema(max_length = 1000)]
    message: Option<String>,
    /// 3600 (an hour) to 2592000 (30 days); 7 days if missing.
    #[schema(minimum = 3600, maximum = 2_592_000)]
    lifetime_seconds: Option<i64>,
    inviter: Option<InviterBody>,
    #[serde(default)]
    sending: SendingBody,
}

/// The person on whose behalf a program invites.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InviterBody {
    /// Stands in the letter.
    #[schema(max_length = 100)]
    name: String,
    /// Is told when the letter can't be delivered, and when a fresh link is asked for.
    #[schema(format = "email")]
    email: Option<String>,
}

/// How the link reaches the invitee.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SendingBody {
    /// In a letter.
    #[default]
    Letter,
    /// The caller hands it over.
    Link,
}

impl InvitationBody {
    pub(super) const fn sending(&self) -> Sending {
        match self.sending {
            SendingBody::Letter => Sending::Letter,
            SendingBody::Link => Sending::LinkOnly,
        }
    }

    /// Who the letter names: the person given, or the program by its name.
    pub(super) fn inviter(&self, program: &str, actor: Actor) -> Result<Inviter, Failure> {
        let Some(person) = &self.inviter else {
            return Ok(Inviter {
                name: program.to_owned(),
                actor,
                email: None,
            });
        };
        let name = person.name.trim();
        let mut problems = Vec::new();
        if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            let sentence = "Give a name of 1 to 100 characters on one line.";
            problems.push(FieldProblem::new("inviter/name", "bad_name", sentence));
        }
        let email = person
            .email
            .as_deref()
            .map(|text| address("inviter/email", text, &mut problems));
        if problems.is_empty() {
            Ok(Inviter {
                name: name.to_owned(),
                actor,
                email: email.flatten(),
            })
        } else {
            Err(Failure::invalid(problems))
        }
    }

    /// The invitee will live in the application's store, or in the one named, which is then compared with it.
    pub(super) fn read(&self, catalogue: &Catalogue) -> Result<NewInvitation, Failure> {
        let application = catalogue
            .application(self.application)
            .ok_or(Refused::UnknownApplication)?;
        let mut problems = Vec::new();
        let email = address("email", &self.email, &mut problems);
        let profile = inside(
            "profile",
            Profile::parse(self.profile.clone()),
            &mut problems,
        );
        let locale = self
            .locale
            .as_deref()
            .map_or_else(|| Some(Locale::default()), Locale::known);
        if locale.is_none() {
            let known: Vec<String> = Locale::all().iter().map(ToString::to_string).collect();
            let sentence = format!("Available: {}.", known.join(", "));
            problems.push(FieldProblem::new("locale", "unknown_locale", sentence));
        }
        let (Some(email), Some(profile), Some(locale)) = (email, profile, locale) else {
            return Err(Failure::invalid(problems));
        };
        Ok(NewInvitation {
            store: self.store.unwrap_or(application.store),
            application: self.application,
            email,
            groups: self.groups.clone(),
            profile,
            attributes: self.attributes.clone(),
            locale,
            message: self.message.clone(),
            lifetime: self.lifetime_seconds.map_or(DEFAULT_LIFETIME, seconds),
            sending: self.sending(),
        })
    }
}

/// A number beyond every calendar is as wrong as one beyond 30 days; the use case says so.
fn seconds(number: i64) -> TimeDelta {
    TimeDelta::try_seconds(number).unwrap_or(TimeDelta::MAX)
}

fn address(field: &str, text: &str, problems: &mut Vec<FieldProblem>) -> Option<EmailAddress> {
    match text.parse() {
        Ok(address) => Some(address),
        Err(error) => {
            let error: crate::kit::NotAnEmailAddress = error;
            problems.push(FieldProblem::new(field, "malformed", error.to_string()));
            None
        }
    }
}

/// Problems of a part get the part's name in front.
fn inside<T>(
    part: &str,
    read: Result<T, Vec<FieldProblem>>,
    problems: &mut Vec<FieldProblem>,
) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| FieldProblem {
                field: format!("{part}/{}", problem.field),
                ..problem
            }));
            None
        }
    }
}

/// How long a new link is good.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LifetimeBody {
    /// 3600 to 2592000; as before if missing.
    #[schema(minimum = 3600, maximum = 2_592_000)]
    lifetime_seconds: Option<i64>,
}

impl LifetimeBody {
    pub(super) fn lifetime(&self) -> Option<TimeDelta> {
        self.lifetime_seconds.map(seconds)
    }
}

/// An address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressBody {
    #[schema(format = "email")]
    email: String,
}

impl AddressBody {
    pub(super) fn read(&self) -> Result<EmailAddress, Failure> {
        let mut problems = Vec::new();
        address("email", &self.email, &mut problems).ok_or_else(|| Failure::invalid(problems))
    }
}
