//! Which pages of other origins may call us (OA-24): anybody reads what is public; the rest is for the origins of our clients.
//!
//! None of these endpoints looks at cookies, so no answer allows credentials.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::app::App;
use crate::application::Catalogue;

const REMEMBERED_FOR: Duration = Duration::from_hours(1);

/// For discovery and keys.
pub(super) fn anybody() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(tower_http::cors::Any)
        .allow_methods([Method::GET])
        .allow_headers([header::IF_NONE_MATCH])
        .expose_headers([header::ETAG])
        .max_age(REMEMBERED_FOR)
}

/// For token, revocation and `UserInfo`: browser applications whose redirect URI has this origin.
pub(super) fn registered_origins(app: &App) -> CorsLayer {
    let catalogue = app.catalogue.clone();
    let allowed = AllowOrigin::predicate(move |origin: &HeaderValue, _| {
        let origin = origin.to_str().unwrap_or_default();
        is_registered(&catalogue.current(), origin)
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("x-requested-with"),
        ])
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER])
        .max_age(REMEMBERED_FOR)
}

fn is_registered(catalogue: &Catalogue, origin: &str) -> bool {
    catalogue.clients().iter().any(|client| {
        let mut uris = client.settings.redirect_uris.iter();
        uris.any(|uri| is_origin_of(origin, uri.as_str()))
    })
}

/// Whether the address begins with this origin and nothing of it is left out: `https://a.example` is none of `https://a.example.net/`.
fn is_origin_of(origin: &str, address: &str) -> bool {
    let web = origin.starts_with("https://") || origin.starts_with("http://");
    let rest = address.strip_prefix(origin);
    web && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

#[cfg(test)]
mod tests {
    use super::is_origin_of;

    #[test]
    fn an_origin_is_compared_whole() {
        let address = "https://app.example/callback";
        assert!(is_origin_of("https://app.example", address));
        assert!(is_origin_of(
            "http://localhost:5173",
            "http://localhost:5173/"
        ));
        for origin in [
            "",
            "null",
            "https://",
            "https://app",
            "https:",
            "http://app.example",
            "https://app.example/callback/x",
        ] {
            assert!(!is_origin_of(origin, address), "{origin}");
        }
        assert!(!is_origin_of(
            "https://app.example",
            "https://app.example.net/"
        ));
        assert!(!is_origin_of(
            "https://app.example",
            "https://app.example:8443/"
        ));
        assert!(!is_origin_of(
            "com.example.app",
            "com.example.app:/callback"
        ));
    }
}
