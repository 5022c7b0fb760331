//! The checks, in the order in which one needs the other.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::DATE;
use serde::{Deserialize, Serialize};

use super::super::{Globals, desk};
use super::Finding;
use crate::access;
use crate::app::App;
use crate::config::{Config, MasterKeySource};
use crate::event;
use crate::keys::{Algorithm, TokenKind};
use crate::kit::{Internal, Moment, PageRequest};
use crate::mail::Smtp;

const PATIENCE: Duration = Duration::from_secs(10);
/// Tokens of other machines are taken within seconds of their dates.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(10);

pub(super) async fn all(globals: &Globals) -> Vec<Finding> {
    let config = match globals.config() {
        Ok(config) => config,
        Err(failure) => {
            return vec![Finding::bad(
                "settings",
                failure.to_string(),
                "Mend them in the file, the environment or the flags.",
            )];
        }
    };
    let mut findings = vec![Finding::good(
        "settings",
        "every key is known and every value is allowed",
    )];
    findings.push(mail(&config).await);
    let opened = desk::open(config.clone()).await;
    match &opened {
        Ok(app) => {
            findings.insert(
                1,
                Finding::good(
                    "database",
                    format!("{} answers, its schema is up to date", app.db.engine_name()),
                ),
            );
            findings.push(signing(app));
            findings.push(administrators(app).await);
            findings.extend(clock_and_public_url(app).await);
        }
        Err(failure) => {
            let advice = "Check database.url, that the database runs, and that the data folder can be written and holds the \
                          master key that the database was made with.";
            findings.insert(
                1,
                Finding::bad("database and keys", failure.to_string(), advice),
            );
        }
    }
    findings.push(master_key(&config));
    findings
}

fn master_key(config: &Config) -> Finding {
    let about = "master key";
    match &config.keys.master_key {
        MasterKeySource::Given(_) => Finding::good(about, "given by the settings"),
        MasterKeySource::File(path) if path.exists() => Finding::mind(
            about,
            format!("in {}", path.display()),
            "Keep a copy apart from the database's: without it nothing sealed can be read.",
        ),
        MasterKeySource::File(path) => Finding::bad(
            about,
            format!("{} is missing", path.display()),
            "Put the master key of this installation there.",
        ),
    }
}

async fn mail(config: &Config) -> Finding {
    let about = "mail";
    let Some(smtp) = &config.mail else {
        let loopback = config.server.public_url.scheme() == "http";
        return if loopback {
            Finding::mind(
                about,
                "no server is set; letters land in the mailbox page",
                "Set mail.smtp.host before anybody else uses this.",
            )
        } else {
            Finding::bad(
                about,
                "no server is set and the public URL is not this machine's: letters go nowhere",
                "Set mail.smtp.host.",
            )
        };
    };
    let checked = match Smtp::new(smtp) {
        Ok(server) => server.check().await,
        Err(error) => Err(format!("{error:?}")),
    };
    match checked {
        Ok(()) => Finding::good(about, format!("{}:{} lets us in", smtp.host, smtp.port)),
        Err(why) => {
            let advice = "Check mail.smtp.host, port, encryption, username and password, and that the network lets you out.";
            Finding::bad(about, format!("{}:{}: {why}", smtp.host, smtp.port), advice)
        }
    }
}

/// Signs and verifies with each algorithm: what the database holds fits the master key.
fn signing(app: &App) -> Finding {
    #[derive(Serialize, Deserialize)]
    struct Claims {
        iat: i64,
        exp: i64,
    }
    let moment = app.moment();
    let claims = Claims {
        iat: moment.now.timestamp(),
        exp: moment.now.timestamp() + 60,
    };
    for algorithm in Algorithm::ALL {
        let signed = app
            .keys
            .sign(TokenKind::AccessToken, algorithm, &claims, &moment);
        let right = signed.is_ok_and(|token| {
            app.keys
                .verify::<Claims>(TokenKind::AccessToken, &token, &moment)
                .is_ok()
        });
        if !right {
            return Finding::bad(
                "signing keys",
                format!("{algorithm} does not sign"),
                "Run usher keys rotate.",
            );
        }
    }
    Finding::good(
        "signing keys",
        "every algorithm signs, and what it signs is believed",
    )
}

async fn administrators(app: &App) -> Finding {
    let about = "administrators";
    match app.db.read(access::is_administered).await {
        Ok(true) => Finding::good(about, "there is one"),
        Ok(false) => Finding::mind(
            about,
            "nobody can use the console yet",
            "Run usher init --admin you@company.example and follow the link.",
        ),
        Err(error) => Finding::bad(about, format!("{error:?}"), "Check the database."),
    }
}

/// The public URL must lead here; the answer's date tells about the clock as well.
async fn clock_and_public_url(app: &App) -> Vec<Finding> {
    let (about, url) = ("public URL", app.links.openid_configuration());
    let moment = app.moment();
    let answer = match ask(&url).await {
        Ok(answer) => answer,
        Err(why) => {
            let advice = "Start the server, or make server.public_url lead to it: name resolution, certificate, reverse proxy.";
            return vec![
                Finding::mind(about, format!("{url}: {why}"), advice),
                clock(app, &moment, None).await,
            ];
        }
    };
    let finding = if answer.issuer.as_deref() == Some(app.links.issuer()) {
        Finding::good(about, format!("{} leads here", app.links.issuer()))
    } else {
        let found = format!(
            "{url} answers for another issuer: {}",
            answer.issuer.as_deref().unwrap_or("none")
        );
        Finding::bad(
            about,
            found,
            "Something else listens there; check server.public_url and the reverse proxy.",
        )
    };
    vec![finding, clock(app, &moment, answer.date).await]
}

struct Answer {
    issuer: Option<String>,
    date: Option<DateTime<Utc>>,
}

async fn ask(url: &str) -> Result<Answer, String> {
    let asked = async {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let answer = http.get(url).send().await?;
        let date = answer
            .headers()
            .get(DATE)
            .and_then(|date| date.to_str().ok().map(str::to_owned));
        let body: serde_json::Value = answer.json().await.unwrap_or_default();
        Ok::<_, Internal>((
            body.get("issuer")
                .and_then(|issuer| issuer.as_str())
                .map(str::to_owned),
            date,
        ))
    };
    let (issuer, date) = asked.await.map_err(|error| format!("{error:?}"))?;
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(&date).ok());
    Ok(Answer {
        issuer,
        date: date.map(|date| date.with_timezone(&Utc)),
    })
}

/// Compares with whoever answers at the public URL, and with the log: time has not run backwards.
async fn clock(app: &App, moment: &Moment, other: Option<DateTime<Utc>>) -> Finding {
    let advice = "Let the machines of this installation take their time from the network (NTP).";
    if let Some(other) = other
        && (moment.now - other).abs() > CLOCK_TOLERANCE
    {
        return Finding::bad(
            "clock",
            format!(
                "the public URL answers at {other}, here it is {}",
                moment.now
            ),
            advice,
        );
    }
    let newest = app
        .db
        .read(async |tx| event::list(tx, &event::Filter::default(), &PageRequest::first()).await)
        .await;
    let newest = newest
        .ok()
        .and_then(|page| page.items.first().map(|event| event.at));
    match newest {
        Some(newest) if newest > moment.now + CLOCK_TOLERANCE => Finding::bad(
            "clock",
            format!(
                "the log's newest entry is of {newest}, here it is {}",
                moment.now
            ),
            advice,
        ),
        _ => Finding::good("clock", format!("{}", moment.now.format("%F %T UTC"))),
    }
}
