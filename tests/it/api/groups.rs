//! Groups, their members, pages and revisions.

use serde_json::json;

use super::Desk;

#[tokio::test]
async fn a_group_is_made_read_changed_and_deleted() {
    let desk = Desk::new().await;
    let made = desk
        .post("/groups", json!({"name": "Finance"}))
        .await
        .expect(201);
    let id = made.text("/id").to_owned();
    assert!(
        made.headers["location"]
            .to_str()
            .unwrap()
            .ends_with(&format!("/api/v1/groups/{id}"))
    );
    let path = format!("/api/v1/groups/{id}");
    let shown = desk.ask("GET", &path).send().await.expect(200);
    assert_eq!((shown.text("/name"), shown.etag()), ("Finance", "\"1\""));
    let body = json!({"name": "Money", "description": "All of it"});
    let changed = desk
        .ask("PUT", &path)
        .with("if-match", "\"1\"")
        .json(&body)
        .send()
        .await
        .expect(200);
    assert_eq!((changed.text("/name"), changed.etag()), ("Money", "\"2\""));
    desk.ask("DELETE", &path).send().await.expect(204);
    assert_eq!(
        desk.ask("GET", &path).send().await.code(),
        (404, "not_found")
    );
    assert_eq!(
        desk.ask("DELETE", &path).send().await.code(),
        (404, "group_not_found")
    );
}

#[tokio::test]
async fn nobodys_change_is_lost() {
    let desk = Desk::new().await;
    let made = desk
        .post("/groups", json!({"name": "Finance"}))
        .await
        .expect(201);
    let path = format!("/api/v1/groups/{}", made.text("/id"));
    let body = json!({"name": "Money"});
    let put = || desk.ask("PUT", &path).json(&body);
    assert_eq!(put().send().await.code(), (428, "if_match_required"));
    for stale in [
        "\"0\"",
        "\"2\"",
        "1",
        "*",
        "W/\"1\"",
        "\"x\"",
        "\"1\", \"2\"",
    ] {
        assert_eq!(
            put().with("if-match", stale).send().await.status.as_u16(),
            412,
            "{stale}"
        );
    }
    put().with("if-match", "\"1\"").send().await.expect(200);
    put().with("if-match", "\"1\"").send().await.expect(412);
}

#[tokio::test]
async fn wrong_fields_are_told_at_the_field() {
    let desk = Desk::new().await;
    desk.post("/groups", json!({"name": "Finance"}))
        .await
        .expect(201);
    let taken = desk.post("/groups", json!({"name": "Finance"})).await;
    assert_eq!(
        (taken.code(), taken.pointers()),
        ((409, "group_name_taken"), vec!["/name"])
    );
    let long = desk
        .post(
            "/groups",
            json!({"name": "x".repeat(101), "description": "y".repeat(501)}),
        )
        .await
        .expect(422);
    assert_eq!(long.pointers(), ["/name", "/description"]);
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let desk = Desk::new().await;
    for number in 0..7 {
        desk.clock.advance(chrono::TimeDelta::seconds(1));
        desk.post("/groups", json!({"name": format!("Group {number}")}))
            .await
            .expect(201);
    }
    let (mut names, mut path) = (Vec::new(), "/groups?limit=3".to_owned());
    let mut pages = 0;
    loop {
        let page = desk.get(&path).await.expect(200);
        pages += 1;
        names.extend(
            page.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|group| group["name"].as_str().unwrap().to_owned()),
        );
        match page.body["next"].as_str() {
            Some(next) => path = format!("/groups?limit=3&after={next}"),
            None => break,
        }
    }
    let wanted: Vec<String> = (0..7)
        .rev()
        .map(|number| format!("Group {number}"))
        .collect();
    assert_eq!((pages, names), (3, wanted));
    for bad in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "after=x",
        "after=app_00000000000000000000000000",
    ] {
        assert_eq!(
            desk.get(&format!("/groups?{bad}")).await.status.as_u16(),
            422,
            "{bad}"
        );
    }
    for bad in ["colour=red", "limit=1&limit=2", "after=%00", "after=%ff"] {
        assert_eq!(
            desk.get(&format!("/groups?{bad}")).await.status.as_u16(),
            400,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn members_need_a_group_and_an_identity() {
    let desk = Desk::new().await;
    let made = desk
        .post("/groups", json!({"name": "Finance"}))
        .await
        .expect(201);
    let path = format!("/api/v1/groups/{}/members", made.text("/id"));
    let nobody = format!("{path}/idn_{}", "0".repeat(26));
    assert_eq!(
        desk.ask("PUT", &nobody).send().await.code(),
        (404, "identity_not_found")
    );
    assert_eq!(
        desk.ask("DELETE", &nobody).send().await.code(),
        (404, "not_a_member")
    );
    assert_eq!(
        desk.ask("PUT", &format!("{path}/grp_{}", "0".repeat(26)))
            .send()
            .await
            .code(),
        (404, "not_found")
    );
    assert_eq!(
        desk.ask("GET", &path).send().await.expect(200).body["items"],
        json!([])
    );
    let elsewhere = format!("/api/v1/groups/grp_{}/members", "0".repeat(26));
    desk.ask("GET", &elsewhere).send().await.expect(404);
}
