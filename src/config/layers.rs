//! Defaults, file, environment, flags: what stands later wins, and what nobody knows is refused.
//!
//! Knows the keys and their kinds (text, number, list) from the documented file; what a value may be stands in `read`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::{Table, Value};

use super::DOCUMENTED;

/// Where settings come from, besides the defaults.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file's name and text.
    pub file: Option<(PathBuf, String)>,
    /// Variables; those without `USHER_` are passed over.
    pub environment: Vec<(String, String)>,
    /// Key and value of each flag.
    pub flags: Vec<(String, String)>,
}

/// One mistake in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key's path: `server.listen`.
    pub key: String,
    /// Where the value stands, for whoever mends it.
    pub place: String,
    /// What was found; never a secret's value.
    pub found: String,
    pub allowed: String,
}

/// Every mistake in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The settings can't be used:")?;
        for problem in &self.0 {
            let Problem {
                key,
                place,
                found,
                allowed,
            } = problem;
            write!(
                f,
                "\n  {key} ({place}): found {found}; allowed is {allowed}"
            )?;
        }
        Ok(())
    }
}

/// Keys whose values are never shown.
const SECRETS: [&str; 3] = ["database.url", "keys.master_key", "mail.smtp.password"];
const PREFIX: &str = "USHER_";
/// Names the file itself, see `cli`.
const FILE_VARIABLE: &str = "USHER_CONFIG";

/// The values on top, each with the place it comes from.
pub(super) struct Layers {
    values: BTreeMap<String, (Value, String)>,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn merge(sources: &Sources) -> Result<Layers, Problems> {
    let mut layers = Layers {
        values: BTreeMap::new(),
        problems: Vec::new(),
    };
    for (key, value) in flat(&parse(DOCUMENTED, "the defaults")?) {
        layers.values.insert(key, (value, "default".to_owned()));
    }
    if let Some((path, text)) = &sources.file {
        let place = path.display().to_string();
        match parse(text, &place) {
            Ok(table) => flat(&table)
                .into_iter()
                .for_each(|(key, value)| layers.put(&key, value, &place)),
            Err(Problems(more)) => layers.problems.extend(more),
        }
    }
    for (name, text) in &sources.environment {
        layers.put_variable(name, text);
    }
    for (key, text) in &sources.flags {
        layers.put_text(key, text, "flag");
    }
    Ok(layers)
}

/// A syntax error is told by line and reason: the line itself may hold a secret.
fn parse(text: &str, place: &str) -> Result<Table, Problems> {
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        Problems(vec![Problem {
            key: format!("line {line}"),
            place: place.to_owned(),
            found: error.message().to_owned(),
            allowed: "TOML".to_owned(),
        }])
    })
}

/// Tables become paths: `[mail.smtp] host` is `mail.smtp.host`.
fn flat(table: &Table) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(inner) => {
                leaves.extend(
                    flat(inner)
                        .into_iter()
                        .map(|(rest, value)| (format!("{name}.{rest}"), value)),
                );
            }
            leaf => leaves.push((name.clone(), leaf.clone())),
        }
    }
    leaves
}

impl Layers {
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key).map(|(value, _)| value)
    }

    /// Notes that the value of a known key can't be used.
    pub(super) fn refuse(&mut self, key: &str, allowed: &str) {
        let Some((value, place)) = self.values.get(key) else {
            return;
        };
        let problem = Problem {
            key: key.to_owned(),
            place: place.clone(),
            found: shown(key, value),
            allowed: allowed.to_owned(),
        };
        self.problems.push(problem);
    }

    fn put(&mut self, key: &str, value: Value, place: &str) {
        let Some((known, _)) = self.values.get(key) else {
            return self.unknown(key, place);
        };
        if known.same_type(&value) {
            self.values
                .insert(key.to_owned(), (value, place.to_owned()));
        } else {
            let problem = Problem {
                key: key.to_owned(),
                place: place.to_owned(),
                found: shown(key, &value),
                allowed: kind(known).to_owned(),
            };
            self.problems.push(problem);
        }
    }

    /// Environment and flags carry texts; the default's kind says what they mean.
    fn put_text(&mut self, key: &str, text: &str, place: &str) {
        let value = match self.value(key) {
            Some(Value::Integer(_)) => text
                .trim()
                .parse()
                .map_or_else(|_| Value::String(text.to_owned()), Value::Integer),
            Some(Value::Array(_)) => {
                let parts = text
                    .split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty());
                Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
            }
            _ => Value::String(text.to_owned()),
        };
        self.put(key, value, place);
    }

    /// Unknown names without `__` are passed over: container platforms set `USHER_PORT` and the like for a service of this name.
    fn put_variable(&mut self, name: &str, text: &str) {
        let Some(rest) = name.strip_prefix(PREFIX).filter(|_| name != FILE_VARIABLE) else {
            return;
        };
        let key = rest.to_lowercase().replace("__", ".");
        if rest.contains("__") || self.values.contains_key(&key) {
            self.put_text(&key, text, &format!("environment variable {name}"));
        }
    }

    fn unknown(&mut self, key: &str, place: &str) {
        let section = key.rsplit_once('.').map_or("", |(section, _)| section);
        let near: Vec<&str> = self
            .values
            .keys()
            .map(String::as_str)
            .filter(|known| section.is_empty() || known.starts_with(section))
            .collect();
        let allowed = if near.is_empty() {
            "a key of config/usher.toml".to_owned()
        } else {
            near.join(", ")
        };
        self.problems.push(Problem {
            key: key.to_owned(),
            place: place.to_owned(),
            found: "an unknown key".to_owned(),
            allowed,
        });
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a whole number",
        Value::Array(_) => "a list of texts",
        _ => "a text in quotes",
    }
}

/// Long values are cut: a log line is no place for a megabyte.
fn shown(key: &str, value: &Value) -> String {
    if SECRETS.contains(&key) {
        return "a value that is not shown".to_owned();
    }
    let text = as_text(value);
    if text.chars().count() <= 100 {
        return text;
    }
    text.chars().take(100).chain(['…']).collect()
}

fn as_text(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(sources: &Sources) -> Vec<Problem> {
        merge(sources).map_or_else(|Problems(problems)| problems, |layers| layers.problems)
    }

    #[test]
    fn what_stands_later_wins() {
        let layers = merge(&Sources {
            file: Some((
                "a.toml".into(),
                "[server]\nlisten = 'file'\npublic_url = 'file'\n[mail.smtp]\nport = 1".into(),
            )),
            environment: vec![
                ("USHER_SERVER__LISTEN".into(), "environment".into()),
                ("USHER_MAIL__SMTP__PORT".into(), "2".into()),
                (
                    "USHER_SERVER__TRUSTED_PROXIES".into(),
                    "10.0.0.0/8, ::1/128".into(),
                ),
            ],
            flags: vec![("server.listen".into(), "flag".into())],
        })
        .map_err(|problems| problems.to_string())
        .unwrap();
        let text = |key| as_text(layers.value(key).unwrap());
        assert_eq!(text("server.listen"), "\"flag\"");
        assert_eq!(text("server.public_url"), "\"file\"");
        assert_eq!(text("mail.smtp.port"), "2");
        assert_eq!(
            text("server.trusted_proxies"),
            "[\"10.0.0.0/8\",\"::1/128\"]"
        );
        assert!(layers.problems.is_empty());
    }

    #[test]
    fn unknown_keys_are_refused_wherever_they_stand() {
        let found = problems(&Sources {
            file: Some((
                "a.toml".into(),
                "serverr = 1\n[server]\nlisten.port = 1".into(),
            )),
            environment: vec![
                ("USHER_SERVER__LISTN".into(), "x".into()),
                ("USHER_SERVICE_PORT".into(), "8080".into()),
                ("USHER_CONFIG".into(), "a.toml".into()),
                ("HOME".into(), "/".into()),
            ],
            flags: vec![("nothing".into(), String::new())],
        });
        let keys: Vec<&str> = found.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(
            keys,
            ["server.listen.port", "serverr", "server.listn", "nothing"]
        );
        assert!(
            found
                .iter()
                .any(|problem| problem.allowed.contains("server.public_url"))
        );
    }

    #[test]
    fn a_syntax_error_is_told_without_the_line_that_may_hold_a_secret() {
        let found = problems(&Sources {
            file: Some((
                "a.toml".into(),
                "locale = 'en'\n[keys]\nmaster_key = 'hush".into(),
            )),
            ..Sources::default()
        });
        assert_eq!(found.len(), 1);
        assert!(
            !format!("{found:?}").contains("hush") && format!("{found:?}").contains("line 3"),
            "{found:?}"
        );
    }

    #[test]
    fn the_wrong_kind_of_value_is_refused_and_a_secret_is_not_shown() {
        let found = problems(&Sources {
            file: Some((
                "a.toml".into(),
                "[tokens]\naccess_seconds = '5'\n[keys]\nmaster_key = 12345".into(),
            )),
            ..Sources::default()
        });
        assert_eq!(found.len(), 2);
        assert!(!format!("{found:?}").contains("12345"));
    }
}
