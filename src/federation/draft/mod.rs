//! A connection as somebody wrote it, and the check that turns it into what can be stored: all problems at once.
//!
//! Knows nothing of what is stored already, and asks nobody; `save` does both.

mod provider;

use chrono::{DateTime, Utc};

use super::{Connection, Mapping, Provider, Settings, TokenAuthentication, domain};
use crate::application::is_profile_field;
use crate::kit::{FieldProblem, Secret};
use crate::web::Outgoing;

/// More than anybody has.
const MOST: usize = 100;
const LONGEST_SECRET: usize = 4_000;

/// A connection as written.
#[derive(Debug, Clone)]
pub struct ConnectionDraft {
    pub name: String,
    pub settings: Settings,
    pub client_id: String,
    /// `None`: the one that is stored stays.
    pub secret: Option<Secret>,
    pub secret_expires_at: Option<DateTime<Utc>>,
    pub enabled: bool,
}

impl From<Connection> for ConnectionDraft {
    /// To change some of it.
    fn from(connection: Connection) -> Self {
        Self {
            name: connection.name,
            settings: connection.settings,
            client_id: connection.client_id,
            secret: None,
            secret_expires_at: connection.secret_expires_at,
            enabled: connection.enabled,
        }
    }
}

/// What a draft is checked against.
pub(super) struct Terms<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) outgoing: &'a Outgoing,
    /// What is stored, when it is changed.
    pub(super) before: Option<&'a Connection>,
}

/// A draft in which nothing is wrong.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) client_id: String,
    pub(super) secret: NewSecret,
    pub(super) secret_expires_at: Option<DateTime<Utc>>,
    pub(super) enabled: bool,
}

/// What becomes of the secret.
#[derive(Debug)]
pub(super) enum NewSecret {
    Stays,
    Is(Secret),
    /// The provider asks for none.
    Goes,
}

impl ConnectionDraft {
    pub(super) fn check(self, terms: &Terms<'_>) -> Result<Sound, Vec<FieldProblem>> {
        let mut problems = Problems::default();
        let name = self.name.trim().to_owned();
        if !(1..=60).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            let sentence =
                "Give a name of 1 to 60 characters on one line. It stands on the button.";
            problems.add("name", "bad_name", sentence);
        }
        let mut settings = self.settings;
        provider::check(&mut settings.provider, terms.outgoing, &mut problems);
        problems.domains("domains", &mut settings.domains);
        texts(&settings, &mut problems);
        mapping(&settings.mapping, &mut problems);
        let client_id = self.client_id.trim().to_owned();
        provider::check_client_id(&settings.provider, &client_id, &mut problems);
        let public = settings.provider.connector().quirks().token_authentication
            == TokenAuthentication::None;
        let secret = match self.secret {
            _ if public => NewSecret::Goes,
            Some(secret) => NewSecret::Is(checked_secret(&settings, &secret, &mut problems)),
            None => NewSecret::Stays,
        };
        // A secret goes to nobody but the provider that made it.
        let stored = terms.before.is_some_and(|one| {
            one.secret_sealed.is_some()
                && recipient(&one.settings.provider) == recipient(&settings.provider)
        });
        if matches!(secret, NewSecret::Stays) && !stored {
            let sentence = "Give the secret that the provider made for this client.";
            problems.add("client_secret", "required", sentence);
        }
        let secret_expires_at = self.secret_expires_at.filter(|_| !public);
        let same = terms.before.map(|one| one.secret_expires_at) == Some(secret_expires_at);
        if secret_expires_at.is_some_and(|at| at <= terms.now) && !same {
            let sentence = "This moment is over. Give the date at which the provider's page says that the secret expires.";
            problems.add("client_secret_expires_at", "expired", sentence);
        }
        problems.none_or(Sound {
            name,
            settings,
            client_id,
            secret,
            secret_expires_at,
            enabled: self.enabled,
        })
    }
}

/// A secret is pasted, so it comes with line ends.
fn checked_secret(settings: &Settings, secret: &Secret, problems: &mut Problems) -> Secret {
    let text = secret.reveal().trim();
    let printable = |c: char| !c.is_control() && !c.is_whitespace();
    if !(1..=LONGEST_SECRET).contains(&text.len()) || !text.chars().all(printable) {
        let sentence = "Give the secret as the provider shows it, in one line without spaces.";
        problems.add("client_secret", "bad_secret", sentence);
    }
    let microsoft = matches!(settings.provider, Provider::Microsoft(_));
    if microsoft && text.parse::<uuid::Uuid>().is_ok() {
        let sentence = "Found: the secret's id. Expected: its value, which the page shows beside it and only once.";
        problems.add("client_secret", "secret_id", sentence);
    }
    Secret::new(text)
}

/// Who gets the secret: a connection that names another one needs another secret. Tenants and paths below one host of
/// Microsoft, Google or Salesforce are the same recipient.
fn recipient(provider: &Provider) -> String {
    match provider {
        Provider::Oidc(settings) => settings.issuer.clone(),
        Provider::OAuth2(settings) => settings.token_endpoint.to_string(),
        Provider::Microsoft(_) | Provider::Google(_) | Provider::Salesforce(_) => provider
            .connector()
            .discovery()
            .map(|document| document.origin().ascii_serialization())
            .unwrap_or_default(),
    }
}

fn texts(settings: &Settings, problems: &mut Problems) {
    let scopes = settings.scopes.iter().map(String::as_str);
    // RFC 6749 section 3.3.
    let scope = |text: &str| {
        let character = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        (1..=200).contains(&text.len()) && text.bytes().all(character)
    };
    let sentence = "A scope has no spaces, quotes or backslashes, and stands here once.";
    problems.each("scopes", ("bad_scope", sentence), scopes, scope);
    let methods = settings.trusted_methods.iter().map(String::as_str);
    let method = |text: &str| {
        let character = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        (1..=40).contains(&text.len()) && text.bytes().all(character)
    };
    let sentence = "Write a method as RFC 8176 names it, like mfa or otp, once.";
    problems.each("trusted_methods", ("bad_method", sentence), methods, method);
}

fn mapping(mapping: &Mapping, problems: &mut Problems) {
    for (field, pointer) in &mapping.fields {
        let at = format!("mapping/fields/{field}");
        if !is_profile_field(field) {
            let sentence = "There is no such profile field. Custom attributes are written as attributes.<name>.";
            problems.add(at, "unknown_field", sentence);
        } else if !is_pointer(pointer) {
            problems.add(at, "bad_pointer", POINTER);
        }
    }
    if mapping.groups.len() > MOST {
        problems.add("mapping/groups", "too_many", "Use at most 100.");
    }
    for (at, rule) in mapping.groups.iter().enumerate().take(MOST) {
        if !is_pointer(&rule.claim) {
            problems.add(format!("mapping/groups/{at}/claim"), "bad_pointer", POINTER);
        }
        if !(1..=500).contains(&rule.value.len()) {
            let sentence =
                "Give the value that the claim has or contains, of at most 500 characters.";
            problems.add(format!("mapping/groups/{at}/value"), "bad_value", sentence);
        }
    }
}

const POINTER: &str =
    "Write a JSON pointer into the claims, like /department or /address/locality (RFC 6901).";

/// RFC 6901 section 3, to something inside.
fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1);
    text.starts_with('/')
        && text.len() <= 500
        && escapes
            .map(str::as_bytes)
            .all(|rest| matches!(rest.first(), Some(b'0' | b'1')))
}

/// Everything that is wrong, as it is found.
#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, code: &'static str, sentence: impl Into<String>) {
        self.0.push(FieldProblem::new(field, code, sentence));
    }

    /// Each is fine and stands there once.
    fn each<'t>(
        &mut self,
        field: &str,
        (code, sentence): (&'static str, &str),
        texts: impl ExactSizeIterator<Item = &'t str>,
        is_fine: impl Fn(&str) -> bool,
    ) {
        if texts.len() > MOST {
            return self.add(field, "too_many", format!("Use at most {MOST}."));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (at, text) in texts.enumerate() {
            if !is_fine(text) || !seen.insert(text) {
                self.add(format!("{field}/{at}"), code, sentence);
            }
        }
    }

    /// Brings domains into their one form.
    fn domains(&mut self, field: &str, domains: &mut [String]) {
        if domains.len() > MOST {
            return self.add(field, "too_many", format!("Use at most {MOST}."));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (at, text) in domains.iter_mut().enumerate() {
            match domain::checked(text) {
                Ok(domain) if !seen.insert(domain.clone()) => {
                    self.add(
                        format!("{field}/{at}"),
                        "duplicate",
                        "It stands here twice.",
                    );
                }
                Ok(domain) => *text = domain,
                Err(bad) => self.add(format!("{field}/{at}"), "bad_domain", bad.to_string()),
            }
        }
    }

    fn none_or<T>(self, sound: T) -> Result<T, Vec<FieldProblem>> {
        if self.0.is_empty() {
            return Ok(sound);
        }
        Err(self.0)
    }
}

#[cfg(test)]
mod tests;
