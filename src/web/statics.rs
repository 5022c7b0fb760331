//! Style sheets, scripts and icons: compiled in, compressed, named by their content, cached for a year.
//!
//! And the one rule that an application's brand adds. No page, no template.

use std::collections::HashMap;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use memory_serve::{CacheControl, MemoryServe};

use super::links::path;
use super::pages::is_colour;
use super::respond::{Failure, PageFailure};

/// Where each static file is served: `hosted.css` → `/static/hosted.3f9a….css`.
#[derive(Clone)]
pub struct Statics(HashMap<String, String>);

impl Statics {
    #[must_use]
    pub fn new() -> Self {
        let manifest = files().manifest();
        let route = |(name, route): (&str, &str)| {
            (
                name.trim_start_matches('/').to_owned(),
                format!("{}{route}", path::STATIC),
            )
        };
        Self(manifest.iter().map(route).collect())
    }

    /// The path of a file, for a page that is no template.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Default for Statics {
    fn default() -> Self {
        Self::new()
    }
}

fn files() -> MemoryServe {
    memory_serve::load!()
        .index_file(None)
        .enable_hashed_routes(true)
        .cache_control(CacheControl::NoCache)
}

/// Serves the static files and the brands' style sheets.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .nest(path::STATIC, files().into_router())
        .route(
            path::BRAND,
            get(async |Path(file): Path<String>| brand(&file)),
        )
}

/// `/brand/0b6e58.css`: a rule of its own, because the Content-Security-Policy allows no inline style.
fn brand(file: &str) -> Result<Response, PageFailure> {
    let colour = file.strip_suffix(".css").filter(|digits| is_colour(digits));
    let colour = colour.ok_or_else(Failure::not_found)?;
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    let lasting = HeaderValue::from_static("public, max-age=31536000, immutable");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, lasting),
    ];
    Ok((headers, format!(":root {{ --accent: #{colour}; }}\n")).into_response())
}
