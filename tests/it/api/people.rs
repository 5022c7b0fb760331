//! Stores and identities.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use usher::event::Actor;
use usher::identity::{
    self, Attributes, IdentifierKind, NewIdentifier, NewIdentity, Profile, Proof,
};

use super::Desk;

async fn person(desk: &Desk, store: &str, name: &str) -> String {
    let moment = desk.app.moment();
    let registered = desk
        .app
        .db
        .write(async |tx| {
            let store = identity::find_store(tx, store.parse().unwrap())
                .await
                .unwrap()
                .unwrap();
            let identifier =
                NewIdentifier::parse(IdentifierKind::Username, name, Proof::Missing).unwrap();
            let new = NewIdentity {
                id: None,
                store: &store,
                identifiers: vec![identifier],
                profile: Profile::parse(BTreeMap::from([(
                    "given_name".to_owned(),
                    name.to_owned(),
                )]))
                .unwrap(),
                attributes: Attributes::default(),
                password: None,
            };
            identity::register(tx, &moment, &Actor::System, new).await
        })
        .await;
    registered.unwrap().to_string()
}

async fn store(desk: &Desk) -> String {
    let attributes = json!([
        {"name": "cost_centre", "label": "Cost centre", "type": "text", "max_length": 5},
        {"name": "level", "label": "Level", "type": "choice", "choices": ["junior", "senior"]},
    ]);
    let body = json!({"name": "Staff", "identifiers": ["USERNAME"], "attributes": attributes});
    desk.post("/stores", body)
        .await
        .expect(201)
        .text("/id")
        .to_owned()
}

#[tokio::test]
async fn a_store_is_made_read_and_changed() {
    let desk = Desk::new().await;
    let id = store(&desk).await;
    let path = format!("/api/v1/stores/{id}");
    let shown = desk.ask("GET", &path).send().await.expect(200);
    assert_eq!(
        shown.body["attributes"][1]["choices"],
        json!(["junior", "senior"])
    );
    let body = json!({"name": "Staff", "identifiers": ["USERNAME", "EMAIL"]});
    let changed = desk
        .ask("PUT", &path)
        .with("if-match", shown.etag())
        .json(&body)
        .send()
        .await
        .expect(200);
    assert_eq!(changed.body["identifiers"], json!(["USERNAME", "EMAIL"]));
    let listed = desk.get("/stores").await.expect(200);
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        desk.post(
            "/stores",
            json!({"name": "Staff", "identifiers": ["EMAIL"]})
        )
        .await
        .code(),
        (409, "store_name_taken")
    );
    let refused = desk
        .post("/stores", json!({"name": "", "identifiers": []}))
        .await
        .expect(422);
    assert_eq!(refused.pointers(), ["/name", "/identifiers"]);
}

#[tokio::test]
async fn an_identity_is_listed_and_changed() {
    let desk = Desk::new().await;
    let store = store(&desk).await;
    let id = person(&desk, &store, "grace").await;
    person(&desk, &store, "ada").await;
    let found = desk
        .get(&format!("/identities?store={store}&identifier=gra"))
        .await
        .expect(200);
    assert_eq!(
        (
            found.body["items"].as_array().unwrap().len(),
            found.text("/items/0/id")
        ),
        (1, id.as_str())
    );

    let path = format!("/api/v1/identities/{id}");
    let shown = desk.ask("GET", &path).send().await.expect(200);
    let put = |body: Value| {
        desk.ask("PUT", &path)
            .with("if-match", shown.etag())
            .json(&body)
            .send()
    };
    let refused =
        put(json!({"profile": {"birthdate": "x"}, "attributes": {"level": "boss", "shoe": 1}}))
            .await
            .expect(422);
    assert_eq!(
        refused.pointers(),
        [
            "/profile/birthdate",
            "/attributes/level",
            "/attributes/shoe"
        ]
    );
    let changed = put(json!({"attributes": {"level": "senior"}}))
        .await
        .expect(200);
    assert_eq!(
        (
            changed.text("/attributes/level"),
            changed.text("/profile/given_name")
        ),
        ("senior", "grace")
    );
    put(json!({"attributes": {}})).await.expect(412);
    put(json!({"status": "disabled"})).await.expect(422);
}

#[tokio::test]
async fn an_identity_is_shut_out_and_let_in_again() {
    let desk = Desk::new().await;
    let store = store(&desk).await;
    let id = person(&desk, &store, "grace").await;
    let path = format!("/api/v1/identities/{id}");
    desk.ask("POST", &format!("{path}/disable"))
        .send()
        .await
        .expect(204);
    assert_eq!(
        desk.get("/identities?status=disabled")
            .await
            .text("/items/0/id"),
        id
    );
    desk.ask("POST", &format!("{path}/enable"))
        .send()
        .await
        .expect(204);
    assert_eq!(
        desk.get(&format!("/identities/{id}")).await.text("/status"),
        "active"
    );
    desk.get("/identities?status=dead").await.expect(422);
}

/// R50: a person is added to a group by hand and taken out again.
#[tokio::test]
async fn r50_memberships_are_changed_by_hand() {
    let desk = Desk::new().await;
    let store = store(&desk).await;
    let id = person(&desk, &store, "grace").await;
    let group = desk
        .post("/groups", json!({"name": "Finance"}))
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let member = format!("/api/v1/groups/{group}/members/{id}");
    desk.ask("PUT", &member).send().await.expect(204);
    desk.ask("PUT", &member).send().await.expect(204);
    let members = desk
        .get(&format!("/groups/{group}/members"))
        .await
        .expect(200);
    assert_eq!(members.body["items"][0]["reasons"], json!(["manual"]));
    assert_eq!(
        desk.get(&format!("/identities/{id}/groups"))
            .await
            .text("/items/0/name"),
        "Finance"
    );
    desk.ask("DELETE", &member).send().await.expect(204);
    assert_eq!(
        desk.get(&format!("/identities/{id}/groups")).await.body["items"],
        json!([])
    );
}
