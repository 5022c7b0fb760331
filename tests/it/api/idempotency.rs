//! R138: the same key makes one thing.

use serde_json::{Value, json};

use super::{Answer, Desk, every_scope, make_client};

async fn create(desk: &Desk, key: &str, body: &Value) -> Answer {
    desk.ask("POST", "/api/v1/groups")
        .with("idempotency-key", key)
        .json(body)
        .send()
        .await
}

/// R138: the same key with the same body gives the same answer; with another body it is refused.
#[tokio::test]
async fn r138_the_same_key_gives_the_same_answer() {
    let desk = Desk::new().await;
    let body = json!({"name": "Finance"});
    let first = create(&desk, "k1", &body).await.expect(201);
    let again = create(&desk, "k1", &json!({"description": "", "name": "Finance"}))
        .await
        .expect(201);
    assert_eq!((&first.body, first.etag()), (&again.body, again.etag()));
    assert_eq!(first.headers["location"], again.headers["location"]);
    let other = create(&desk, "k1", &json!({"name": "Sales"})).await;
    assert_eq!(other.code(), (422, "idempotency_key_reused"));
    let elsewhere = desk
        .ask("POST", "/api/v1/stores")
        .with("idempotency-key", "k1");
    let elsewhere = elsewhere
        .json(&json!({"name": "Finance", "identifiers": ["EMAIL"]}))
        .send()
        .await;
    assert_eq!(elsewhere.code(), (422, "idempotency_key_reused"));
    create(&desk, "k2", &body).await.expect(409);
}

/// R138: a refused request leaves its key free, so that it can be mended.
#[tokio::test]
async fn r138_a_refused_request_does_not_use_up_its_key() {
    let desk = Desk::new().await;
    create(&desk, "k", &json!({"name": ""})).await.expect(422);
    create(&desk, "k", &json!({"name": "Finance"}))
        .await
        .expect(201);
}

/// R138: requests that arrive together make one thing.
#[tokio::test(flavor = "multi_thread")]
async fn r138_concurrent_duplicates_make_one_thing() {
    let desk = Desk::new().await;
    one_of_many(&desk).await;
}

/// R138, on the other engine.
#[tokio::test(flavor = "multi_thread")]
async fn r138_concurrent_duplicates_make_one_thing_on_postgresql() {
    let Some(database) = crate::database::postgres().await else {
        return;
    };
    let folder = std::env::temp_dir().join(format!(
        "usher-{}",
        usher::kit::Clock::system().moment().uuid()
    ));
    std::fs::create_dir_all(&folder).unwrap();
    let desk = Desk::on(&database.url, folder).await;
    one_of_many(&desk).await;
}

async fn one_of_many(desk: &Desk) {
    let body = json!({"name": "Finance"});
    let answers = tokio::join!(
        create(desk, "k", &body),
        create(desk, "k", &body),
        create(desk, "k", &body),
        create(desk, "k", &body),
        create(desk, "k", &body)
    );
    let ids = [&answers.0, &answers.1, &answers.2, &answers.3, &answers.4].map(|answer| {
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
        answer.text("/id").to_owned()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(
        desk.get("/groups").await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let events = desk.get("/events?kind=group.created").await;
    assert_eq!(events.body["items"].as_array().unwrap().len(), 1);
}

/// R138: one caller's keys say nothing to another.
#[tokio::test]
async fn r138_keys_belong_to_their_caller() {
    let desk = Desk::new().await;
    create(&desk, "k", &json!({"name": "Finance"}))
        .await
        .expect(201);
    let other = make_client(&desk.app, &every_scope()).await;
    let ask = desk.ask_as(
        "POST",
        "/api/v1/groups",
        &desk.token_of(other, &every_scope()),
    );
    ask.with("idempotency-key", "k")
        .json(&json!({"name": "Sales"}))
        .send()
        .await
        .expect(201);
}

/// R138: a key is remembered for a day; afterwards it is a new one.
#[tokio::test]
async fn r138_keys_are_forgotten_after_a_day() {
    let desk = Desk::new().await;
    create(&desk, "k", &json!({"name": "Finance"}))
        .await
        .expect(201);
    desk.clock.advance(chrono::TimeDelta::hours(25));
    usher::api::idempotency::forget_old(&desk.app.db, &desk.app.moment())
        .await
        .unwrap();
    create(&desk, "k", &json!({"name": "Sales"}))
        .await
        .expect(201);
}

/// R138: a secret is in the first answer and in no other.
#[tokio::test]
async fn r138_a_repeated_answer_carries_no_secret() {
    let desk = Desk::new().await;
    let body = json!({"name": "Sync", "scopes": "groups:read"});
    let ask = || {
        desk.ask("POST", "/api/v1/clients")
            .with("idempotency-key", "k")
            .json(&body)
    };
    let first = ask().send().await.expect(201);
    let again = ask().send().await.expect(201);
    assert!(first.text("/client_secret").len() > 40);
    assert!(again.body.get("client_secret").is_none());
    assert_eq!(first.body["client"], again.body["client"]);
}

#[tokio::test]
async fn a_malformed_key_is_refused() {
    let desk = Desk::new().await;
    let body = json!({"name": "Finance"});
    for key in ["", &"x".repeat(256), "a\tb"] {
        assert_eq!(
            create(&desk, key, &body).await.code(),
            (400, "idempotency_key_malformed"),
            "{key}"
        );
    }
    let twice = desk
        .ask("POST", "/api/v1/groups")
        .with("idempotency-key", "a")
        .with("idempotency-key", "b");
    assert_eq!(
        twice.json(&body).send().await.code(),
        (400, "idempotency_key_malformed")
    );
    create(&desk, &"x".repeat(255), &body).await.expect(201);
}
