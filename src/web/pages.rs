//! The template environment: a page's data in, HTML out.
//!
//! Pages hold plain data and templates decide only how it looks; every word comes from the catalogues.

use std::borrow::Cow;

use axum::response::Html;
use chrono::{DateTime, Datelike as _, Utc};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, context};
use serde::Serialize;

use super::links::Links;
use super::statics::Statics;
use super::words::{Arguments, Locale, Words};
use crate::kit::Internal;

/// A page: a struct of plain data, and the template that shows it as `page`.
pub trait Page: Serialize {
    /// The file in `templates/pages`.
    const TEMPLATE: &'static str;
}

/// What surrounds every page.
#[derive(Debug, Clone, Serialize)]
pub struct Shell {
    pub locale: Locale,
    pub brand: Brand,
    pub request_id: String,
}

/// Whose page it is: the application speaks, we stay small.
#[derive(Debug, Clone, Serialize)]
pub struct Brand {
    /// The application's name.
    pub application: String,
    /// Its colour, `#rrggbb`.
    pub accent: Option<String>,
}

/// Without an application, the page is ours.
impl Default for Brand {
    fn default() -> Self {
        Self {
            application: "Usher".to_owned(),
            accent: None,
        }
    }
}

impl Brand {
    /// The path of the style sheet with the accent colour: six hexadecimal digits, nothing else gets through.
    fn style_sheet(&self) -> Option<String> {
        let digits = self.accent.as_deref()?.strip_prefix('#')?;
        is_colour(digits).then(|| format!("/brand/{}.css", digits.to_ascii_lowercase()))
    }

    fn is_ours(&self) -> bool {
        self.application == Self::default().application
    }
}

pub(super) fn is_colour(digits: &str) -> bool {
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// All templates, ready to render.
pub struct Pages(Environment<'static>);

impl Pages {
    #[must_use]
    pub fn new(links: &Links, statics: &Statics) -> Self {
        let mut environment = embedded();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_global("links", Value::from(Serde(links.fixed())));
        let routes = statics.clone();
        environment.add_function("asset", move |name: &str| {
            routes
                .route(name)
                .map(str::to_owned)
                .ok_or_else(|| unknown("static file", name))
        });
        add_words(&mut environment);
        Self(environment)
    }

    /// Renders a page. A template that doesn't fit its data is an internal failure; tests render every sample.
    pub fn render<P: Page>(&self, shell: &Shell, page: &P) -> Result<Html<String>, Internal> {
        let template = self.0.get_template(P::TEMPLATE)?;
        let html = template.render(context! {
            page => Value::from(Serde(page)),
            shell => Value::from(Serde(shell)),
            brand_style => shell.brand.style_sheet(),
            ours => shell.brand.is_ours(),
        })?;
        Ok(Html(html))
    }
}

#[expect(
    elided_lifetimes_in_paths,
    clippy::expect_used,
    reason = "the generated loader is written so; a template with a mistake fails every test"
)]
fn embedded() -> Environment<'static> {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
    {
        environment.set_syntax(syntax);
    }
    minijinja_embed::load_templates!(&mut environment, "pages");
    environment
}

/// What templates of pages and letters say words with; both are given `shell.locale`.
pub fn add_words(environment: &mut Environment<'_>) {
    environment.add_function("t", translate);
    environment.add_function("t_or", translate_or);
    environment.add_function("date", |state: &State<'_, '_>, when: &str| {
        date(state, when, "date-time")
    });
    environment.add_function("day", |state: &State<'_, '_>, when: &str| {
        date(state, when, "date-day")
    });
    environment.add_function("brief", |state: &State<'_, '_>, when: &str| {
        date(state, when, "date-short")
    });
}

fn unknown(what: &str, name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("unknown {what}: {name}"),
    )
}

fn locale(state: &State<'_, '_>) -> Result<Locale, Error> {
    let shell = state
        .lookup("shell")
        .ok_or_else(|| unknown("variable", "shell"))?;
    let tag = shell.get_attr("locale")?;
    Ok(Locale::choose(tag.as_str()))
}

/// `t("key", name=value)`: a missing key is an error, not an empty place.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the environment hands the arguments over"
)]
fn translate(state: &State<'_, '_>, key: &str, values: Kwargs) -> Result<String, Error> {
    let mut arguments = Arguments::new();
    for name in values.args() {
        let value: Value = values.get(name)?;
        let argument = match (value.kind(), i64::try_from(value.clone())) {
            (ValueKind::Number, Ok(number)) => number.into(),
            _ => value.to_string().into(),
        };
        arguments.insert(Cow::Owned(name.to_owned()), argument);
    }
    values.assert_all_used()?;
    Words::find(&locale(state)?, key, &arguments).ok_or_else(|| unknown("sentence", key))
}

/// `t_or("problem-" ~ code, sentence)`: the catalogue's sentence, or the given one where it has none.
fn translate_or(state: &State<'_, '_>, key: &str, sentence: &str) -> Result<String, Error> {
    let found = Words::find(&locale(state)?, key, &Arguments::new());
    Ok(found.unwrap_or_else(|| sentence.to_owned()))
}

/// An instant (RFC 3339) in words.
fn date(state: &State<'_, '_>, when: &str, style: &str) -> Result<String, Error> {
    let when: DateTime<Utc> = when.parse().map_err(|_| unknown("instant", when))?;
    let locale = locale(state)?;
    let month = Words::say(&locale, &format!("month-{}", when.month()), &[]);
    let weekday = Words::say(
        &locale,
        &format!("weekday-{}", when.weekday().number_from_monday()),
        &[],
    );
    let short_month = Words::say(&locale, &format!("month-short-{}", when.month()), &[]);
    let (day, year) = (when.day().to_string(), when.year().to_string());
    let time = when.format("%H:%M").to_string();
    let parts = [
        ("weekday", weekday.as_str()),
        ("day", &day),
        ("month", &month),
        ("short-month", &short_month),
        ("year", &year),
        ("time", &time),
    ];
    Ok(Words::say(&locale, style, &parts))
}
