//! The kinds of work that are measured.

use crate::agent::Agent;
use crate::measure::{Figure, Meter};
use crate::raw::{self, Repeater};
use crate::sink::Sink;
use crate::stage::{Person, Stage, text};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(crate) async fn all(stage: &Stage, sink: &Sink, meter: &Meter, only: &str) -> Vec<Figure> {
    let wanted = |name: &str| name.contains(only);
    let mut figures = Vec::new();
    for (name, request) in requests(stage).await {
        if wanted(name) {
            let url = &stage.issuer;
            let mut connections = Vec::new();
            for _ in 0..meter.connections {
                connections.push(Repeater::connect(url, request.clone()).await);
            }
            figures.push(meter.run(name, connections, Repeater::again).await);
        }
    }
    if wanted("refresh") {
        figures.push(meter.run("refresh", holders(stage).await, refresh).await);
    }
    if wanted("sign in") {
        let people = stage
            .people
            .iter()
            .map(|person| (stage.clone(), person.clone()));
        figures.push(meter.run("sign in", people.collect(), sign_in).await);
    }
    if wanted("invite") {
        let inviters = vec![stage.clone(); meter.connections];
        figures.push(meter.run("invite", inviters, invite).await);
        // The mail server has let the letters wait; now it takes them as fast as they come.
        sink.open();
        figures.push(meter.run("letters", vec![sink.clone()], Sink::next).await);
        sink.drained().await;
    }
    if wanted("accept") {
        let agent = Agent::new(&stage.issuer);
        let invitees = vec![(stage.clone(), agent); meter.connections];
        figures.push(meter.run("invite and accept", invitees, accept).await);
    }
    figures
}

/// Requests that can be repeated as they are.
async fn requests(stage: &Stage) -> Vec<(&'static str, Vec<u8>)> {
    let mut person = stage.people[0].clone();
    let tokens = stage.sign_in(&mut person).await;
    let at = |path: &str| stage.issuer.join(path).unwrap();
    let bearer = format!("Bearer {}", tokens.access);
    let (basic, api_basic) = (
        ("authorization", stage.basic.as_str()),
        ("authorization", stage.api_basic.as_str()),
    );
    let credentials = "grant_type=client_credentials&scope=invitations%3Aread";
    vec![
        (
            "discovery",
            raw::request("GET", &at("/.well-known/openid-configuration"), &[], ""),
        ),
        ("jwks", raw::request("GET", &at("/jwks.json"), &[], "")),
        (
            "client credentials",
            raw::request("POST", &at("/token"), &[FORM, api_basic], credentials),
        ),
        (
            "introspection",
            raw::request(
                "POST",
                &at("/introspect"),
                &[FORM, basic],
                &format!("token={}", tokens.access),
            ),
        ),
        (
            "userinfo",
            raw::request("GET", &at("/userinfo"), &[("authorization", &bearer)], ""),
        ),
    ]
}

/// People with a refresh token each.
async fn holders(stage: &Stage) -> Vec<(Stage, String)> {
    let mut holders = Vec::new();
    for person in &stage.people {
        let tokens = stage.sign_in(&mut person.clone()).await;
        holders.push((stage.clone(), tokens.refresh));
    }
    holders
}

async fn refresh((stage, token): (Stage, String)) -> (Stage, String) {
    let tokens = stage.refresh(&token).await;
    (stage, tokens.refresh)
}

/// With a browser that is not signed in: the password is asked for, and hashed.
async fn sign_in((stage, person): (Stage, Person)) -> (Stage, Person) {
    let mut stranger = Person {
        agent: person.agent.fresh(),
        ..person
    };
    stage.sign_in(&mut stranger).await;
    (stage, stranger)
}

async fn invite(stage: Stage) -> Stage {
    stage.invite("letter").await;
    stage
}

async fn accept((stage, agent): (Stage, Agent)) -> (Stage, Agent) {
    let (_, made) = stage.invite("link").await;
    stage.accept(&mut agent.fresh(), text(&made, "/link")).await;
    (stage, agent)
}
