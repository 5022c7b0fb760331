//! What the application does with a request.
//!
//! Protocol and pages are elsewhere.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;
use url::Url;

use super::Desk;
use super::pages::View;
use super::provider::{Answer, Unusable, Wishes};
use super::visits::{Attempt, Visit};
use crate::kit::{Moment, Secret, digest, same_secret};

const SESSION_COOKIE: &str = "desk-session";
const BROWSER_COOKIE: &str = "desk-browser";

/// OpenID Connect Core section 4, and an invitation that the application hands on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Initiation {
    iss: Option<String>,
    login_hint: Option<String>,
    target_link_uri: Option<String>,
    invitation: Option<String>,
}

/// The authorization response, with `iss` (RFC 9207).
#[derive(Debug, Deserialize)]
pub(super) struct Callback {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

pub(super) async fn home(State(desk): State<Desk>, jar: CookieJar) -> Response {
    let visit = cookie(&jar, SESSION_COOKIE)
        .and_then(|token| desk.visits.find(token, desk.clock.moment().now));
    match visit {
        Some(visit) => desk.pages.signed_in(&visit),
        None => desk.pages.show(StatusCode::OK, &View::Welcome),
    }
}

pub(super) async fn login(
    State(desk): State<Desk>,
    jar: CookieJar,
    Query(initiation): Query<Initiation>,
) -> Response {
    start(&desk, jar, initiation).await
}

pub(super) async fn login_by_post(
    State(desk): State<Desk>,
    jar: CookieJar,
    Form(initiation): Form<Initiation>,
) -> Response {
    start(&desk, jar, initiation).await
}

async fn start(desk: &Desk, jar: CookieJar, initiation: Initiation) -> Response {
    if initiation
        .iss
        .is_some_and(|iss| iss != desk.settings.issuer)
    {
        return desk
            .pages
            .show(StatusCode::BAD_REQUEST, &View::OtherProvider);
    }
    let target = initiation.target_link_uri.as_deref();
    let Some(destination) = destination(&desk.settings.own_url, target) else {
        return desk
            .pages
            .show(StatusCode::BAD_REQUEST, &View::OtherDestination);
    };
    let wishes = Wishes {
        login_hint: initiation.login_hint,
        invitation: initiation.invitation,
    };
    let request = match desk.provider.request(wishes).await {
        Ok(request) => request,
        Err(unusable) => return unavailable(desk, &unusable),
    };
    let moment = desk.clock.moment();
    let (jar, browser) = known_browser(desk, jar, &moment);
    let attempt = Attempt {
        browser: browser.digest(),
        nonce: request.nonce,
        verifier: request.verifier,
        destination,
        until: moment.now + Attempt::LIFETIME,
    };
    desk.visits
        .keep_attempt(request.state.secret(), attempt, moment.now);
    (jar, Redirect::to(request.url.as_str())).into_response()
}

/// Where to go after signing in: our own pages only, so that nobody can use us to send people elsewhere. A whole address,
/// because a path alone may begin with two slashes and name another host.
fn destination(own: &Url, target: Option<&str>) -> Option<String> {
    let target = own.join(target.unwrap_or("/")).ok()?;
    (target.origin() == own.origin()).then(|| target.to_string())
}

pub(super) async fn callback(
    State(desk): State<Desk>,
    jar: CookieJar,
    Query(response): Query<Callback>,
) -> Response {
    let moment = desk.clock.moment();
    let attempt = response
        .state
        .and_then(|state| desk.visits.take_attempt(&state, moment.now));
    let browser = cookie(&jar, BROWSER_COOKIE).map(|browser| digest(browser.as_bytes()));
    let Some(attempt) = attempt
        .filter(|attempt| browser.is_some_and(|browser| same_secret(&browser, &attempt.browser)))
    else {
        return desk.pages.show(StatusCode::BAD_REQUEST, &View::LostTrack);
    };
    if response.iss.is_some_and(|iss| iss != desk.settings.issuer) {
        return desk
            .pages
            .show(StatusCode::BAD_REQUEST, &View::OtherProvider);
    }
    let Some(code) = response.code else {
        tracing::info!(
            error = response.error,
            "the provider did not sign the person in"
        );
        return desk.pages.show(StatusCode::OK, &View::NotSignedIn);
    };
    let nonce = &attempt.nonce;
    match desk.provider.redeem(code, attempt.verifier, nonce).await {
        Ok(answer) => {
            let token = moment.token();
            let visit = visit(answer, &moment);
            desk.visits.begin(token.reveal(), visit, moment.now);
            let jar = jar.add(own_cookie(&desk, SESSION_COOKIE, &token));
            (jar, Redirect::to(&attempt.destination)).into_response()
        }
        Err(unusable) => unavailable(&desk, &unusable),
    }
}

fn visit(answer: Answer, moment: &Moment) -> Visit {
    Visit {
        id_token: answer.id_token,
        claims: answer.claims,
        userinfo: answer.userinfo,
        access_token: answer.access_token,
        refresh_token: answer.refresh_token,
        renewals: 0,
        until: moment.now + Visit::LIFETIME,
    }
}

pub(super) async fn renew(State(desk): State<Desk>, jar: CookieJar) -> Response {
    let now = desk.clock.moment().now;
    let session = cookie(&jar, SESSION_COOKIE);
    if let Some(session) = session
        && let Some(visit) = desk.visits.find(session, now)
        && let Some(token) = desk.visits.take_refresh_token(session)
    {
        let subject = visit.claims.get("sub").and_then(|sub| sub.as_str());
        match desk
            .provider
            .renew(&token, subject.unwrap_or_default())
            .await
        {
            Ok(answer) => desk.visits.change(session, |visit| {
                visit.id_token = answer.id_token;
                visit.claims = answer.claims;
                visit.userinfo = answer.userinfo;
                visit.access_token = answer.access_token;
                visit.refresh_token = Some(answer.refresh_token.unwrap_or(token));
                visit.renewals += 1;
            }),
            Err(unusable) => {
                tracing::warn!(%unusable, "the provider refused to renew: the visit ends");
                desk.visits.end(session);
                return desk.pages.show(StatusCode::OK, &View::Ended);
            }
        }
    }
    Redirect::to("/").into_response()
}

pub(super) async fn sign_out(State(desk): State<Desk>, jar: CookieJar) -> Response {
    let ended = cookie(&jar, SESSION_COOKIE).and_then(|session| desk.visits.end(session));
    let next = match ended {
        Some(visit) => {
            let state = desk.clock.moment().token().reveal().to_owned();
            desk.provider.end_session(&visit.id_token, state).await
        }
        None => None,
    };
    let jar = jar.remove(Cookie::build(SESSION_COOKIE).path("/").build());
    match next {
        Some(next) => (jar, Redirect::to(next.as_str())).into_response(),
        None => (jar, Redirect::to("/")).into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct LogoutTold {
    logout_token: String,
}

/// The provider says that somebody is signed out there, so they are here (Back-Channel Logout section 2.5).
pub(super) async fn backchannel_logout(
    State(desk): State<Desk>,
    Form(told): Form<LogoutTold>,
) -> StatusCode {
    match desk.provider.signed_out(&told.logout_token).await {
        Ok(signed_out) => {
            let ended = desk.visits.end_of(&signed_out);
            tracing::info!(visits = ended, "the provider ended a session");
            StatusCode::OK
        }
        Err(unusable) => {
            tracing::warn!(%unusable, "a logout token was refused");
            StatusCode::BAD_REQUEST
        }
    }
}

pub(super) async fn signed_out(State(desk): State<Desk>) -> Response {
    desk.pages.show(StatusCode::OK, &View::SignedOut)
}

pub(super) async fn not_found(State(desk): State<Desk>) -> Response {
    desk.pages.show(StatusCode::NOT_FOUND, &View::NotFound)
}

fn unavailable(desk: &Desk, unusable: &Unusable) -> Response {
    tracing::warn!(%unusable, "signing in failed");
    desk.pages.show(StatusCode::BAD_GATEWAY, &View::Failed)
}

fn cookie<'j>(jar: &'j CookieJar, name: &str) -> Option<&'j str> {
    jar.get(name).map(Cookie::value)
}

/// A browser keeps its cookie, so that sign-ins started in two tabs both come back.
fn known_browser(desk: &Desk, jar: CookieJar, moment: &Moment) -> (CookieJar, Secret) {
    if let Some(browser) = cookie(&jar, BROWSER_COOKIE).map(Secret::new) {
        return (jar, browser);
    }
    let browser = moment.token();
    (jar.add(own_cookie(desk, BROWSER_COOKIE, &browser)), browser)
}

fn own_cookie(desk: &Desk, name: &'static str, value: &Secret) -> Cookie<'static> {
    Cookie::build((name, value.reveal().to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(desk.settings.own_url.scheme() == "https")
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R132: whoever starts a sign-in can't choose a destination elsewhere.
    #[test]
    fn r132_destinations_are_our_own_pages() {
        let own = Url::parse("http://localhost:8081").unwrap();
        let to = |target| destination(&own, Some(target));
        let home = "http://localhost:8081/";
        assert_eq!(destination(&own, None).as_deref(), Some(home));
        assert_eq!(to(home).as_deref(), Some(home));
        assert_eq!(to("/a?b=c").unwrap(), "http://localhost:8081/a?b=c");
        let slashes = "http://localhost:8081//elsewhere.example/";
        assert_eq!(to(slashes).as_deref(), Some(slashes));
        for elsewhere in [
            "http://localhost:8080/",
            "https://localhost:8081/",
            "//elsewhere.example/",
            "\\\\elsewhere.example",
            "http://localhost:8081@elsewhere.example/",
            "javascript:alert(1)",
        ] {
            assert_eq!(to(elsewhere), None, "{elsewhere}");
        }
    }
}
