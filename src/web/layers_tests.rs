//! What passes the layers, and what comes back.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::routing::{get, post};
use serde::Deserialize;
use tower::ServiceExt as _;

use super::*;
use crate::kit::{FieldProblem, Internal};
use crate::web::{Form, Json, Statics, static_routes};

#[derive(Deserialize)]
struct Example {
    name: String,
}

fn router(public_url: &str) -> Router {
    let links = Links::new(&public_url.parse().unwrap());
    let around = Surroundings {
        pages: Arc::new(Pages::new(&links, &Statics::new())),
        metrics: Metrics::new(),
        clock: Clock::system(),
        trusted_proxies: Arc::new([]),
        links: links.clone(),
    };
    let form = async |Form(example): Form<Example>| example.name;
    let json = async |Json(example): Json<Example>| example.name;
    let forms = Router::new().route("/form", post(form));
    let routes = Router::new()
        .route(
            "/panic",
            get(async || -> &'static str { panic!("secret detail") }),
        )
        .route(
            "/broken",
            get(async || PageFailure::from(Internal::because("secret detail"))),
        )
        .route(
            "/gone",
            get(async || Failure::from(Internal::from(sqlx::Error::PoolTimedOut))),
        )
        .route(
            "/busy",
            get(async || {
                PageFailure::from(
                    Failure::refused(StatusCode::TOO_MANY_REQUESTS, "slow_down", "Later.")
                        .retry_after(90),
                )
            }),
        )
        .route(
            "/invalid",
            get(async || {
                Failure::invalid(vec![FieldProblem::new(
                    "profile/email",
                    "no_address",
                    "Not an address.",
                )])
            }),
        )
        .route("/json", post(json))
        .merge(refuse_cross_site(forms, &links))
        .merge(static_routes());
    surround(routes, &around)
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(request: axum::http::request::Builder, body: impl Into<Body>) -> Reply {
    let request = request.body(body.into()).unwrap();
    let response = router("https://id.northwind.example")
        .oneshot(request)
        .await
        .unwrap();
    let (head, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Reply {
        status: head.status,
        headers: head.headers,
        text,
    }
}

fn page(path: &str) -> axum::http::request::Builder {
    Request::get(path).header(header::ACCEPT, "text/html,*/*;q=0.8")
}

fn form() -> axum::http::request::Builder {
    Request::post("/form").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn every_answer_is_hardened() {
    for path in ["/nothing", "/broken", "/brand/0b6e58.css"] {
        let reply = send(page(path), "").await;
        let policy = reply.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(
            reply
                .header("strict-transport-security")
                .starts_with("max-age=")
        );
        assert!(reply.header("x-request-id").starts_with("req_"));
    }
}

#[tokio::test]
async fn people_get_pages_and_programs_get_problems() {
    let reply = send(page("/nothing"), "").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert!(
        reply.text.contains("There is nothing here")
            && reply.text.contains(reply.header("x-request-id"))
    );
    let reply = send(Request::get("/nothing"), "").await;
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let problem: serde_json::Value = serde_json::from_str(&reply.text).unwrap();
    assert_eq!(problem["code"], "not_found");
    assert_eq!(problem["request_id"], reply.header("x-request-id"));
    let problem: serde_json::Value =
        serde_json::from_str(&send(Request::get("/invalid"), "").await.text).unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "/profile/email");
    assert_eq!(
        send(Request::delete("/form"), "").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn what_went_wrong_inside_stays_inside() {
    for path in ["/panic", "/broken"] {
        let reply = send(page(path), "").await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!reply.text.contains("secret") && reply.text.contains("Something went wrong"));
    }
    let reply = send(Request::get("/gone"), "").await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (StatusCode::SERVICE_UNAVAILABLE, "5")
    );
    let reply = send(page("/busy"), "").await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "90")
    );
    assert!(
        reply.text.contains("Please wait 2 minutes"),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn forms_from_other_sites_are_refused() {
    let reply = send(
        form()
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://evil.example"),
        "name=a",
    )
    .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.text.contains("another website"), "{}", reply.text);
    let other = form()
        .header("origin", "https://evil.example")
        .header("host", "id.northwind.example");
    assert_eq!(send(other, "name=a").await.status, StatusCode::FORBIDDEN);
    let own = form()
        .header("origin", "https://id.northwind.example")
        .header("host", "10.0.0.1");
    assert_eq!(send(own, "name=a").await.text, "a");
    // A page under `no-referrer` sends its forms with an origin of null, and says that they are its own.
    let quiet = form()
        .header("origin", "null")
        .header("sec-fetch-site", "same-origin");
    assert_eq!(send(quiet, "name=a").await.text, "a");
}

#[tokio::test]
async fn bad_bodies_are_refused_with_a_page() {
    let cases = [
        ("name=a&name=b".to_owned(), StatusCode::BAD_REQUEST),
        ("name=%00".to_owned(), StatusCode::BAD_REQUEST),
        ("name=%ff".to_owned(), StatusCode::BAD_REQUEST),
        (String::new(), StatusCode::BAD_REQUEST),
        (
            format!("name={}", "a".repeat(10_000_000)),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
    ];
    for (body, status) in cases {
        let reply = send(form(), body).await;
        assert_eq!(reply.status, status);
        assert!(reply.text.contains("That didn’t work"));
    }
    let reply = send(
        Request::post("/form").header(header::CONTENT_TYPE, "text/plain"),
        "name=a",
    )
    .await;
    assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let json = Request::post("/json").header(header::CONTENT_TYPE, "application/json");
    let reply = send(json, "{").await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (StatusCode::BAD_REQUEST, "application/problem+json")
    );
}

#[tokio::test]
async fn a_colour_is_all_that_a_brand_can_say() {
    let reply = send(Request::get("/brand/0b6e58.css"), "").await;
    assert_eq!(reply.text, ":root { --accent: #0b6e58; }\n");
    assert!(reply.header("cache-control").contains("immutable"));
    for file in ["red.css", "0b6e58", "0b6e5;.css", "0b6e58;}.css"] {
        assert_eq!(
            send(Request::get(format!("/brand/{file}")), "")
                .await
                .status,
            StatusCode::NOT_FOUND,
            "{file}"
        );
    }
}

#[tokio::test]
async fn static_files_are_named_by_their_content() {
    let statics = Statics::new();
    let route = statics.route("tokens.css").unwrap();
    assert_ne!(route, "/static/tokens.css");
    let reply = send(Request::get(route), "").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.header("content-type").starts_with("text/css"));
    assert!(reply.text.contains("--accent"));
}

#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// R133: a link is never in the logs, and neither is anything else that stands in an address, a header or a body.
#[tokio::test]
async fn r133_logs_name_the_route_only() {
    let log = Log::default();
    let logging = |writer: Log| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::Dispatch::new(subscriber)
    };
    // With a single log in the process, lines that other tests reach first would stay switched off.
    let _second = logging(Log::default());
    let guard = tracing::dispatcher::set_default(&logging(log.clone()));
    tracing::callsite::rebuild_interest_cache();
    for path in [
        "/brand/s3cret?flow=s3cret",
        "/s3cret",
        "/broken?code=s3cret",
    ] {
        send(
            page(path)
                .header("authorization", "Bearer s3cret")
                .header("cookie", "a=s3cret"),
            "",
        )
        .await;
    }
    send(form(), "name=s3cret&name=s3cret").await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("/brand/{file}") && text.contains("http.status=404"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
}
