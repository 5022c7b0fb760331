//! Each switch does what it says, and nothing else.

use std::time::Duration;

use serde_json::{Value, json};
use usher::simulator::{
    Algorithm, AuthTime, Edov, Endpoint, Groups, HostedDomain, IssParameter, Kind, LogoutToken,
    PromptNone, Quirks, Refusal, Rotation, Trouble,
};

use super::SCOPE;
use super::party::{Party, read};

impl Party {
    /// Header and claims of the ID token that is issued once these switches are flipped; whether a published key signed it.
    async fn token_with(
        &self,
        persona: &str,
        change: impl FnOnce(&mut Quirks),
    ) -> (Value, Value, bool) {
        self.simulator.behave();
        self.simulator.quirks(change);
        let answer = self.signs_in(persona, SCOPE).await;
        let token = answer["id_token"].as_str().unwrap();
        let fits = self.checked(token).await.is_some();
        let (header, claims) = read(token);
        (header, claims, fits)
    }
}

#[tokio::test]
async fn id_tokens_are_wrong_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    let (header, right, fits) = party.token_with("grace", |_| {}).await;
    assert!(fits && header["alg"] == "RS256");
    assert!(right["at_hash"].is_string() && right["auth_time"].is_number());
    let other = async |change: fn(&mut Quirks)| party.token_with("grace", change).await;

    for (name, change) in [
        (
            "iss",
            (|quirks| quirks.wrong_issuer = true) as fn(&mut Quirks),
        ),
        ("iss", |quirks| quirks.trailing_slash = true),
        ("iss", |quirks| quirks.issuer_without_scheme = true),
        ("aud", |quirks| quirks.wrong_audience = true),
        ("aud", |quirks| quirks.several_audiences = true),
        ("azp", |quirks| quirks.wrong_azp = true),
        ("nonce", |quirks| quirks.wrong_nonce = true),
        ("nonce", |quirks| quirks.dropped_nonce = true),
        ("sub", |quirks| quirks.missing_subject = true),
        ("auth_time", |quirks| quirks.auth_time = AuthTime::Absent),
        ("auth_time", |quirks| quirks.auth_time = AuthTime::Old),
        ("email_verified", |quirks| {
            quirks.missing_email_verified = true;
        }),
        ("email_verified", |quirks| quirks.string_booleans = true),
        ("groups", |quirks| quirks.groups = Groups::Listed),
    ] {
        let (_, claims, fits) = other(change).await;
        assert_ne!(claims[name], right[name], "{name}");
        assert!(fits, "{name} is wrong, the signature is not");
    }
    let (_, late, _) = other(|quirks| quirks.expired = true).await;
    assert!(late["exp"].as_i64() < right["iat"].as_i64());
    let (_, early, _) = other(|quirks| quirks.not_yet_valid = true).await;
    assert!(early["nbf"].as_i64() > right["iat"].as_i64());
    let (_, claims, _) = other(|quirks| {
        quirks.claims.insert("email".to_owned(), Value::Null);
        quirks
            .claims
            .insert("division".to_owned(), json!("Harbour"));
    })
    .await;
    assert!(claims.get("email").is_none() && claims["division"] == "Harbour");
    let (_, long, _) = other(|quirks| quirks.huge_id_token = true).await;
    assert!(long.to_string().len() > 100_000);
}

#[tokio::test]
async fn signatures_are_wrong_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    for (change, algorithm, fits) in [
        ((|_| {}) as fn(&mut Quirks), "RS256", true),
        (|quirks| quirks.algorithm = Algorithm::Es256, "ES256", true),
        (|quirks| quirks.algorithm = Algorithm::None, "none", false),
        (
            |quirks| quirks.algorithm = Algorithm::Hs256PublicKey,
            "HS256",
            false,
        ),
        (
            |quirks| quirks.algorithm = Algorithm::Hs256Secret,
            "HS256",
            false,
        ),
        (|quirks| quirks.bad_signature = true, "RS256", false),
        (|quirks| quirks.unknown_kid = true, "RS256", false),
        (|quirks| quirks.missing_kid = true, "RS256", false),
        (
            |quirks| quirks.rotation = Rotation::Unpublished,
            "RS256",
            false,
        ),
        (
            |quirks| quirks.rotation = Rotation::BeforeSigning,
            "RS256",
            true,
        ),
        (|quirks| quirks.extra_keys = true, "RS256", true),
    ] {
        let (header, _, found) = party.token_with("grace", change).await;
        assert_eq!(
            (header["alg"].as_str(), found),
            (Some(algorithm), fits),
            "{header}"
        );
    }
    // the key of the token before is gone
    let (before, _, _) = party.token_with("grace", |_| {}).await;
    party.simulator.rotate_keys();
    assert!(party.key(before["kid"].as_str().unwrap()).await.is_none());
    let (header, _, _) = party
        .token_with("grace", |quirks| quirks.keys_for_encryption = true)
        .await;
    let key = party.key(header["kid"].as_str().unwrap()).await.unwrap();
    assert_eq!(key["use"], "enc");
}

#[tokio::test]
async fn entra_is_wrong_as_told() {
    let party = Party::start(Kind::Microsoft, "/common/v2.0").await;
    let (header, claims, _) = party
        .token_with("ada", |quirks| quirks.consumer_key = true)
        .await;
    let key = party.key(header["kid"].as_str().unwrap()).await.unwrap();
    assert!(
        key["issuer"].as_str().unwrap().contains("9188040d-")
            && claims["tid"] != "9188040d-6c67-4c5b-b112-36a304b66dad"
    );
    let (header, _, _) = party
        .token_with("ada", |quirks| quirks.foreign_cloud = true)
        .await;
    let key = party.key(header["kid"].as_str().unwrap()).await.unwrap();
    assert_eq!(key["cloud_instance_name"], "partner.microsoftonline.cn");
    for (form, wanted) in [
        (Edov::AsBoolean, json!(true)),
        (Edov::AsNumber, json!(1)),
        (Edov::AsNumberText, json!("1")),
        (Edov::AsText, json!("true")),
        (Edov::Absent, Value::Null),
    ] {
        let (_, claims, _) = party
            .token_with("ada", |quirks| quirks.xms_edov = form)
            .await;
        assert_eq!(claims["xms_edov"], wanted);
    }
}

#[tokio::test]
async fn entra_tells_more_and_less_as_told() {
    let party = Party::start(Kind::Microsoft, "/common/v2.0").await;
    let (_, claims, _) = party
        .token_with("ada", |quirks| quirks.templated_issuer = true)
        .await;
    assert!(
        claims["iss"]
            .as_str()
            .unwrap()
            .ends_with("/{tenantid}/v2.0")
    );
    let (_, claims, _) = party
        .token_with("ada", |quirks| quirks.doubled_tid = true)
        .await;
    assert!(claims["tid"].is_string() && claims["TID"].is_string());
    let (_, claims, _) = party
        .token_with("ada", |quirks| quirks.version_1 = true)
        .await;
    assert!(
        claims["ver"] == "1.0"
            && claims["iss"]
                .as_str()
                .unwrap()
                .starts_with("https://sts.windows.net/")
    );
    let (_, claims, _) = party
        .token_with("ada", |quirks| quirks.groups = Groups::Overage)
        .await;
    assert!(claims.get("groups").is_none() && claims["_claim_names"]["groups"] == "src1");
    let (_, claims, _) = party.token_with("ada", |quirks| quirks.wids = true).await;
    assert!(
        claims["wids"]
            .as_array()
            .unwrap()
            .contains(&json!("62e90394-69f5-4237-9190-012177145e10"))
    );
    let (_, guest, _) = party.token_with("guest", |_| {}).await;
    assert!(guest["acct"] == 1 && guest["idp"].is_string());
}

/// nOAuth: the address and even the object id of somebody in another tenant.
#[tokio::test]
async fn attackers_carry_the_address_of_their_victim() {
    let party = Party::start(Kind::Microsoft, "/organizations/v2.0").await;
    let (_, victim, _) = party.token_with("grace", |_| {}).await;
    let (_, attacker, _) = party.token_with("mallory", |_| {}).await;
    assert_eq!(
        (&victim["email"], &victim["oid"]),
        (&attacker["email"], &attacker["oid"])
    );
    assert_ne!(victim["tid"], attacker["tid"]);
    assert_ne!(victim["sub"], attacker["sub"]);
    assert_eq!(
        (&victim["xms_edov"], &attacker["xms_edov"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn google_and_salesforce_are_odd_as_told() {
    let party = Party::start(Kind::Google, "").await;
    for (change, wanted) in [
        ((|_| {}) as fn(&mut Quirks), json!("harborline.example")),
        (|quirks| quirks.hd = HostedDomain::Missing, Value::Null),
        (
            |quirks| quirks.hd = HostedDomain::Wrong,
            json!("elsewhere.example"),
        ),
    ] {
        let (_, claims, _) = party.token_with("grace", change).await;
        assert_eq!(claims["hd"], wanted);
    }
    let (_, claims, _) = party
        .token_with("grace", |quirks| quirks.issuer_without_scheme = true)
        .await;
    assert!(claims["iss"].as_str().unwrap().starts_with("127.0.0.1:"));

    let party = Party::start(Kind::Salesforce, "").await;
    let (_, long, _) = party.token_with("grace", |_| {}).await;
    let (_, short, _) = party
        .token_with("grace", |quirks| quirks.short_ids = true)
        .await;
    let last = |claims: &Value| {
        claims["sub"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!((last(&long).len(), last(&short).len()), (18, 15));
    assert!(last(&long).starts_with(&last(&short)));
    party.simulator.quirks(|quirks| {
        quirks.identity_host = Some("https://login.salesforce.com".to_owned());
        quirks.instance_url = Some("https://elsewhere.example".to_owned());
    });
    let answer = party.signs_in("grace", SCOPE).await;
    assert!(
        answer["id"]
            .as_str()
            .unwrap()
            .starts_with("https://login.salesforce.com/id/00D")
    );
    assert_eq!(answer["instance_url"], "https://elsewhere.example");
}

#[tokio::test]
async fn callbacks_are_odd_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    let base = party.simulator.base_url().to_owned();
    let back = async |change: fn(&mut Quirks)| {
        party.simulator.behave();
        party.simulator.quirks(change);
        party.callback("grace", SCOPE).await
    };
    assert_eq!(back(|_| {}).await["iss"], base);
    assert!(
        !back(|quirks| quirks.iss_parameter = IssParameter::Missing)
            .await
            .contains_key("iss")
    );
    assert_ne!(
        back(|quirks| quirks.iss_parameter = IssParameter::Wrong).await["iss"],
        base
    );
    let both = back(|quirks| quirks.code_and_error = true).await;
    assert!(both.contains_key("code") && both.contains_key("error"));
    let neither = back(|quirks| quirks.empty_callback = true).await;
    assert!(!neither.contains_key("code") && !neither.contains_key("error"));
    assert_ne!(
        back(|quirks| quirks.wrong_state = true).await["state"],
        "the-state"
    );
    assert!(
        !back(|quirks| quirks.missing_state = true)
            .await
            .contains_key("state")
    );
    let unknown = back(|quirks| quirks.refuses_unknown_parameters = true).await;
    assert_eq!(unknown["error"], "invalid_request");
}

#[tokio::test]
async fn callbacks_carry_errors_and_issuers_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    party.simulator.quirks(|quirks| {
        quirks.refusal = Some(Refusal {
            error: "interaction_required".to_owned(),
            description: Some("AADSTS50076: more is needed.\r\nTrace ID: 1".to_owned()),
            subcode: Some("basic_action".to_owned()),
        });
    });
    let refused = party.callback("grace", SCOPE).await;
    assert_eq!(
        (refused["error"].as_str(), refused["error_subcode"].as_str()),
        ("interaction_required", "basic_action")
    );
    assert!(refused["error_description"].contains("\r\n"));

    // where the real one doesn't send it, the issuer is that of the person's tenant
    let entra = Party::start(Kind::Microsoft, "/common/v2.0").await;
    assert!(!entra.callback("ada", SCOPE).await.contains_key("iss"));
    entra
        .simulator
        .quirks(|quirks| quirks.iss_parameter = IssParameter::Sent);
    assert!(
        entra.callback("ada", SCOPE).await["iss"]
            .ends_with("3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01/v2.0")
    );
}

#[tokio::test]
async fn other_response_modes() {
    let party = Party::start(Kind::Generic, "").await;
    let address = party.address(SCOPE).await;
    let form = party
        .simulator
        .sign_in(&format!("{address}&response_mode=form_post"), "grace")
        .await
        .unwrap();
    assert!(
        form.url.query().is_none() && form.form.unwrap().iter().any(|(name, _)| name == "code")
    );
    let fragment = party
        .simulator
        .sign_in(&format!("{address}&response_mode=fragment"), "grace")
        .await
        .unwrap();
    assert!(fragment.url.fragment().unwrap().contains("code="));
}

#[tokio::test]
async fn silence_needs_a_session() {
    let party = Party::start(Kind::Generic, "").await;
    let address = party.address(SCOPE).await;
    let silent = format!("{address}&prompt=none");
    let error = async || {
        let answer = party.http.get(&silent).send().await.unwrap();
        let location = answer.headers()["location"]
            .to_str()
            .unwrap()
            .parse::<url::Url>()
            .unwrap();
        location
            .query_pairs()
            .find(|(name, _)| name == "error")
            .map(|(_, error)| error.into_owned())
    };
    assert_eq!(error().await.as_deref(), Some("login_required"));
    party
        .simulator
        .quirks(|quirks| quirks.prompt_none = PromptNone::ConsentRequired);
    assert_eq!(error().await.as_deref(), Some("consent_required"));
    party.simulator.behave();
    let chosen = party
        .http
        .post(&address)
        .form(&[("persona", "grace")])
        .send()
        .await
        .unwrap();
    let cookie = chosen.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let known = party
        .http
        .get(&silent)
        .header("cookie", cookie)
        .send()
        .await
        .unwrap();
    assert!(
        known.headers()["location"]
            .to_str()
            .unwrap()
            .contains("code=")
    );
}

#[tokio::test]
async fn documents_are_wrong_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    let base = party.simulator.base_url().to_owned();
    party.simulator.quirks(|quirks| {
        quirks.metadata_issuer = Some("https://elsewhere.example".to_owned());
        quirks.missing_token_endpoint = true;
        quirks.advertises_iss = Some(false);
        quirks
            .metadata
            .insert("jwks_uri".to_owned(), json!("http://169.254.169.254/keys"));
    });
    let document = party.metadata("").await;
    assert_eq!(document["issuer"], "https://elsewhere.example");
    assert!(document.get("token_endpoint").is_none());
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        false
    );
    assert_eq!(document["jwks_uri"], "http://169.254.169.254/keys");
    party.simulator.behave();
    party
        .simulator
        .quirks(|quirks| quirks.trailing_slash = true);
    assert_eq!(party.metadata("").await["issuer"], format!("{base}/"));
}

#[tokio::test]
async fn token_and_userinfo_answers_are_odd_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    let answer = party.signs_in("grace", SCOPE).await;
    assert_eq!(answer["expires_in"], 3600);
    party.simulator.quirks(|quirks| {
        quirks.no_expires_in = true;
        quirks.missing_id_token = true;
        quirks
            .token_response
            .insert("token_type".to_owned(), json!("N_A"));
    });
    let odd = party.signs_in("grace", SCOPE).await;
    assert!(
        odd.get("expires_in").is_none()
            && odd.get("id_token").is_none()
            && odd["token_type"] == "N_A"
    );
    party.simulator.behave();
    party
        .simulator
        .quirks(|quirks| quirks.only_client_secret_basic = true);
    let code = party.code("grace", SCOPE).await;
    assert_eq!(party.redeem(&code, &[]).await.1["error"], "invalid_client");

    party.simulator.behave();
    let right = party.userinfo(&answer).await;
    party.simulator.quirks(|quirks| {
        quirks.userinfo_other_subject = true;
        quirks.updated_at_text = true;
        quirks.string_booleans = true;
    });
    let wrong = party.userinfo(&answer).await;
    assert_ne!(wrong["sub"], right["sub"]);
    assert!(wrong["updated_at"].is_string() && wrong["email_verified"] == "true");
    party.simulator.behave();
    party
        .simulator
        .quirks(|quirks| quirks.userinfo_as_jwt = true);
    let token = answer["access_token"].as_str().unwrap();
    let url = format!("{}/userinfo", party.simulator.base_url());
    let signed = party.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(signed.headers()["content-type"], "application/jwt");
    let (_, claims) = read(&signed.text().await.unwrap());
    assert_eq!(
        (&claims["aud"], &claims["sub"]),
        (&json!("usher"), &right["sub"])
    );
}

#[tokio::test]
async fn endpoints_are_in_trouble_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    let ask = async |trouble: Trouble| {
        party
            .simulator
            .quirks(|quirks| quirks.trouble(Endpoint::Token, trouble));
        let answer = party.redemption("any", &[]).await;
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    assert_eq!(ask(Trouble::Status(429)).await.0, 429);
    assert_eq!(ask(Trouble::Crash).await.0, 500);
    let (status, text) = ask(Trouble::NotJson).await;
    assert!(status == 400 && serde_json::from_slice::<Value>(&text).is_err());
    let (status, html) = ask(Trouble::Html).await;
    assert!(status == 200 && html.starts_with(b"<!doctype html>"));
    assert_eq!(ask(Trouble::Empty).await.1.len(), 0);
    let (status, body) = ask(Trouble::ErrorWithOk).await;
    assert!(status == 200 && serde_json::from_slice::<Value>(&body).unwrap()["error"].is_string());
    assert!(
        serde_json::from_slice::<Value>(&ask(Trouble::Array).await.1)
            .unwrap()
            .is_array()
    );
    assert!(ask(Trouble::Huge).await.1.len() > 5_000_000);
    assert_eq!(
        ask(Trouble::Redirect("http://127.0.0.1:9/".to_owned()))
            .await
            .0,
        307
    );
    party
        .simulator
        .quirks(|quirks| quirks.trouble(Endpoint::Token, Trouble::Hang));
    let hanging =
        tokio::time::timeout(Duration::from_millis(300), party.redemption("any", &[])).await;
    assert!(hanging.is_err());
    // other endpoints are as they were
    assert!(party.metadata("").await["issuer"].is_string());
}

#[tokio::test]
async fn logout_tokens_are_wrong_as_told() {
    let party = Party::start(Kind::Generic, "").await;
    let event = "http://schemas.openid.net/event/backchannel-logout";
    let token = async |wrong: LogoutToken| {
        party.simulator.quirks(|quirks| quirks.logout_token = wrong);
        let token = party
            .simulator
            .logout_token("grace", Some("the-session"))
            .unwrap();
        let (header, claims) = read(&token);
        (header, claims, party.checked(&token).await.is_some())
    };
    let (header, right, fits) = token(LogoutToken::Right).await;
    assert!(fits && header["typ"] == "logout+jwt" && right["events"][event].is_object());
    assert!(
        right["sid"] == "the-session" && right["jti"].is_string() && right.get("nonce").is_none()
    );
    assert!(token(LogoutToken::WithNonce).await.1["nonce"].is_string());
    assert!(
        token(LogoutToken::WithoutEvents)
            .await
            .1
            .get("events")
            .is_none()
    );
    assert_ne!(token(LogoutToken::WrongIssuer).await.1["iss"], right["iss"]);
    assert_ne!(
        token(LogoutToken::WrongAudience).await.1["aud"],
        right["aud"]
    );
    assert!(!token(LogoutToken::BadSignature).await.2);
    assert!(!token(LogoutToken::Expired).await.2);
    assert_eq!(token(LogoutToken::IdToken).await.0["typ"], "JWT");
}
