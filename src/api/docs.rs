//! The page that shows the OpenAPI document to people: drawn here, without any script.
//!
//! The usual viewers are megabytes of script that write inline styles, which our Content-Security-Policy refuses for good reason.

use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::kit::Internal;
use crate::web::{Brand, Page, PageFailure, Visitor, path};

/// The document in the form in which the template shows it.
#[derive(Debug, Clone, Serialize)]
struct Reference {
    title: String,
    version: String,
    about: Vec<String>,
    document: &'static str,
    sections: Vec<Section>,
    types: Vec<Type>,
}

impl Page for Reference {
    const TEMPLATE: &'static str = "api.html";
}

/// The operations under one tag.
#[derive(Debug, Clone, Serialize)]
struct Section {
    name: String,
    operations: Vec<Operation>,
}

#[derive(Debug, Clone, Serialize)]
struct Operation {
    id: String,
    method: String,
    path: String,
    about: String,
    scopes: Vec<String>,
    parameters: Vec<Field>,
    body: Option<Kind>,
    answers: Vec<Answer>,
}

#[derive(Debug, Clone, Serialize)]
struct Answer {
    status: String,
    about: String,
    body: Option<Kind>,
}

/// A parameter or a member of an object.
#[derive(Debug, Clone, Serialize)]
struct Field {
    name: String,
    place: String,
    required: bool,
    kind: Kind,
    about: String,
}

/// A type of the document.
#[derive(Debug, Clone, Serialize)]
struct Type {
    name: String,
    about: String,
    fields: Vec<Field>,
    values: Vec<String>,
}

/// What a value is, in words, and the type it leads to.
#[derive(Debug, Clone, Default, Serialize)]
struct Kind {
    before: &'static str,
    text: String,
    link: Option<String>,
}

impl Reference {
    fn of(document: &OpenApi) -> Result<Self, Internal> {
        let document = &serde_json::to_value(document)?;
        let types = members(at(document, "/components/schemas"))
            .map(|(name, schema)| Type::of(name, schema));
        Ok(Self {
            title: text(at(document, "/info/title")),
            version: text(at(document, "/info/version")),
            about: text(at(document, "/info/description"))
                .split("\n\n")
                .map(str::to_owned)
                .collect(),
            document: path::OPENAPI,
            sections: sections(document),
            types: types.collect(),
        })
    }
}

pub(super) fn show(
    app: &App,
    visitor: &Visitor,
    document: &OpenApi,
) -> Result<Response, PageFailure> {
    let page = Reference::of(document)?;
    let html = app.pages.render(&visitor.shell(Brand::default()), &page)?;
    Ok(html.into_response())
}

fn sections(document: &Value) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (path, item) in members(at(document, "/paths")) {
        for (method, operation) in members(item) {
            let name = text(at(operation, "/tags/0"));
            let operation = Operation::of(method, path, operation);
            match sections.iter_mut().find(|section| section.name == name) {
                Some(section) => section.operations.push(operation),
                None => sections.push(Section {
                    name,
                    operations: vec![operation],
                }),
            }
        }
    }
    sections
}

impl Operation {
    fn of(method: &str, path: &str, operation: &Value) -> Self {
        let summary = [
            text(at(operation, "/summary")),
            text(at(operation, "/description")),
        ];
        let answers = members(at(operation, "/responses")).map(|(status, answer)| Answer {
            status: status.to_owned(),
            about: text(at(answer, "/description")),
            body: body(answer),
        });
        Self {
            id: text(at(operation, "/operationId")),
            method: method.to_uppercase(),
            path: path.to_owned(),
            about: summary.join(" ").trim().to_owned(),
            scopes: items(at(operation, "/security"))
                .flat_map(|one| items(at(one, "/oauth2")))
                .map(text)
                .collect(),
            parameters: items(at(operation, "/parameters"))
                .map(Field::of_parameter)
                .collect(),
            body: body(at(operation, "/requestBody")),
            answers: answers.collect(),
        }
    }
}

/// The type of the one content there is.
fn body(carrier: &Value) -> Option<Kind> {
    members(at(carrier, "/content"))
        .next()
        .map(|(_, content)| Kind::of(at(content, "/schema")))
}

impl Field {
    fn of_parameter(parameter: &Value) -> Self {
        Self {
            name: text(at(parameter, "/name")),
            place: text(at(parameter, "/in")),
            required: at(parameter, "/required") == &Value::Bool(true),
            kind: Kind::of(at(parameter, "/schema")),
            about: text(at(parameter, "/description")),
        }
    }
}

impl Type {
    fn of(name: &str, schema: &Value) -> Self {
        // A flattened part is a member of `allOf`.
        let parts: Vec<&Value> = std::iter::once(schema)
            .chain(items(at(schema, "/allOf")))
            .collect();
        let required: Vec<String> = parts
            .iter()
            .flat_map(|part| items(at(part, "/required")))
            .map(text)
            .collect();
        let fields = parts
            .iter()
            .flat_map(|part| members(at(part, "/properties")))
            .map(|(name, schema)| Field {
                name: name.to_owned(),
                place: String::new(),
                required: required.iter().any(|one| one == name),
                kind: Kind::of(schema),
                about: text(at(schema, "/description")),
            });
        Self {
            name: name.to_owned(),
            about: text(at(schema, "/description")),
            fields: fields.collect(),
            values: items(at(schema, "/enum")).map(text).collect(),
        }
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        if let Some(name) = schema["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next())
        {
            return Self {
                before: "",
                text: name.to_owned(),
                link: Some(name.to_owned()),
            };
        }
        // `Option<T>` is one of null and T.
        let alternative = items(at(schema, "/oneOf")).find(|one| at(one, "/type") != "null");
        if let Some(alternative) = alternative {
            return Self::of(alternative);
        }
        let kind = match at(schema, "/type") {
            Value::Array(kinds) => kinds
                .iter()
                .map(text)
                .find(|kind| kind != "null")
                .unwrap_or_default(),
            kind => text(kind),
        };
        if kind == "array" {
            return Self {
                before: "list of ",
                ..Self::of(at(schema, "/items"))
            };
        }
        let format = text(at(schema, "/format"));
        let text = if format.is_empty() || kind == "integer" {
            kind
        } else {
            format!("{kind} ({format})")
        };
        Self {
            before: "",
            text,
            link: None,
        }
    }
}

/// The part at a JSON pointer, or null.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().map(Map::iter);
    members
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
