//! A person with a browser, without the screen: cookies, redirects, forms.

use std::collections::BTreeMap;

use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use url::Url;

/// Where a walk through pages ended.
pub(crate) enum Reached {
    /// A page of the provider.
    Page { url: Url, html: String },
    /// Sent back to the application.
    Application(Url),
}

#[derive(Clone)]
pub(crate) struct Agent {
    http: Client,
    issuer: Url,
    cookies: BTreeMap<String, String>,
}

impl Agent {
    pub(crate) fn new(issuer: &Url) -> Self {
        Self {
            http: client(),
            issuer: issuer.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// The same person with a new browser, over the same connections.
    pub(crate) fn fresh(&self) -> Self {
        Self {
            cookies: BTreeMap::new(),
            ..self.clone()
        }
    }

    pub(crate) async fn open(&mut self, url: Url) -> Reached {
        let request = self.http.get(url);
        self.follow(request).await
    }

    /// Sends the page's form with what it holds, and with `values` instead where they are given.
    pub(crate) async fn submit(&mut self, page: Reached, values: &[(&str, &str)]) -> Reached {
        let Reached::Page { url, html } = page else {
            panic!("not a page")
        };
        let form = Form::find(&html).unwrap_or_else(|| panic!("no form on {url}: {html}"));
        let action = url.join(&form.action).unwrap();
        let mut fields: Vec<(String, String)> = form.fields;
        fields.retain(|(name, _)| values.iter().all(|(given, _)| given != name));
        fields.extend(
            values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let request = self
            .http
            .post(action)
            .form(&fields)
            .header("sec-fetch-site", "same-origin");
        self.follow(request).await
    }

    async fn follow(&mut self, mut request: RequestBuilder) -> Reached {
        loop {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let answer = request
                .header("cookie", cookies.join("; "))
                .send()
                .await
                .unwrap();
            self.keep_cookies(&answer);
            let url = answer.url().clone();
            if !answer.status().is_redirection() {
                assert_eq!(
                    answer.status(),
                    StatusCode::OK,
                    "{url}: {}",
                    answer.text().await.unwrap()
                );
                return Reached::Page {
                    url,
                    html: answer.text().await.unwrap(),
                };
            }
            let next = url
                .join(answer.headers()["location"].to_str().unwrap())
                .unwrap();
            if next.origin() != self.issuer.origin() {
                return Reached::Application(next);
            }
            request = self.http.get(next);
        }
    }

    fn keep_cookies(&mut self, answer: &Response) {
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// A client that follows nothing by itself.
pub(crate) fn client() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// The main form of a page.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    fn find(html: &str) -> Option<Self> {
        let main = &html[html.find("<main")?..];
        let start = main.find("<form")?;
        let form = &main[start..start + main[start..].find("</form>")?];
        let inputs = form.match_indices("<input").map(|(at, _)| tag(&form[at..]));
        let fields = inputs.filter_map(|input| {
            Some((
                attribute(input, "name")?,
                attribute(input, "value").unwrap_or_default(),
            ))
        });
        Some(Self {
            action: attribute(tag(form), "action").unwrap_or_default(),
            fields: fields.collect(),
        })
    }
}

fn tag(text: &str) -> &str {
    &text[..=text.find('>').unwrap()]
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&amp;", "&")
            .replace("&#x2f;", "/")
            .replace("&#39;", "'")
            .replace("&quot;", "\""),
    )
}
