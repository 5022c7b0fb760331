//! The command line as an operator and a script use it: the real binary, with a folder of its own.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use usher::kit::Clock;
use usher::simulator::{Kind, Simulator};

/// A folder to work in.
struct Desk(PathBuf);

impl Desk {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("usher-{}", Clock::system().moment().uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    /// In an environment that holds nothing but what is given.
    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .envs(environment.iter().copied());
        command.output().unwrap()
    }

    /// What a script reads: one value per line.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            said(&output.stderr)
        );
        said(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0)); // what is left behind is in the folder for temporary files
    }
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The first administrator is an invitee like any other; running `init` again gives a fresh link and makes nothing twice.
#[test]
fn init_makes_the_console_once_and_invites_its_first_administrator() {
    let desk = Desk::new();
    let first = desk.json(&["init", "--admin", "ann@harborline.example"]);
    let again = desk.json(&["init", "--admin", "ann@harborline.example"]);
    let (one, other) = (text(&first[0], "/link"), text(&again[0], "/link"));
    assert!(
        one.starts_with("http://localhost:8080/invitation/") && one != other,
        "{one} {other}"
    );
    let stores: Vec<_> = desk
        .json(&["store", "list"])
        .iter()
        .map(|store| text(store, "/name").to_owned())
        .collect();
    assert_eq!(stores, ["Administrators", "Customers"]);
    assert_eq!(desk.json(&["application", "list"]).len(), 1);
    let refused = desk.run(&["init", "--admin", "nobody"]);
    assert!(!refused.status.success());
}

/// R31, R133: an application is made, its secret is shown once; somebody is invited, the link is shown once.
#[test]
fn r133_secrets_and_links_are_printed_once() {
    let desk = Desk::new();
    desk.json(&["store", "create", "--name", "Staff"]);
    desk.json(&["group", "create", "--name", "Finance"]);
    let redirect = "https://app.example/callback";
    let made = desk.json(&[
        "application",
        "create",
        "--name",
        "Desk",
        "--redirect-uri",
        redirect,
        "--group",
        "Finance",
    ]);
    let secret = text(&made[0], "/client_secret").to_owned();
    assert!(secret.len() > 40);
    let shown = desk.run(&["application", "show", "Desk"]);
    assert!(
        said(&shown.stdout).contains(redirect.split('/').nth(2).unwrap()) || shown.status.success()
    );
    assert!(!said(&shown.stdout).contains(&secret));

    let arguments = [
        "invite",
        "grace@x.example",
        "--application",
        "Desk",
        "--group",
        "Finance",
        "--profile",
        "given_name=Grace",
    ];
    let invited = desk.json(&[&arguments[..], &["--link"]].concat());
    assert_eq!(text(&invited[0], "/invitation/profile/given_name"), "Grace");
    assert!(text(&invited[0], "/link").contains("/invitation/"));
    let twice = desk.run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(twice.status.code(), Some(1));
    let problem: Value = serde_json::from_slice(&twice.stderr).unwrap();
    assert_eq!(text(&problem, "/code"), "invitation_already_pending");

    let client = text(&made[0], "/application/client").to_owned();
    let fresh = desk.json(&["client", "rotate-secret", &client]);
    assert_ne!(text(&fresh[0], "/client_secret"), secret);
}

#[test]
fn a_client_of_the_api_needs_known_scopes() {
    let desk = Desk::new();
    let refused = desk.run(&[
        "client",
        "create",
        "--name",
        "Sync",
        "--scope",
        "everything",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused.stderr).contains("invitations:read"),
        "{}",
        said(&refused.stderr)
    );
    let made = desk.json(&[
        "client",
        "create",
        "--name",
        "Sync",
        "--scope",
        "groups:read",
        "--scope",
        "events:read",
    ]);
    assert_eq!(text(&made[0], "/client/scopes"), "groups:read events:read");
    assert_eq!(desk.json(&["client", "list"]).len(), 1);
    assert_eq!(
        desk.run(&["client", "rotate-secret", "nobody"])
            .status
            .code(),
        Some(1)
    );
}

#[test]
fn keys_are_replaced_by_published_successors() {
    let desk = Desk::new();
    assert_eq!(desk.json(&["keys", "list"]).len(), 3);
    assert_eq!(
        desk.json(&["keys", "rotate"])[0].as_array().unwrap().len(),
        3
    );
    assert_eq!(desk.json(&["keys", "list"]).len(), 6);
    assert_eq!(
        desk.json(&["keys", "rotate"])[0].as_array().unwrap().len(),
        0
    );
}

#[test]
fn wrong_settings_end_every_command_and_are_told_together() {
    let desk = Desk::new();
    std::fs::write(
        desk.0.join("bad.toml"),
        "[server]\nlisten = 'x'\ncolour = 'red'\n[keys]\nmaster_key = 'hush'\n",
    )
    .unwrap();
    let environment = [("USHER_SERVER__LISTN", "1"), ("USHER_LOG__FORMAT", "xml")];
    for command in ["serve", "doctor"] {
        let output = desk.run_with(
            &[command, "--config", "bad.toml", "--set", "nothing=1"],
            &environment,
        );
        assert_eq!(output.status.code(), Some(1));
        let told = format!("{}{}", said(&output.stdout), said(&output.stderr));
        for key in [
            "server.listen (",
            "server.colour",
            "keys.master_key",
            "server.listn",
            "log.format",
            "nothing (flag)",
        ] {
            assert!(told.contains(key), "{key} in {told}");
        }
        assert!(!told.contains("hush"));
    }
    let missing = desk.run(&["doctor", "--config", "nowhere.toml"]);
    assert!(
        said(&missing.stdout).contains("nowhere.toml"),
        "{}",
        said(&missing.stdout)
    );
}

#[test]
fn doctor_says_what_to_do() {
    let desk = Desk::new();
    let unreachable = "server.public_url=http://localhost:1";
    let found = desk.run(&["doctor", "--set", unreachable]);
    let told = said(&found.stdout);
    assert!(found.status.success(), "{told}");
    for line in [
        "ok    settings",
        "ok    database: SQLite",
        "ok    signing keys",
        "mind  mail",
        "usher init",
        "mind  public URL",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    let smtp = [
        "--set",
        "mail.smtp.host=127.0.0.1",
        "--set",
        "mail.smtp.port=1",
    ];
    let bad = desk.run(&[&["doctor", "--set", unreachable][..], &smtp].concat());
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        said(&bad.stdout).contains("BAD   mail"),
        "{}",
        said(&bad.stdout)
    );
    std::fs::write(
        desk.0.join("data/master.key"),
        "another master key, long enough to be one",
    )
    .unwrap();
    let locked = desk.run(&["doctor", "--set", unreachable]);
    assert_eq!(locked.status.code(), Some(1));
    assert!(
        said(&locked.stdout).contains("BAD   database and keys"),
        "{}",
        said(&locked.stdout)
    );
}

/// The arguments that connect a provider whose secret lies in a file of the folder.
fn adds(desk: &Desk) -> Vec<String> {
    let file = desk.0.join("secret");
    std::fs::write(&file, "s3cr3t~of~the~registration\n").unwrap();
    let file = file.display().to_string();
    let words = "connection add --name Contoso --client-id usher --domain contoso.example";
    let words = words.split(' ').map(str::to_owned);
    let secret = ["--secret-file".to_owned(), file];
    words.chain(secret).collect()
}

fn oidc<'a>(adds: &'a [String], issuer: &'a str) -> Vec<&'a str> {
    let adds = adds.iter().map(String::as_str);
    adds.chain(["oidc", "--issuer", issuer]).collect()
}

/// BR-08: a provider is asked before it is connected; its secret comes from a file and is printed by nothing.
#[tokio::test(flavor = "multi_thread")]
async fn br_08_a_connection_is_made_without_showing_its_secret() {
    let any = "127.0.0.1:0".parse().unwrap();
    let provider = Simulator::start(Kind::Generic, any).await.unwrap();
    let desk = Desk::new();
    let adds = adds(&desk);
    let wrong = desk.run(&oidc(&adds, "http://127.0.0.1:1"));
    assert_eq!(wrong.status.code(), Some(1));
    let told = said(&wrong.stderr);
    assert!(told.contains("does not answer"), "{told}");
    let made = desk.json(&oidc(&adds, provider.base_url()));
    assert!(text(&made[0], "/redirect_uri").ends_with("/callback"));
    let tested = desk.json(&["connection", "test", "Contoso"]);
    assert_eq!(tested[0]["ok"], true);
    assert_eq!(text(&tested[0], "/secret"), "unproven");
    let shown = desk.json(&["connection", "show", "Contoso"]);
    let listed = desk.json(&["connection", "list"]);
    assert_eq!(listed.len(), 1);
    let all = format!("{made:?}{tested:?}{shown:?}{listed:?}");
    assert!(!all.contains("s3cr3t"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_changed_and_removed() {
    let any = "127.0.0.1:0".parse().unwrap();
    let provider = Simulator::start(Kind::Generic, any).await.unwrap();
    let desk = Desk::new();
    desk.json(&oidc(&adds(&desk), provider.base_url()));
    let update = ["connection", "update", "Contoso"];
    let later = ["--secret-expires-at", "2090-01-01", "--disable"];
    let changed = desk.json(&[&update[..], &later[..]].concat());
    let until = text(&changed[0], "/client_secret_expires_at");
    assert_eq!(until, "2090-01-01T00:00:00Z");
    assert_eq!(changed[0]["enabled"], false);
    let both = [&update[..], &["--enable", "--disable"]].concat();
    assert!(!desk.run(&both).status.success());
    desk.json(&["connection", "remove", "Contoso"]);
    assert!(desk.json(&["connection", "list"]).is_empty());
    let gone = desk.run(&["connection", "show", "Contoso"]);
    assert_eq!(gone.status.code(), Some(1));
}
