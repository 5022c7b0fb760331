//! The headers that keep browsers strict. A handler that needs other ones sets them itself; the layer fills the gaps.
//!
//! Content-Security-Policy has no `form-action`: Chromium applies it to the redirects after a form's POST, which lead to
//! the redirect URIs of clients. Nothing of ours needs inline script or style.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::layers::Surroundings;
use super::links::path;

/// Every page of ours.
pub const PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// The mailbox, which shows a letter in a frame.
pub const PAGE_WITH_FRAME: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// A letter's HTML in that frame: no script, no origin, nothing from elsewhere. Mail clients know only inline styles,
/// so letters have them. Its links open outside of the frame.
pub const LETTER: HeaderValue = HeaderValue::from_static(
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; \
     style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'",
);

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

pub(super) async fn harden(
    State(around): State<Surroundings>,
    request: Request,
    next: Next,
) -> Response {
    let is_console = request.uri().path().starts_with(path::CONSOLE);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut fill = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    fill(header::CONTENT_SECURITY_POLICY, PAGE);
    fill(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    fill(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Applications may open the sign-in in a pop-up and wait for it; the console is nobody's pop-up.
    if is_console {
        fill(COOP, HeaderValue::from_static("same-origin"));
    }
    fill(
        PERMISSIONS,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
    );
    // What a person or a program gets is theirs alone, unless a handler says otherwise.
    fill(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if around.links.is_secure() {
        fill(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    response
}
