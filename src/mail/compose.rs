//! Turns a letter into a subject, a text and an HTML body: MJML is compiled once, at start; minijinja fills the result.
//!
//! Everything that people wrote is escaped in HTML and kept on its line; a template that asks for what isn't there is an error.

use std::collections::HashMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use mrml::prelude::parser::ParserOptions;
use mrml::prelude::parser::memory_loader::MemoryIncludeLoader;
use mrml::prelude::render::RenderOptions;
use serde_json::{Map, Value as Json, json};

use super::letter::{LetterKind, SOURCES};
use super::tidy;
use crate::kit::Internal;
use crate::web::{Locale, add_words};

/// What all letters share.
const FRAME: [(&str, &str); 3] = [
    (
        "head.mjml",
        include_str!("../../templates/letters/head.mjml"),
    ),
    (
        "brand.mjml",
        include_str!("../../templates/letters/brand.mjml"),
    ),
    (
        "foot.mjml",
        include_str!("../../templates/letters/foot.mjml"),
    ),
];

/// Our own accent, where an application has none.
const ACCENT: &str = "#3457d5";

/// A letter, ready to be put into an envelope.
pub(super) struct Composed {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// All templates, compiled.
pub(super) struct Composer(Environment<'static>);

impl Composer {
    pub(super) fn new() -> Result<Self, Internal> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()?,
        );
        environment.set_debug(false); // an error message must not show what a letter holds
        add_words(&mut environment);
        for letter in SOURCES {
            let folder = letter.kind.as_str();
            environment.add_template_owned(format!("{folder}/subject.txt"), letter.subject)?;
            environment.add_template_owned(format!("{folder}/body.txt"), letter.text)?;
            environment.add_template_owned(format!("{folder}/body.html"), html(letter.mjml)?)?;
        }
        Ok(Self(environment))
    }

    /// Fills a letter's templates with its content, as it was stored.
    pub(super) fn compose(
        &self,
        kind: LetterKind,
        locale: &Locale,
        content: Map<String, Json>,
    ) -> Result<Composed, Internal> {
        let filling = Value::from(Serde(filling(locale, content)));
        let fill = |file: &str| {
            let template = self.0.get_template(&format!("{}/{file}", kind.as_str()))?;
            template.render(filling.clone())
        };
        Ok(Composed {
            subject: tidy::subject(&fill("subject.txt")?),
            text: fill("body.txt")?,
            html: fill("body.html")?,
        })
    }
}

fn html(mjml: &str) -> Result<String, Internal> {
    let options = ParserOptions {
        include_loader: Box::new(MemoryIncludeLoader::from(FRAME.to_vec())),
    };
    let parsed = mrml::parse_with_options(mjml, &options)?;
    let render = RenderOptions {
        fonts: HashMap::new(), // a known name would make every reader's program fetch that font
        ..RenderOptions::default()
    };
    Ok(parsed.element.render(&render)?)
}

fn filling(locale: &Locale, mut content: Map<String, Json>) -> Map<String, Json> {
    for (field, value) in &mut content {
        if let Json::String(text) = value {
            *text = tidy::field(field, text);
        }
    }
    let accent = content.get("accent").and_then(Json::as_str);
    let accent = accent
        .filter(|text| tidy::is_colour(text))
        .unwrap_or(ACCENT)
        .to_owned();
    content.insert("on_accent".to_owned(), json!(tidy::text_on(&accent)));
    content.insert("accent".to_owned(), json!(accent));
    content.insert("shell".to_owned(), json!({ "locale": locale }));
    content
}
