//! Custom attributes: what a store keeps beside the standard claims, typed and validated.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::profile::{is_date, standard_fields};
use super::text::{Lines, Refusal, check};
use crate::kit::FieldProblem;

/// One custom attribute of a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttributeDefinition {
    /// For programs: lower case letters, digits and underscores.
    pub name: String,
    /// For people: stands at the field.
    pub label: String,
    #[serde(flatten)]
    pub kind: AttributeKind,
}

/// What values an attribute takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum AttributeKind {
    Text {
        #[serde(default = "default_length")]
        max_length: usize,
    },
    Number {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minimum: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maximum: Option<f64>,
    },
    Boolean,
    Date,
    Choice {
        choices: Vec<String>,
    },
}

const MAX_DEFINITIONS: usize = 50;
const MAX_CHOICES: usize = 200;
const MAX_LENGTH: usize = 2000;

const fn default_length() -> usize {
    200
}

/// Names that would be read as something else in a token (RFC 7519 section 4.1, OpenID Connect Core 1.0).
const RESERVED: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "sid",
    "groups",
    "email",
    "email_verified",
    "phone_number_verified",
    "address",
    "updated_at",
    "scope",
];

/// Checks the definitions of a store; all problems are reported together.
pub(super) fn check_definitions(definitions: &[AttributeDefinition]) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if definitions.len() > MAX_DEFINITIONS {
        let sentence = format!("A store has {MAX_DEFINITIONS} attributes at most.");
        return vec![FieldProblem::new("attributes", "too_many", sentence)];
    }
    let mut names = BTreeSet::new();
    for (at, definition) in definitions.iter().enumerate() {
        let mut problem = |part: &str, (code, sentence): Refusal| {
            let field = format!("attributes/{at}/{part}");
            problems.push(FieldProblem::new(field, code, sentence));
        };
        if let Err(refusal) = check_name(&definition.name) {
            problem("name", refusal);
        }
        if !names.insert(&definition.name) {
            problem(
                "name",
                ("duplicate", "Another attribute has this name.".to_owned()),
            );
        }
        if definition.label.trim().is_empty() {
            problem(
                "label",
                (
                    "required",
                    "Write how people see this attribute.".to_owned(),
                ),
            );
        }
        if let Err(refusal) = check(&definition.label, 100, Lines::One) {
            problem("label", refusal);
        }
        if let Err((part, refusal)) = check_kind(&definition.kind) {
            problem(part, refusal);
        }
    }
    problems
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let shape = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !shape {
        let sentence = "A name has up to 40 lower case letters, digits and underscores and begins with a letter.";
        return Err(("malformed", sentence.to_owned()));
    }
    if RESERVED.contains(&name) || standard_fields().any(|field| field == name) {
        return Err((
            "reserved",
            "This name is taken by a standard claim.".to_owned(),
        ));
    }
    Ok(())
}

fn check_kind(kind: &AttributeKind) -> Result<(), (&'static str, Refusal)> {
    match kind {
        AttributeKind::Text { max_length } if !(1..=MAX_LENGTH).contains(max_length) => {
            let sentence = format!("Allow between 1 and {MAX_LENGTH} characters.");
            Err(("max_length", ("out_of_range", sentence)))
        }
        AttributeKind::Number {
            minimum: Some(minimum),
            maximum: Some(maximum),
        } if minimum > maximum => {
            let sentence = "The maximum is below the minimum.".to_owned();
            Err(("maximum", ("out_of_range", sentence)))
        }
        AttributeKind::Choice { choices } => {
            let different: BTreeSet<_> = choices.iter().collect();
            if choices.is_empty() || choices.len() > MAX_CHOICES || different.len() < choices.len()
            {
                let sentence = format!("Give 1 to {MAX_CHOICES} different choices.");
                return Err(("choices", ("out_of_range", sentence)));
            }
            choices.iter().try_for_each(|choice| {
                if choice.trim().is_empty() {
                    return Err(("choices", ("required", "A choice is empty.".to_owned())));
                }
                check(choice, 100, Lines::One).map_err(|refusal| ("choices", refusal))
            })
        }
        _ => Ok(()),
    }
}

/// The values of a person's custom attributes. They exist only if they fit their definitions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<String, Value>);

impl Attributes {
    /// Reads values as the API takes them. Nulls are left out; all problems are reported together.
    pub fn parse(
        definitions: &[AttributeDefinition],
        values: BTreeMap<String, Value>,
    ) -> Result<Self, Vec<FieldProblem>> {
        let mut kept = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, value) in values {
            let definition = definitions
                .iter()
                .find(|definition| definition.name == name);
            let checked = match definition {
                None => Err((
                    "unknown_attribute",
                    "This store has no such attribute.".to_owned(),
                )),
                Some(_) if value.is_null() => continue,
                Some(definition) => check_value(&definition.kind, value),
            };
            match checked {
                Ok(value) => {
                    kept.insert(name, value);
                }
                Err((code, sentence)) => problems.push(FieldProblem::new(name, code, sentence)),
            }
        }
        if problems.is_empty() {
            Ok(Self(kept))
        } else {
            Err(problems)
        }
    }

    /// Reads values as a form sends them: texts, of which the empty ones are left out.
    pub fn parse_form(
        definitions: &[AttributeDefinition],
        texts: BTreeMap<String, String>,
    ) -> Result<Self, Vec<FieldProblem>> {
        let kind = |name: &str| {
            definitions
                .iter()
                .find(|one| one.name == name)
                .map(|one| &one.kind)
        };
        let typed = texts.into_iter().map(|(name, text)| {
            let value = match (kind(&name), text.trim()) {
                (_, "") => Value::Null,
                (Some(AttributeKind::Number { .. }), number) => number
                    .parse::<serde_json::Number>()
                    .map_or_else(|_| number.into(), Value::from),
                (Some(AttributeKind::Boolean), "true" | "on") => true.into(),
                (Some(AttributeKind::Boolean), "false" | "off") => false.into(),
                (_, text) => text.into(),
            };
            (name, value)
        });
        Self::parse(definitions, typed.collect())
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These values, and those of `other` that are missing here.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (name, value) in &other.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self
    }
}

fn check_value(kind: &AttributeKind, value: Value) -> Result<Value, Refusal> {
    let malformed = |sentence: &str| Err(("malformed", sentence.to_owned()));
    match (kind, &value) {
        (AttributeKind::Text { max_length }, Value::String(text)) => {
            check(text, *max_length, Lines::One)?;
            Ok(value)
        }
        (AttributeKind::Number { minimum, maximum }, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let below = minimum.is_some_and(|minimum| number < minimum);
            let above = maximum.is_some_and(|maximum| number > maximum);
            if below || above || !number.is_finite() {
                return Err(("out_of_range", range(*minimum, *maximum)));
            }
            Ok(value)
        }
        (AttributeKind::Boolean, Value::Bool(_)) => Ok(value),
        (AttributeKind::Date, Value::String(text)) if is_date(text) => Ok(value),
        (AttributeKind::Choice { choices }, Value::String(text)) if choices.contains(text) => {
            Ok(value)
        }
        (AttributeKind::Text { .. }, _) => malformed("Write a text."),
        (AttributeKind::Number { .. }, _) => malformed("Write a number."),
        (AttributeKind::Boolean, _) => malformed("Answer with yes or no (true or false)."),
        (AttributeKind::Date, _) => malformed("Write a date like 1990-12-31."),
        (AttributeKind::Choice { choices }, _) => Err((
            "not_a_choice",
            format!("Choose one of: {}.", choices.join(", ")),
        )),
    }
}

fn range(minimum: Option<f64>, maximum: Option<f64>) -> String {
    match (minimum, maximum) {
        (Some(minimum), Some(maximum)) => format!("Write a number from {minimum} to {maximum}."),
        (Some(minimum), None) => format!("Write a number of at least {minimum}."),
        (None, Some(maximum)) => format!("Write a number of at most {maximum}."),
        (None, None) => "Write a number.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definitions() -> Vec<AttributeDefinition> {
        serde_json::from_value(json!([
            {"name": "employee_number", "label": "Employee number", "type": "text", "max_length": 8},
            {"name": "seats", "label": "Seats", "type": "number", "minimum": 1, "maximum": 500},
            {"name": "newsletter", "label": "Newsletter", "type": "boolean"},
            {"name": "hired", "label": "Hired on", "type": "date"},
            {"name": "plan", "label": "Plan", "type": "choice", "choices": ["small", "large"]},
        ]))
        .unwrap()
    }

    fn parse(values: Value) -> Result<Attributes, Vec<FieldProblem>> {
        Attributes::parse(&definitions(), serde_json::from_value(values).unwrap())
    }

    /// R23: custom attributes are typed; a form and the API come to the same values.
    #[test]
    fn r23_values_fit_their_definitions() {
        let values = json!({"employee_number": "E-17", "seats": 12, "newsletter": true, "hired": "2024-02-29", "plan": "large"});
        let from_api = parse(values).unwrap();
        let texts = [
            ("employee_number", "E-17"),
            ("seats", " 12 "),
            ("newsletter", "on"),
            ("hired", "2024-02-29"),
            ("plan", "large"),
        ];
        let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let from_form = Attributes::parse_form(&definitions(), texts.into()).unwrap();
        assert_eq!(from_api, from_form);
    }

    #[test]
    fn what_does_not_fit_is_refused_at_its_field() {
        let problems = parse(json!({
            "employee_number": "E-17171717", "seats": 0, "newsletter": "yes", "hired": "2023-02-29", "plan": "huge", "other": 1,
        }))
        .unwrap_err();
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(
            codes,
            [
                "too_long",
                "malformed",
                "malformed",
                "unknown_attribute",
                "not_a_choice",
                "out_of_range"
            ]
        );
        assert!(parse(json!({"seats": "12"})).is_err());
        assert!(parse(json!({"plan": null})).unwrap().is_empty());
    }

    #[test]
    fn definitions_are_checked_as_well() {
        assert!(check_definitions(&definitions()).is_empty());
        let bad: Vec<AttributeDefinition> = serde_json::from_value(json!([
            {"name": "sub", "label": "x", "type": "boolean"},
            {"name": "Shoe Size", "label": "", "type": "number", "minimum": 2, "maximum": 1},
            {"name": "plan", "label": "Plan", "type": "choice", "choices": ["a", "a"]},
            {"name": "plan", "label": "Plan", "type": "text", "max_length": 0},
        ]))
        .unwrap();
        let fields: Vec<_> = check_definitions(&bad)
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        let want = [
            "attributes/0/name",
            "attributes/1/name",
            "attributes/1/label",
            "attributes/1/maximum",
            "attributes/2/choices",
            "attributes/3/name",
            "attributes/3/max_length",
        ];
        assert_eq!(fields, want);
    }
}
