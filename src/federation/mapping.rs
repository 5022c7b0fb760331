//! From claims to profile fields and groups, as a connection's mapping says, and what became of each of its lines.
//!
//! Doesn't know a store's attributes, nor which groups exist: whoever keeps the values checks them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::connector::{Claims, acceptable};
use super::settings::{GroupRule, Mapping};
use crate::kit::{Id, kinds};

/// Custom attributes are named like this; anything else is a field of the profile.
const ATTRIBUTES: &str = "attributes.";
/// More than any form takes.
const LONGEST: usize = 2_000;

/// What a mapping made of claims.
#[derive(Debug, Default, PartialEq)]
pub struct Mapped {
    /// By profile field or `attributes.<name>`.
    pub profile: BTreeMap<String, String>,
    pub groups: Vec<Id<kinds::Group>>,
    pub skipped: Vec<Skipped>,
}

/// A line of the mapping that gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Skipped {
    /// The profile field, `attributes.<name>`, or the group's id.
    pub target: String,
    /// The JSON pointer.
    pub claim: String,
    pub why: Why,
    /// For the person who writes the mapping.
    pub sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing is there.
    Missing,
    /// Something of another type is there.
    WrongType,
    /// The profile doesn't take this value.
    Refused,
    /// The provider left the claim out of the token because it is too large.
    LeftOut,
    /// The claim is there, without the value that the group asks for.
    OtherValue,
}

impl Mapping {
    /// Every line on its own: one that fails costs nobody the sign-in.
    #[must_use]
    pub fn apply(&self, claims: &Claims) -> Mapped {
        let mut mapped = Mapped::default();
        for (field, pointer) in &self.fields {
            match value(field, pointer, claims) {
                Ok(value) => {
                    mapped.profile.insert(field.clone(), value);
                }
                Err((why, sentence)) => mapped.skipped.push(Skipped {
                    target: field.clone(),
                    claim: pointer.clone(),
                    why,
                    sentence,
                }),
            }
        }
        for rule in &self.groups {
            match holds(rule, claims) {
                Ok(()) if mapped.groups.contains(&rule.group) => {}
                Ok(()) => mapped.groups.push(rule.group),
                Err((why, sentence)) => mapped.skipped.push(Skipped {
                    target: rule.group.to_string(),
                    claim: rule.claim.clone(),
                    why,
                    sentence,
                }),
            }
        }
        // Two rules may lead to one group: the one that held is what counts.
        let held: Vec<String> = mapped.groups.iter().map(ToString::to_string).collect();
        mapped.skipped.retain(|line| !held.contains(&line.target));
        mapped
    }
}

type NotMapped = (Why, String);

fn value(field: &str, pointer: &str, claims: &Claims) -> Result<String, NotMapped> {
    let found = at(pointer, claims)?;
    if field.starts_with(ATTRIBUTES) {
        let text = scalar(found).ok_or_else(|| wrong_type(found, "a text, number or truth"))?;
        return if text.len() > LONGEST {
            Err((Why::Refused, "The value is too long.".to_owned()))
        } else {
            Ok(text)
        };
    }
    let text = found.as_str();
    let text = text.ok_or_else(|| wrong_type(found, "a text"))?;
    acceptable(field, text).map_err(|sentence| (Why::Refused, sentence))
}

fn holds(rule: &GroupRule, claims: &Claims) -> Result<(), NotMapped> {
    let found = at(&rule.claim, claims)?;
    let values = match found {
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut texts = values.iter().filter_map(scalar).peekable();
    if texts.peek().is_none() && !values.is_empty() {
        return Err(wrong_type(found, "a text or a list of texts"));
    }
    if texts.any(|text| text == rule.value) {
        Ok(())
    } else {
        let sentence = "The claim is there, but not with this value.".to_owned();
        Err((Why::OtherValue, sentence))
    }
}

fn at<'c>(pointer: &str, claims: &'c Claims) -> Result<&'c Value, NotMapped> {
    let missing = || {
        if left_out(pointer, claims) {
            let sentence = "The provider left this claim out because it is too large.";
            (Why::LeftOut, sentence.to_owned())
        } else {
            (Why::Missing, "There is no such claim.".to_owned())
        }
    };
    let found = find(pointer, claims).filter(|value| !value.is_null());
    found.ok_or_else(missing)
}

/// RFC 6901, from the claims without copying them into a value.
fn find<'c>(pointer: &str, claims: &'c Claims) -> Option<&'c Value> {
    let (first, rest) = split(pointer)?;
    claims.get(&first)?.pointer(rest)
}

/// The first name of a pointer, and the rest of it.
fn split(pointer: &str) -> Option<(String, &str)> {
    let path = pointer.strip_prefix('/')?;
    let end = path.find('/').unwrap_or(path.len());
    let (first, rest) = path.split_at_checked(end)?;
    Some((first.replace("~1", "/").replace("~0", "~"), rest))
}

/// Distributed claims (OpenID Connect Core 1.0 section 5.6.2), which Entra uses for more groups than fit, and its `hasgroups`.
fn left_out(pointer: &str, claims: &Claims) -> bool {
    let Some((name, _)) = split(pointer) else {
        return false;
    };
    let elsewhere = claims
        .get("_claim_names")
        .and_then(|names| names.get(&name));
    let has_groups = claims.get("hasgroups").is_some_and(|has| *has == true);
    elsewhere.is_some() || (name == "groups" && has_groups)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn wrong_type(found: &Value, expected: &str) -> NotMapped {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a truth",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let sentence = format!("The claim is {found}, and {expected} is expected.");
    (Why::WrongType, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn claims(json: Value) -> Claims {
        match json {
            Value::Object(claims) => claims,
            _ => panic!("claims are an object"),
        }
    }

    fn group(last: u8) -> Id<kinds::Group> {
        Id::from_uuid(uuid::Uuid::from_u128(last.into()))
    }

    fn mapping(fields: &[(&str, &str)], groups: &[(&str, &str, u8)]) -> Mapping {
        let fields = fields
            .iter()
            .map(|(field, claim)| ((*field).to_owned(), (*claim).to_owned()));
        let rule = |(claim, value, last): &(&str, &str, u8)| GroupRule {
            claim: (*claim).to_owned(),
            value: (*value).to_owned(),
            group: group(*last),
        };
        Mapping {
            fields: fields.collect(),
            groups: groups.iter().map(rule).collect(),
        }
    }

    #[test]
    fn what_is_there_is_kept_and_each_other_line_says_why_not() {
        let mapping = mapping(
            &[
                ("given_name", "/name/first"),
                ("family_name", "/name"),
                ("locale", "/locale"),
                ("nickname", "/nick"),
                ("email", "/mail"),
                (
                    "attributes.staff_number",
                    "/https:~1~1harborline.example~1staff",
                ),
                ("attributes.manager", "/name"),
            ],
            &[],
        );
        let mapped = mapping.apply(&claims(json!({
            "name": {"first": " Grace "},
            "locale": "english please",
            "nick": null,
            "mail": "grace@harborline.example",
            "https://harborline.example/staff": 4711,
        })));
        let expected = [("attributes.staff_number", "4711"), ("given_name", "Grace")];
        let expected = expected.map(|(field, value)| (field.to_owned(), value.to_owned()));
        assert_eq!(mapped.profile, BTreeMap::from(expected));
        let skipped = mapped
            .skipped
            .iter()
            .map(|line| (line.target.as_str(), line.why));
        let expected = [
            ("attributes.manager", Why::WrongType),
            ("email", Why::Refused),
            ("family_name", Why::WrongType),
            ("locale", Why::Refused),
            ("nickname", Why::Missing),
        ];
        assert_eq!(skipped.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn groups_follow_from_a_value_or_one_of_a_list() {
        let mapping = mapping(
            &[],
            &[
                ("/groups", "finance", 1),
                ("/role", "finance", 1),
                ("/role", "buyer", 2),
                ("/groups", "nobody", 3),
                ("/level", "7", 4),
                ("/object", "x", 5),
            ],
        );
        let mapped = mapping.apply(&claims(json!({
            "groups": ["finance", {"odd": 1}, 3],
            "role": "buyer",
            "level": 7,
            "object": {"x": 1},
        })));
        assert_eq!(mapped.groups, [group(1), group(2), group(4)]);
        let skipped = mapped.skipped.iter().map(|line| line.why);
        assert_eq!(
            skipped.collect::<Vec<_>>(),
            [Why::OtherValue, Why::WrongType]
        );
    }

    #[test]
    fn groups_that_didnt_fit_into_the_token_are_recognised() {
        let mapping = mapping(&[], &[("/groups", "finance", 1)]);
        for marker in [
            json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example/"}}}),
            json!({"hasgroups": true}),
        ] {
            let mapped = mapping.apply(&claims(marker));
            assert!(mapped.groups.is_empty());
            assert_eq!(mapped.skipped[0].why, Why::LeftOut);
        }
        let none = mapping.apply(&claims(
            json!({"_claim_names": "groups", "hasgroups": "yes"}),
        ));
        assert_eq!(none.skipped[0].why, Why::Missing);
    }

    proptest! {
        #[test]
        fn pointers_are_followed_as_the_standard_says(
            pointer in "(/[ab~01]{0,3}){0,3}|\\PC{0,6}",
            names in proptest::collection::vec("[ab/~]{0,2}", 1..4),
        ) {
            let mut claims = Claims::new();
            for name in &names {
                let inner = names.iter().map(|inner| (inner.clone(), json!([inner])));
                claims.insert(name.clone(), Value::Object(inner.collect()));
            }
            let found = find(&pointer, &claims).cloned();
            let whole = Value::Object(claims);
            let expected = whole.pointer(&pointer).filter(|_| !pointer.is_empty());
            prop_assert_eq!(found.as_ref(), expected);
        }
    }
}
