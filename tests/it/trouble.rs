//! What goes wrong outside: the process is killed, the database hangs up, the mail server has moods. Nothing that was
//! acknowledged is lost, nothing is half written, and the way back needs nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::task::JoinSet;
use tokio::time::sleep;
use url::Url;
use usher::db::{Db, Tx};
use usher::kit::{Clock, Internal};

use crate::database;

const SCOPES: [&str; 3] = ["invitations:read", "invitations:write", "invitations:link"];
const PASSWORD: &str = "seven quiet lighthouses blink";

/// The real program over a folder of its own, with an application to invite people into and a client that may.
struct House {
    folder: PathBuf,
    settings: Vec<String>,
    issuer: Url,
    application: String,
    /// Id and secret of the client.
    client: (String, String),
    server: Option<Child>,
    http: Client,
}

impl House {
    /// One on each database that is at hand.
    async fn each() -> Vec<Self> {
        let mut houses = vec![Self::on("")];
        houses.extend(database::postgres().await.map(|fresh| Self::on(&fresh.url)));
        houses
    }

    fn on(database: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("usher-{}", Clock::system().moment().uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        let probe = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = probe.local_addr().unwrap().port();
        drop(probe);
        let settings = [
            format!("data_dir={}", folder.display()),
            format!("database.url={database}"),
            format!("server.listen=127.0.0.1:{port}"),
            format!("server.public_url=http://localhost:{port}"),
            "log.filter=warn".to_owned(),
        ];
        let mut house = Self {
            folder,
            settings: settings.to_vec(),
            issuer: format!("http://localhost:{port}").parse().unwrap(),
            application: String::new(),
            client: (String::new(), String::new()),
            server: None,
            http: Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
        };
        house.run(&["init", "--admin", "ann@harborline.example"]);
        let redirect = "http://127.0.0.1:4711/callback";
        let made = house.run(&[
            "application",
            "create",
            "--name",
            "Desk",
            "--redirect-uri",
            redirect,
        ]);
        house.application = text(&made, "/application/id");
        let mut create = vec!["client", "create", "--name", "Trouble"];
        create.extend(SCOPES.iter().flat_map(|scope| ["--scope", scope]));
        let made = house.run(&create);
        house.client = (text(&made, "/client/id"), text(&made, "/client_secret"));
        house
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear();
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).arg("--json").output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        let first = output.stdout.split(|byte| *byte == b'\n').next().unwrap();
        serde_json::from_slice(first).unwrap()
    }

    async fn starts(&mut self) {
        let log = std::fs::File::create(self.folder.join("log")).unwrap();
        let mut serve = self.command(&["serve"]);
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.server = Some(serve.spawn().unwrap());
        let (begun, ready) = (Instant::now(), self.issuer.join("/health/ready").unwrap());
        loop {
            let answer = self.http.get(ready.clone()).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_mins(1),
                "the server does not start"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// SIGKILL: no time for anything.
    fn is_killed(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    async fn caller(&self) -> Caller {
        let (id, secret) = &self.client;
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", &SCOPES.join(" ")),
        ];
        let token = self.issuer.join("/token").unwrap();
        let request = self
            .http
            .post(token)
            .basic_auth(id, Some(secret))
            .form(&form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        Caller {
            http: self.http.clone(),
            issuer: self.issuer.clone(),
            token: text(&answer, "/access_token"),
            application: self.application.clone(),
        }
    }

    /// The database, seen from outside.
    async fn database(&self) -> Db {
        let url = self.settings[1].strip_prefix("database.url=").unwrap();
        let embedded = format!("sqlite:{}", self.folder.join("usher.db").display());
        Db::open(if url.is_empty() { &embedded } else { url })
            .await
            .unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            drop(server.kill());
            drop(server.wait());
        }
        drop(std::fs::remove_dir_all(&self.folder)); // what is left behind is in the folder for temporary files
    }
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
        .to_owned()
}

/// A program that uses the management API, and the people it invites.
#[derive(Clone)]
struct Caller {
    http: Client,
    issuer: Url,
    token: String,
    application: String,
}

impl Caller {
    async fn invites(&self, email: &str, sending: &str) -> reqwest::Result<Response> {
        let body = json!({"application": self.application, "email": email, "sending": sending});
        let url = self.issuer.join("/api/v1/invitations").unwrap();
        self.http
            .post(url)
            .bearer_auth(&self.token)
            .json(&body)
            .send()
            .await
    }

    async fn sees(&self, invitation: &str) -> Value {
        let url = self
            .issuer
            .join("/api/v1/invitations/")
            .unwrap()
            .join(invitation)
            .unwrap();
        let answer = self
            .http
            .get(url)
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{invitation} is lost");
        answer.json().await.unwrap()
    }

    /// From the link to the account. `Some`: the last form was answered, and so the account is promised.
    async fn accepts(&self, link: &str) -> Option<()> {
        let mut browser = Browser {
            http: self.http.clone(),
            cookies: BTreeMap::new(),
        };
        let landing = browser.follow(self.http.get(link)).await?;
        let form = browser.submit(&landing, &[]).await?;
        let done = browser.submit(&form, &[("password", PASSWORD)]).await?;
        assert!(done.away, "{}", done.html);
        Some(())
    }
}

struct Page {
    url: Url,
    html: String,
    /// It leads to the application.
    away: bool,
}

struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Where it leads; nothing if nobody answers any more.
    async fn follow(&mut self, mut request: RequestBuilder) -> Option<Page> {
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
                .ok()?;
            for cookie in answer.headers().get_all("set-cookie") {
                let (name, value) = cookie
                    .to_str()
                    .unwrap()
                    .split(';')
                    .next()?
                    .split_once('=')?;
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            let (url, redirects) = (answer.url().clone(), answer.status().is_redirection());
            if !redirects {
                let html = answer.text().await.ok()?;
                return Some(Page {
                    url,
                    html,
                    away: false,
                });
            }
            let next = url
                .join(answer.headers()["location"].to_str().unwrap())
                .unwrap();
            if next.origin() != url.origin() {
                return Some(Page {
                    url: next,
                    html: String::new(),
                    away: true,
                });
            }
            request = self.http.get(next);
        }
    }

    async fn submit(&mut self, page: &Page, values: &[(&str, &str)]) -> Option<Page> {
        let (action, mut fields) = form(&page.html)?;
        fields.extend(
            values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let request = self.http.post(page.url.join(&action).unwrap());
        self.follow(
            request
                .form(&fields)
                .header("sec-fetch-site", "same-origin"),
        )
        .await
    }
}

/// Where the main form goes, and what it holds.
fn form(html: &str) -> Option<(String, BTreeMap<String, String>)> {
    let document = Html::parse_document(html);
    let form = document
        .select(&Selector::parse("main form").unwrap())
        .next()?;
    let inputs = Selector::parse("input[name]").unwrap();
    let fields = form.select(&inputs).map(|input| {
        let attribute = |name| input.attr(name).unwrap_or_default().to_owned();
        (attribute("name"), attribute("value"))
    });
    let action = form.attr("action").unwrap_or_default().to_owned();
    Some((action, fields.collect()))
}

/// What was promised before the end.
#[derive(Default)]
struct Promised {
    invited: Mutex<Vec<String>>,
    accepted: Mutex<Vec<String>>,
}

impl Promised {
    fn all(&self) -> (Vec<String>, Vec<String>) {
        let (invited, accepted) = (self.invited.lock().unwrap(), self.accepted.lock().unwrap());
        (invited.clone(), accepted.clone())
    }

    fn count(&self) -> (usize, usize) {
        (
            self.invited.lock().unwrap().len(),
            self.accepted.lock().unwrap().len(),
        )
    }
}

async fn invites_until_the_end(caller: Caller, who: usize, promised: Arc<Promised>) {
    for number in 0.. {
        let email = format!("person-{who}-{number}@northwind.example");
        let Ok(answer) = caller.invites(&email, "letter").await else {
            return;
        };
        let fine = answer.status() == StatusCode::CREATED;
        let Ok(made) = answer.json::<Value>().await else {
            return;
        };
        assert!(fine, "{made}");
        promised.invited.lock().unwrap().push(text(&made, "/id"));
    }
}

async fn accepts_until_the_end(caller: Caller, who: usize, promised: Arc<Promised>) {
    for number in 0.. {
        let email = format!("guest-{who}-{number}@northwind.example");
        let Ok(answer) = caller.invites(&email, "link").await else {
            return;
        };
        let Ok(made) = answer.json::<Value>().await else {
            return;
        };
        let id = text(&made, "/id");
        promised.invited.lock().unwrap().push(id.clone());
        if caller.accepts(&text(&made, "/link")).await.is_none() {
            return;
        }
        promised.accepted.lock().unwrap().push(id);
    }
}

/// Killed in the middle of many acceptances and issuings, and started again: what was acknowledged is there, and everything
/// that is there is whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_nothing_and_leaves_nothing_half_written() {
    for mut house in House::each().await {
        house.starts().await;
        let (caller, promised) = (house.caller().await, Arc::new(Promised::default()));
        let mut tasks = JoinSet::new();
        for who in 0..4 {
            tasks.spawn(invites_until_the_end(caller.clone(), who, promised.clone()));
            tasks.spawn(accepts_until_the_end(caller.clone(), who, promised.clone()));
        }
        let begun = Instant::now();
        while promised.count().0 < 60 || promised.count().1 < 6 {
            assert!(
                begun.elapsed() < Duration::from_mins(2),
                "{:?}",
                promised.count()
            );
            sleep(Duration::from_millis(5)).await;
        }
        house.is_killed();
        tasks.join_all().await;

        house.starts().await;
        let caller = house.caller().await;
        let (invited, accepted) = promised.all();
        for id in invited {
            caller.sees(&id).await;
        }
        for id in accepted {
            let seen = caller.sees(&id).await;
            assert_eq!(text(&seen, "/status"), "done");
        }
        let answer = caller
            .invites("after@northwind.example", "letter")
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        is_whole(&house.database().await).await;
    }
}

/// What the database holds.
struct Held {
    /// Id and status.
    invitations: Vec<(uuid::Uuid, String)>,
    /// The invitations of letters.
    letters: Vec<(uuid::Uuid,)>,
    /// Kind, subject and data.
    events: Vec<(String, String, usher::db::Json<Value>)>,
    /// Of each person: identifiers, passwords, accepted invitations.
    people: Vec<(i64, i64, i64)>,
}

impl Held {
    async fn read(tx: &mut Tx) -> Result<Self, Internal> {
        let letters = "SELECT invitation_id FROM letter WHERE kind = 'invitation'";
        let people = "SELECT (SELECT COUNT(*) FROM identifier f WHERE f.identity_id = i.id),
                (SELECT COUNT(*) FROM password p WHERE p.identity_id = i.id),
                (SELECT COUNT(*) FROM invitation n WHERE n.identity_id = i.id AND n.status = 'done')
             FROM identity i";
        Ok(Self {
            invitations: tx.sql("SELECT id, status FROM invitation").all().await?,
            letters: tx.sql(letters).all().await?,
            events: tx
                .sql("SELECT kind, subject, data FROM event")
                .all()
                .await?,
            people: tx.sql(people).all().await?,
        })
    }

    fn of_kind(&self, kind: &str) -> Vec<(&String, bool)> {
        let events = self.events.iter().filter(|event| event.0 == kind);
        events
            .map(|(_, subject, data)| (subject, data.0["letter"] == json!(true)))
            .collect()
    }
}

fn name(id: uuid::Uuid) -> String {
    usher::kit::Id::<usher::kit::kinds::Invitation>::from_uuid(id).to_string()
}

/// Every invitation has its event, and its letter where one was promised; every account has all its parts.
async fn is_whole(db: &Db) {
    let held = db.read(Held::read).await.unwrap();
    let names: BTreeSet<_> = held.invitations.iter().map(|(id, _)| name(*id)).collect();
    let created = held.of_kind("invitation.created");
    let told = created.iter().map(|(subject, _)| (*subject).clone());
    assert_eq!(names, told.collect());
    let letters: BTreeSet<_> = held.letters.iter().map(|(id,)| name(*id)).collect();
    let posted = created.iter().filter(|(_, letter)| *letter);
    let posted = posted.map(|(subject, _)| (*subject).clone());
    assert_eq!(letters, posted.collect());
    let done = held
        .invitations
        .iter()
        .filter(|(_, status)| status == "done");
    let (done, accepted) = (done.count(), held.of_kind("invitation.accepted").len());
    assert_eq!((held.people.len(), accepted), (done, done));
    let people = &held.people;
    assert!(people.iter().all(|parts| *parts == (1, 1, 1)), "{people:?}");
}

/// Callers while the database comes and goes.
#[derive(Default)]
struct Patience {
    over: AtomicBool,
    refused: AtomicUsize,
    kept: Mutex<Vec<String>>,
}

async fn invites_with_patience(caller: Caller, who: usize, patience: Arc<Patience>) {
    for number in 0.. {
        if patience.over.load(Ordering::SeqCst) {
            return;
        }
        let email = format!("person-{who}-{number}@northwind.example");
        let answer = caller.invites(&email, "letter").await.unwrap();
        if answer.status() == StatusCode::CREATED {
            let made: Value = answer.json().await.unwrap();
            patience.kept.lock().unwrap().push(text(&made, "/id"));
            continue;
        }
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
        patience.refused.fetch_add(1, Ordering::SeqCst);
    }
}

/// The database hangs up on everybody again and again: callers are asked to come back, and afterwards everything works as
/// before without anybody's help.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_up_gives_503_and_comes_back() {
    let Some(fresh) = database::postgres().await else {
        return;
    };
    let mut house = House::on(&fresh.url);
    house.starts().await;
    let (caller, patience) = (house.caller().await, Arc::new(Patience::default()));
    let mut tasks = JoinSet::new();
    for who in 0..6 {
        tasks.spawn(invites_with_patience(caller.clone(), who, patience.clone()));
    }
    let mut outside = sqlx::PgConnection::connect(&fresh.url).await.unwrap();
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'usher' AND pid <> pg_backend_pid()";
    for _ in 0..12 {
        sleep(Duration::from_millis(250)).await;
        sqlx::query(cut).execute(&mut outside).await.unwrap();
    }
    let begun = Instant::now();
    sleep(Duration::from_millis(300)).await;
    let answer = caller
        .invites("after@northwind.example", "letter")
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert!(begun.elapsed() < Duration::from_secs(10));
    patience.over.store(true, Ordering::SeqCst);
    tasks.join_all().await;
    assert!(
        patience.refused.load(Ordering::SeqCst) > 0,
        "nobody was cut off"
    );
    let kept = patience.kept.lock().unwrap().clone();
    assert!(kept.len() > 20, "{}", kept.len());
    for id in kept {
        caller.sees(&id).await;
    }
    is_whole(&house.database().await).await;
}
