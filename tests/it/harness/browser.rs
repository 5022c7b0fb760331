//! A browser without JavaScript: cookies, forms, redirects within the site. Stops where it would leave for another origin.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use scraper::{ElementRef, Html, Selector};
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

pub(crate) struct Browser {
    router: Router,
    origin: Url,
    cookies: BTreeMap<String, String>,
    /// What it says about its languages.
    pub(crate) accept_language: Option<String>,
    /// The `Origin` header of its posts; a browser on our own pages sends ours.
    pub(crate) posts_from: Option<String>,
}

/// What the browser shows after its last redirect within the site.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// Where it would have gone next, if that is another origin.
    pub(crate) leaves_for: Option<Url>,
}

impl Browser {
    pub(crate) fn new(router: Router, origin: Url) -> Self {
        let posts_from = Some(origin.origin().ascii_serialization());
        Self {
            router,
            origin,
            cookies: BTreeMap::new(),
            accept_language: None,
            posts_from,
        }
    }

    pub(crate) async fn open(&mut self, address: &str) -> Page {
        let url = self.origin.join(address).unwrap();
        self.follow("GET", url, None).await
    }

    pub(crate) async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Page {
        let url = self.origin.join(address).unwrap();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.follow("POST", url, Some(body)).await
    }

    /// Fills in and submits the page's form that has the button (by its `id`), as a person would: everything pre-filled stays,
    /// and `changes` are typed over it.
    pub(crate) async fn submit(
        &mut self,
        page: &Page,
        button: &str,
        changes: &[(&str, &str)],
    ) -> Page {
        let (action, method, fields) = page.form(button, changes);
        let url = page.url.join(&action).unwrap();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        if method.eq_ignore_ascii_case("post") {
            self.follow("POST", url, Some(body)).await
        } else {
            let mut url = url;
            url.set_query(Some(&body));
            self.follow("GET", url, None).await
        }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// As somebody would who planted a cookie.
    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    async fn follow(&mut self, method: &str, url: Url, body: Option<String>) -> Page {
        let (mut method, mut url, mut body) = (method.to_owned(), url, body);
        for _ in 0..20 {
            let page = self.request(&method, &url, body.take()).await;
            let Some(location) = page.headers.get(header::LOCATION) else {
                return page;
            };
            let next = url.join(location.to_str().unwrap()).unwrap();
            if next.origin() != self.origin.origin() {
                return Page {
                    leaves_for: Some(next),
                    ..page
                };
            }
            assert!(
                page.status.is_redirection(),
                "a Location with {}",
                page.status
            );
            (method, url) = ("GET".to_owned(), next);
        }
        panic!("redirected in circles at {url}");
    }

    /// One request, no redirects followed.
    pub(crate) async fn request(&mut self, method: &str, url: &Url, body: Option<String>) -> Page {
        let mut path = url.path().to_owned();
        if let Some(query) = url.query() {
            path = format!("{path}?{query}");
        }
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, host(url));
        if let Some(languages) = &self.accept_language {
            request = request.header(header::ACCEPT_LANGUAGE, languages);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if method == "POST" {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            if let Some(origin) = &self.posts_from {
                request = request.header(header::ORIGIN, origin);
            }
        }
        let request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 20_000_000).await.unwrap();
        self.keep_cookies(&parts.headers);
        Page {
            status: parts.status,
            url: url.clone(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            leaves_for: None,
        }
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap();
    url.port()
        .map_or(host.to_owned(), |port| format!("{host}:{port}"))
}

impl Page {
    /// The form once more, because more passwords are to be hashed than the machine can: the same answer everywhere.
    pub(crate) fn asks_to_come_back(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
            && self.headers["retry-after"] == "2"
            && self
                .body
                .contains("Nothing was lost: try again in a few seconds.")
            && self.body.contains("<form")
    }

    fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// The heading, which tells a person (and a test) where they are.
    pub(crate) fn heading(&self) -> String {
        self.text("h1")
    }

    /// The text of all elements that match.
    pub(crate) fn text(&self, selector: &str) -> String {
        let html = self.html();
        let selector = Selector::parse(selector).unwrap();
        let texts: Vec<String> = html
            .select(&selector)
            .map(|element| element.text().collect::<String>())
            .collect();
        texts
            .join(" ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub(crate) fn has(&self, selector: &str) -> bool {
        self.html()
            .select(&Selector::parse(selector).unwrap())
            .next()
            .is_some()
    }

    /// An attribute of the first element that matches.
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let html = self.html();
        let element = html.select(&Selector::parse(selector).unwrap()).next()?;
        element.value().attr(name).map(str::to_owned)
    }

    /// The value of a field by its name.
    pub(crate) fn value(&self, field: &str) -> Option<String> {
        self.attribute(&format!("[name='{field}']"), "value")
    }

    fn form(
        &self,
        button: &str,
        changes: &[(&str, &str)],
    ) -> (String, String, Vec<(String, String)>) {
        let html = self.html();
        let button = html
            .select(&Selector::parse(&format!("#{button}")).unwrap())
            .next()
            .unwrap_or_else(|| {
                panic!(
                    "no button #{button} on “{}” ({})\n{}",
                    self.heading(),
                    self.status,
                    self.body
                )
            });
        let form = button
            .ancestors()
            .filter_map(ElementRef::wrap)
            .find(|element| element.value().name() == "form")
            .unwrap_or_else(|| {
                panic!(
                    "#{} stands in no form",
                    button.value().id().unwrap_or_default()
                )
            });
        let mut fields = fields_of(form);
        if let Some(name) = button.value().attr("name") {
            fields.push((
                name.to_owned(),
                button.value().attr("value").unwrap_or_default().to_owned(),
            ));
        }
        for (name, value) in changes {
            fields.retain(|(there, _)| there != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let attribute = |name| form.value().attr(name).unwrap_or_default().to_owned();
        (attribute("action"), attribute("method"), fields)
    }
}

fn fields_of(form: ElementRef<'_>) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for input in form.select(&Selector::parse("input, textarea, select").unwrap()) {
        let value = input.value();
        let Some(name) = value.attr("name") else {
            continue;
        };
        if value.attr("disabled").is_some() {
            continue;
        }
        let text = match (value.name(), value.attr("type")) {
            ("input", Some("checkbox" | "radio")) if value.attr("checked").is_none() => continue,
            ("input", Some("checkbox" | "radio")) => value.attr("value").unwrap_or("on").to_owned(),
            ("input", _) => value.attr("value").unwrap_or_default().to_owned(),
            ("textarea", _) => input.text().collect(),
            _ => {
                let chosen = Selector::parse("option[selected]").unwrap();
                let any = Selector::parse("option:not([disabled])").unwrap();
                let option = input
                    .select(&chosen)
                    .next()
                    .or_else(|| input.select(&any).next());
                option
                    .and_then(|it| it.value().attr("value"))
                    .unwrap_or_default()
                    .to_owned()
            }
        };
        fields.push((name.to_owned(), text));
    }
    fields
}
