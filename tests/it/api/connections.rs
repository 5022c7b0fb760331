//! Connections in the management API, against providers of every kind of behaviour.

use serde_json::{Value, json};
use usher::kit::Clock;
use usher::simulator::{Endpoint, Kind, Simulator, Trouble};

use super::{Answer, Desk};
use crate::database::{self, Fresh};

const SECRET: &str = "s3cr3t~of~the~registration";
const LATER: &str = "2031-05-01T00:00:00Z";

async fn each() -> Vec<(Desk, Fresh)> {
    let mut desks = Vec::new();
    for fresh in database::each().await {
        let folder =
            std::env::temp_dir().join(format!("usher-{}", Clock::system().moment().uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        desks.push((Desk::on(&fresh.url, folder).await, fresh));
    }
    desks
}

async fn simulator(kind: Kind) -> Simulator {
    Simulator::start(kind, "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
}

fn body(simulator: &Simulator) -> Value {
    json!({
        "name": "Contoso",
        "provider": {"kind": "oidc", "issuer": simulator.base_url()},
        "domains": ["Contoso.Example"],
        "client_id": "usher",
        "client_secret": SECRET,
        "client_secret_expires_at": LATER,
    })
}

fn with(mut body: Value, changes: &Value) -> Value {
    let changes = changes.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(changes);
    body
}

async fn put(desk: &Desk, id: &str, etag: &str, body: &Value) -> Answer {
    let path = format!("/api/v1/connections/{id}");
    let asking = desk.ask("PUT", &path).with("if-match", etag).json(body);
    asking.send().await
}

async fn delete(desk: &Desk, id: &str) -> Answer {
    desk.ask("DELETE", &format!("/api/v1/connections/{id}"))
        .send()
        .await
}

/// The kinds of the events about a connection by name, since several happen at one moment.
async fn events(desk: &Desk, id: &str) -> (Vec<String>, String) {
    let found = desk.get(&format!("/events?subject={id}")).await.expect(200);
    let items = found.body["items"].as_array().unwrap();
    let kinds = items.iter().map(|event| event["kind"].as_str().unwrap());
    let mut kinds: Vec<String> = kinds.map(str::to_owned).collect();
    kinds.sort_unstable();
    (kinds, found.body.to_string())
}

fn stored_secret(desk: &Desk, id: &str) -> Option<String> {
    let connections = desk.app.connections.current();
    let connection = connections.get(id.parse().unwrap()).unwrap();
    let secret = connection.secret(&desk.app.sealer).unwrap();
    secret.map(|secret| secret.reveal().to_owned())
}

/// Neither what was answered, nor what can be read, nor the log, nor the disk.
async fn nothing_shows_a_secret((desk, fresh): (&Desk, &Fresh), id: &str, answers: &[&Answer]) {
    let shown = desk.get(&format!("/connections/{id}")).await.expect(200);
    let listed = desk.get("/connections").await.expect(200);
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    let (kinds, log) = events(desk, id).await;
    let expected = [
        "connection.created",
        "connection.disabled",
        "connection.enabled",
        "connection.secret_replaced",
        "connection.updated",
        "connection.updated",
        "connection.updated",
    ];
    assert_eq!(kinds, expected);
    let answers = answers.iter().copied().chain([&shown, &listed]);
    let said = answers.map(|answer| answer.body.to_string());
    let said = said.collect::<Vec<_>>().join("\n") + &log;
    assert!(
        !said.contains(SECRET) && !said.contains("another"),
        "{said}"
    );
    for file in fresh.files() {
        let mut parts = file.windows(SECRET.len());
        assert!(
            !parts.any(|part| part == SECRET.as_bytes()),
            "it lies on the disk"
        );
    }
}

/// BR-07, BR-08: a secret is sealed, kept until it is replaced, and shown to nobody; each change is in the audit log.
#[tokio::test(flavor = "multi_thread")]
async fn br_08_a_secret_goes_in_and_never_comes_out() {
    let provider = simulator(Kind::Generic).await;
    for (desk, fresh) in each().await {
        let body = body(&provider);
        let made = desk.post("/connections", body.clone()).await.expect(201);
        let id = made.text("/id").to_owned();
        assert_eq!(made.body["domains"], json!(["contoso.example"]));
        assert_eq!(made.body["has_client_secret"], true);
        let redirect = format!("http://localhost:8080/sign-in/{id}/callback");
        assert_eq!(made.text("/redirect_uri"), redirect);
        assert_eq!(made.body["health"]["proven_at"], Value::Null);
        assert_eq!(stored_secret(&desk, &id).as_deref(), Some(SECRET));

        let mut renamed = with(body.clone(), &json!({"name": "Contoso Ltd"}));
        renamed.as_object_mut().unwrap().remove("client_secret");
        let changed = put(&desk, &id, "\"1\"", &renamed).await.expect(200);
        assert_eq!(
            (changed.text("/name"), changed.etag()),
            ("Contoso Ltd", "\"2\"")
        );
        assert_eq!(stored_secret(&desk, &id).as_deref(), Some(SECRET));
        let replaced = with(body, &json!({"client_secret": "another", "enabled": false}));
        let replaced = put(&desk, &id, "\"2\"", &replaced).await.expect(200);
        assert_eq!(stored_secret(&desk, &id).as_deref(), Some("another"));
        let enabled = put(&desk, &id, "\"3\"", &renamed).await.expect(200);

        let answers = [&made, &changed, &replaced, &enabled];
        nothing_shows_a_secret((&desk, &fresh), &id, &answers).await;
        delete(&desk, &id).await.expect(204);
        assert!(desk.app.connections.current().all().is_empty());
        assert_eq!(
            delete(&desk, &id).await.code(),
            (404, "connection_not_found")
        );
    }
}

#[track_caller]
fn refused(answer: &Answer, code: &str, pointer: &str, says: &[&str]) {
    assert_eq!(answer.code().1, code, "{}", answer.body);
    assert_eq!(answer.pointers(), [pointer], "{}", answer.body);
    for word in says {
        let detail = answer.text("/errors/0/detail");
        assert!(detail.contains(word), "{word} in {detail}");
    }
}

/// A9, A13: what a provider says of itself is looked at before it is saved; refusals tell what was found and what was expected.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_who_it_should_be_is_refused() {
    let (desk, provider) = (Desk::new().await, simulator(Kind::Generic).await);
    let save = async || desk.post("/connections", body(&provider)).await;
    let expect = async |says: &[&str]| {
        let answer = save().await;
        assert_eq!(answer.status.as_u16(), 422);
        refused(&answer, "provider_check_failed", "/provider", says);
        provider.behave();
    };
    provider.quirks(|quirks| quirks.metadata_issuer = Some("https://evil.example".into()));
    expect(&["https://evil.example", provider.base_url()]).await;
    provider.quirks(|quirks| quirks.trailing_slash = true);
    expect(&["byte for byte"]).await;
    provider.quirks(|quirks| quirks.missing_token_endpoint = true);
    expect(&["token_endpoint"]).await;
    provider.quirks(|quirks| {
        let internal = json!({"token_endpoint": "http://169.254.169.254/token"});
        quirks.metadata = internal.as_object().unwrap().clone();
    });
    expect(&["169.254.169.254", "private network"]).await;
    provider.quirks(|quirks| quirks.keys_for_encryption = true);
    expect(&["no key"]).await;
    for (trouble, says) in [
        (Trouble::Html, "no JSON"),
        (Trouble::Empty, "no JSON"),
        (Trouble::Array, "no JSON"),
        (Trouble::Huge, "no JSON"),
        (Trouble::Crash, "status 500"),
        (
            Trouble::Redirect("https://evil.example".into()),
            "status 30",
        ),
    ] {
        for endpoint in [Endpoint::Discovery, Endpoint::Keys] {
            provider.quirks(|quirks| quirks.trouble(endpoint, trouble.clone()));
            expect(&[says]).await;
        }
    }
    assert!(desk.app.connections.current().all().is_empty());
    save().await.expect(201);
}

/// The same for addresses where nobody answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_is_refused() {
    let (desk, provider) = (Desk::new().await, simulator(Kind::Generic).await);
    provider.quirks(|quirks| quirks.trouble(Endpoint::Discovery, Trouble::Hang));
    let answer = desk.post("/connections", body(&provider)).await;
    refused(
        &answer,
        "provider_check_failed",
        "/provider",
        &["does not answer"],
    );
    let nobody = json!({"provider": {"kind": "oidc", "issuer": "http://127.0.0.1:1"}});
    let answer = desk
        .post("/connections", with(body(&provider), &nobody))
        .await;
    refused(
        &answer,
        "provider_check_failed",
        "/provider",
        &["does not answer"],
    );
    let internal = json!({"provider": {"kind": "oidc", "issuer": "https://10.0.0.1"}});
    let answer = desk
        .post("/connections", with(body(&provider), &internal))
        .await;
    refused(
        &answer,
        "invalid_connection",
        "/provider/issuer",
        &["10.0.0.1", "private"],
    );
}

/// Every kind of provider can be set up on its simulator, and the wrong kind can't.
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_provider_is_known_by_how_it_describes_itself() {
    let desk = Desk::new().await;
    let microsoft = simulator(Kind::Microsoft).await;
    let google = simulator(Kind::Google).await;
    let salesforce = simulator(Kind::Salesforce).await;
    let github = simulator(Kind::GitHub).await;
    let hub = |path: &str| format!("{}{path}", github.base_url());
    let kinds = [
        (
            &microsoft,
            json!({"kind": "microsoft", "cloud": "global", "audience": "organizations", "login_url": microsoft.base_url()}),
        ),
        (
            &google,
            json!({"kind": "google", "base_url": google.base_url()}),
        ),
        (
            &salesforce,
            json!({"kind": "salesforce", "host": "production", "base_url": salesforce.base_url()}),
        ),
        (
            &github,
            json!({"kind": "oauth2", "issuer": hub("/login/oauth"), "authorization_endpoint": hub("/login/oauth/authorize"),
            "token_endpoint": hub("/login/oauth/access_token"), "user_endpoint": hub("/user"), "subject": "/id"}),
        ),
    ];
    for (at, (simulator, provider)) in kinds.iter().enumerate() {
        let secret = simulator.client_secret();
        let body = json!({"name": format!("Number {at}"), "provider": provider, "client_id": simulator.client_id(),
            "client_secret": secret.reveal()});
        let made = desk.post("/connections", body).await.expect(201);
        assert_eq!(made.body["provider"]["kind"], provider["kind"]);
        let tested = desk
            .post(
                &format!("/connections/{}/test", made.text("/id")),
                json!({}),
            )
            .await;
        assert_eq!(tested.expect(200).body["ok"], true);
    }
    // Google's settings at Salesforce's address: the issuer is right, so only what is pasted beside it can be wrong.
    let wrong = json!({"kind": "microsoft", "cloud": "global", "audience": "organizations", "login_url": google.base_url()});
    let body = json!({"name": "Wrong", "provider": wrong, "client_id": microsoft.client_id(), "client_secret": "x"});
    let answer = desk.post("/connections", body).await;
    refused(&answer, "provider_check_failed", "/provider", &[]);
}

/// BR-04: a name and a domain belong to one connection; nobody's change is lost.
#[tokio::test(flavor = "multi_thread")]
async fn br_04_a_domain_leads_to_one_connection() {
    let provider = simulator(Kind::Generic).await;
    for (desk, _fresh) in each().await {
        let first = with(
            body(&provider),
            &json!({"domains": ["xn--bcher-kva.example", "contoso.example"]}),
        );
        let first = desk.post("/connections", first).await.expect(201);
        let second = with(
            body(&provider),
            &json!({"name": "CONTOSO", "domains": ["other.example", "BÜCHER.example"]}),
        );
        let taken = desk.post("/connections", second.clone()).await;
        assert_eq!(taken.code(), (409, "connection_taken"));
        assert_eq!(taken.pointers(), ["/name", "/domains/1"]);
        let second = with(
            second,
            &json!({"name": "Second", "domains": ["other.example"]}),
        );
        let second = desk.post("/connections", second).await.expect(201);
        let id = second.text("/id").to_owned();
        let stolen = with(body(&provider), &json!({"name": "Second"}));
        let answer = put(&desk, &id, "\"1\"", &stolen).await;
        assert_eq!(answer.pointers(), ["/domains/0"]);
        for (etag, code) in [("\"7\"", "stale"), ("\"0\"", "stale")] {
            assert_eq!(put(&desk, &id, etag, &stolen).await.code(), (412, code));
        }
        let path = format!("/api/v1/connections/{id}");
        let blind = desk.ask("PUT", &path).json(&stolen).send().await;
        assert_eq!(blind.code(), (428, "if_match_required"));
        let current = desk.app.connections.current();
        let led = current.for_domain("xn--bcher-kva.example").unwrap();
        assert_eq!(led.id.to_string(), first.text("/id"));
        let nobody = format!("con_{}", "0".repeat(26));
        assert_eq!(
            put(&desk, &nobody, "\"1\"", &stolen).await.code(),
            (404, "connection_not_found")
        );
        let group =
            json!([{"claim": "/groups", "value": "x", "group": format!("grp_{}", "0".repeat(26))}]);
        let unknown = json!({"name": "Third", "domains": [], "mapping": {"groups": group}});
        let answer = desk
            .post("/connections", with(body(&provider), &unknown))
            .await;
        refused(
            &answer,
            "invalid_connection",
            "/mapping/groups/0/group",
            &[],
        );
    }
}

/// R138: the same key makes one connection.
#[tokio::test(flavor = "multi_thread")]
async fn r138_a_repeated_creation_makes_one_connection() {
    let (desk, provider) = (Desk::new().await, simulator(Kind::Generic).await);
    let create = async |body: &Value| {
        let asking = desk
            .ask("POST", "/api/v1/connections")
            .with("idempotency-key", "k");
        asking.json(body).send().await
    };
    let body = body(&provider);
    let first = create(&body).await.expect(201);
    let again = create(&body).await.expect(201);
    assert_eq!(first.text("/id"), again.text("/id"));
    let other = with(body, &json!({"client_secret": "another"}));
    assert_eq!(create(&other).await.code(), (422, "idempotency_key_reused"));
}

/// A connection that an application's policy names stays; a policy can't name one that isn't there.
#[tokio::test(flavor = "multi_thread")]
async fn policies_name_connections_that_exist() {
    let provider = simulator(Kind::Generic).await;
    for (desk, _fresh) in each().await {
        let made = desk.post("/connections", body(&provider)).await.expect(201);
        let id = made.text("/id").to_owned();
        let policy =
            json!({"connections": ["local", id], "prefill": "provider", "form": "when_incomplete"});
        let (store, application) = desk.application("Desk", policy).await;
        let catalogue = desk.app.catalogue.current();
        let policy = &catalogue.application(application).unwrap().policy;
        let connections = desk.app.connections.current();
        let usable = connections.usable(policy);
        assert_eq!(usable.len(), 1);
        let refused = delete(&desk, &id).await;
        assert_eq!(refused.code(), (409, "connection_in_use"));
        assert!(refused.text("/detail").contains("Desk"), "{}", refused.body);

        let nobody = format!("con_{}", "0".repeat(26));
        let application = json!({"store": store, "application": {"name": "Other", "policy": {"connections": ["local", nobody]}},
            "client": {"redirect_uris": ["https://app.example/callback"]}});
        let refused = desk.post("/applications", application).await;
        assert_eq!(refused.code(), (422, "invalid_fields"));
        assert!(refused.pointers()[0].ends_with("policy/connections/1"));
    }
}

/// Only who may decide whom to believe changes a connection; the rest may look.
#[tokio::test(flavor = "multi_thread")]
async fn connections_have_scopes_of_their_own() {
    let (desk, provider) = (Desk::new().await, simulator(Kind::Generic).await);
    let reader = desk.token("connections:read applications:write");
    let asked = desk
        .ask_as("POST", "/api/v1/connections", &reader)
        .json(&body(&provider));
    assert_eq!(asked.send().await.code(), (403, "insufficient_scope"));
    let made = desk.post("/connections", body(&provider)).await.expect(201);
    let path = format!("/api/v1/connections/{}", made.text("/id"));
    desk.ask_as("GET", &path, &reader).send().await.expect(200);
    for (method, path) in [
        ("PUT", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/test")),
    ] {
        let asked = desk
            .ask_as(method, &path, &reader)
            .with("if-match", "\"1\"")
            .json(&body(&provider));
        assert_eq!(
            asked.send().await.code(),
            (403, "insufficient_scope"),
            "{method}"
        );
    }
    let other = desk.token("applications:read");
    let asked = desk.ask_as("GET", &path, &other).send().await;
    assert_eq!(asked.code(), (403, "insufficient_scope"));
}

/// What would become of somebody is shown for claims and for tokens, and nothing of it is believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_sample_shows_what_the_mapping_gives() {
    let (desk, provider) = (Desk::new().await, simulator(Kind::Generic).await);
    let mapping = json!({"mapping": {"fields": {"attributes.department": "/dept"}}});
    let made = desk
        .post("/connections", with(body(&provider), &mapping))
        .await;
    let path = format!("/connections/{}/preview", made.expect(201).text("/id"));
    let claims = json!({"iss": provider.base_url(), "sub": "7", "dept": "Finance"});
    let shown = desk
        .post(&path, json!({ "sample": claims }))
        .await
        .expect(200);
    let field = shown.body["fields"].as_array().unwrap();
    let field = field.iter().find(|field| field["claim"] == "/dept");
    assert_eq!(field.unwrap()["value"], "Finance", "{}", shown.body);
    let text = desk
        .post(&path, json!({ "sample": claims.to_string() }))
        .await;
    assert_eq!(text.expect(200).body, shown.body);
    for bad in [json!("x.y"), json!(7), json!([])] {
        let refused = desk.post(&path, json!({ "sample": bad })).await.expect(422);
        assert_eq!(refused.pointers(), ["/sample"], "{bad}");
    }
}
