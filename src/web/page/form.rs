//! Fields of forms, and what is wrong with them.
//!
//! Knows how the standard claims are typed in; not which of them an application wants.

use serde::Serialize;

use crate::kit::FieldProblem;

/// What is wrong, at a field or (with an empty `field`) with the whole form.
///
/// The page shows the catalogue's sentence for `code` if there is one, else `sentence`.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    pub field: String,
    pub code: String,
    pub sentence: String,
}

impl Problem {
    /// A problem with the form as a whole.
    pub fn whole(code: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            field: String::new(),
            code: code.into(),
            sentence: sentence.into(),
        }
    }
}

impl From<&FieldProblem> for Problem {
    fn from(problem: &FieldProblem) -> Self {
        Self {
            field: problem.field.clone(),
            code: problem.code.to_owned(),
            sentence: problem.sentence.clone(),
        }
    }
}

/// A use case's field problems, as a form shows them.
#[must_use]
pub fn problems_of(problems: &[FieldProblem]) -> Vec<Problem> {
    problems.iter().map(Problem::from).collect()
}

/// How a value is typed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    Text,
    Email,
    Tel,
    Url,
    Date,
    Number,
    Select,
    Checkbox,
    TextArea,
}

/// One of several values.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// A field of a form, with the value it starts with.
#[derive(Debug, Clone, Serialize)]
pub struct Field {
    /// The form's name for it, and its id: an OpenID Connect claim name, or `attributes.` and the store's name.
    pub name: String,
    /// For custom attributes; the standard claims are named by the catalogue.
    pub label: Option<String>,
    pub control: Control,
    pub value: String,
    pub required: bool,
    /// Shown but not changeable; the page says that the inviter set it.
    pub locked: bool,
    pub autocomplete: &'static str,
    pub choices: Vec<Choice>,
    /// A sentence below the field.
    pub hint: Option<String>,
    /// What somebody else says should stand there.
    pub other: Option<OtherValue>,
}

/// A value, and whose it is.
#[derive(Debug, Clone, Serialize)]
pub struct OtherValue {
    pub who: String,
    pub value: String,
}

impl Field {
    /// A standard claim (OpenID Connect Core section 5.1), typed in as browsers expect it.
    #[must_use]
    pub fn claim(name: &str, value: impl Into<String>) -> Self {
        let (control, autocomplete) = match name {
            "name" => (Control::Text, "name"),
            "given_name" => (Control::Text, "given-name"),
            "family_name" => (Control::Text, "family-name"),
            "middle_name" => (Control::Text, "additional-name"),
            "nickname" => (Control::Text, "nickname"),
            "preferred_username" => (Control::Text, "username"),
            "email" => (Control::Email, "email"),
            "phone_number" => (Control::Tel, "tel"),
            "birthdate" => (Control::Date, "bday"),
            "gender" => (Control::Text, "sex"),
            "website" => (Control::Url, "url"),
            "profile" | "picture" => (Control::Url, "off"),
            "locale" => (Control::Text, "language"),
            "address.street_address" => (Control::TextArea, "street-address"),
            "address.locality" => (Control::Text, "address-level2"),
            "address.region" => (Control::Text, "address-level1"),
            "address.postal_code" => (Control::Text, "postal-code"),
            "address.country" => (Control::Text, "country-name"),
            _ => (Control::Text, "off"),
        };
        Self {
            name: name.to_owned(),
            label: None,
            control,
            value: value.into(),
            required: false,
            locked: false,
            autocomplete,
            choices: Vec::new(),
            hint: None,
            other: None,
        }
    }

    /// A custom attribute of the store.
    #[must_use]
    pub fn attribute(name: &str, label: &str, control: Control, value: impl Into<String>) -> Self {
        Self {
            label: Some(label.to_owned()),
            control,
            ..Self::claim(&format!("attributes.{name}"), value)
        }
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    #[must_use]
    pub fn locked(mut self) -> Self {
        self.locked = true;
        self
    }
}

/// A new password, with its strength shown as one types. Its name and id are `password`.
#[derive(Debug, Clone, Serialize)]
pub struct PasswordField {
    /// At least this many characters.
    pub minimum: usize,
}
