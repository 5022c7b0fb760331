//! The simulated providers by themselves: each plays its part, and each switch does what it says.

mod party;
mod quirks;

use serde_json::{Value, json};
use usher::simulator::{Endpoint, Kind};

use party::Party;

/// The claims that everybody asks for.
const SCOPE: &str = "openid profile email";

#[tokio::test]
async fn every_openid_provider_signs_people_in() {
    let kinds = [
        (Kind::Microsoft, "/organizations/v2.0"),
        (Kind::MicrosoftUsGovernment, "/organizations/v2.0"),
        (Kind::Google, ""),
        (Kind::Salesforce, ""),
        (Kind::SalesforceSandbox, ""),
        (Kind::SalesforceMyDomain, ""),
        (Kind::Generic, ""),
    ];
    for (kind, below) in kinds {
        let party = Party::start(kind, below).await;
        let persona = &party.simulator.personas()[0];
        let answer = party.signs_in(persona.key, SCOPE).await;
        let claims = party.verified(answer["id_token"].as_str().unwrap()).await;
        assert_eq!(claims["aud"], party.simulator.client_id(), "{kind:?}");
        assert_eq!(claims["nonce"], "the-nonce", "{kind:?}");
        let about = party.userinfo(&answer).await;
        assert_eq!(about["sub"], claims["sub"], "{kind:?}");
        assert_eq!(about["email"], persona.email, "{kind:?}");
        let logged = party.simulator.requests_to(Endpoint::Authorize);
        assert_eq!(logged[0].parameter("code_challenge_method"), Some("S256"));
    }
}

/// Single use of codes, the verifier, the redirect URI and the client's secret are checked.
#[tokio::test]
async fn codes_are_good_once_for_whoever_asked() {
    for kind in [
        Kind::Microsoft,
        Kind::Google,
        Kind::Salesforce,
        Kind::Generic,
        Kind::GitHub,
    ] {
        let below = if kind == Kind::Microsoft {
            "/common/v2.0"
        } else {
            ""
        };
        let party = Party::start(kind, below).await;
        let first = party.code("grace", SCOPE).await;
        assert!(party.redeem(&first, &[]).await.1["access_token"].is_string());
        let again = party.redeem(&first, &[]).await.1;
        assert!(again["error"].is_string(), "{kind:?} took a code twice");
        for wrong in [
            (
                "code_verifier",
                "another-verifier-of-sufficient-length-0123456789",
            ),
            ("redirect_uri", "http://127.0.0.1:9/elsewhere"),
            ("client_secret", "guessed"),
            ("code", "guessed"),
        ] {
            let code = party.code("grace", SCOPE).await;
            let refused = party.redeem(&code, &[wrong]).await.1;
            assert!(
                refused["error"].is_string(),
                "{kind:?} took {wrong:?}: {refused}"
            );
        }
    }
}

#[tokio::test]
async fn entra_names_its_issuer_by_a_template_and_its_keys_by_theirs() {
    let party = Party::start(Kind::Microsoft, "/common/v2.0").await;
    let base = party.simulator.base_url().to_owned();
    let document = party.metadata("/common/v2.0").await;
    assert_eq!(document["issuer"], format!("{base}/{{tenantid}}/v2.0"));
    assert!(document["tenant_region_scope"].is_null());
    for missing in [
        "code_challenge_methods_supported",
        "revocation_endpoint",
        "grant_types_supported",
    ] {
        assert!(document.get(missing).is_none(), "{missing}");
    }
    let own = party.metadata("/contoso.example/v2.0").await;
    let answer = party.signs_in("ada", SCOPE).await;
    let claims = party.verified(answer["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["iss"], own["issuer"]);
    assert_eq!(
        claims["iss"],
        format!("{base}/{}/v2.0", claims["tid"].as_str().unwrap())
    );
    assert!(claims.get("email_verified").is_none());
    assert_eq!(claims["xms_edov"], true);

    let keys = party.get(document["jwks_uri"].as_str().unwrap()).await;
    let issuers: Vec<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["issuer"])
        .collect();
    assert_eq!(issuers[0], &format!("{base}/{{tenantid}}/v2.0"));
    assert!(
        issuers[1]
            .as_str()
            .unwrap()
            .contains("9188040d-6c67-4c5b-b112-36a304b66dad")
    );
}

/// B1: which cloud a domain belongs to.
#[tokio::test]
async fn entra_tells_the_cloud_of_a_domain() {
    let party = Party::start(Kind::Microsoft, "/common/v2.0").await;
    let county = party.metadata("/lakeview.example/v2.0").await;
    assert_eq!(county["tenant_region_sub_scope"], "GCC");
    let agency = party.metadata("/agency.example/v2.0").await;
    assert_eq!(agency["tenant_region_sub_scope"], "DODCON");
    assert!(
        agency["token_endpoint"]
            .as_str()
            .unwrap()
            .starts_with("https://login.microsoftonline.us/")
    );
    let unknown = party.metadata("/nobody.example/v2.0").await;
    assert_eq!(
        (&unknown["error"], &unknown["error_codes"][0]),
        (&json!("invalid_tenant"), &json!(90002))
    );
}

/// Who may sign in where, and how cancelling looks.
#[tokio::test]
async fn entra_keeps_personal_accounts_out_of_organizations() {
    let party = Party::start(Kind::Microsoft, "/organizations/v2.0").await;
    let page = party.turned_away("casey", SCOPE).await;
    assert!(page.contains("AADSTS50020"), "{page}");
    let cancelled = party.cancels(SCOPE).await;
    assert_eq!(cancelled["error"], "access_denied");
    assert_eq!(cancelled["error_subcode"], "cancel");
    assert!(
        cancelled["error_description"].contains("AADSTS65004")
            && cancelled["error_description"].contains("\r\n")
    );
}

/// B9 and B10 of the facts about providers: what the administrator and licence checks read.
#[tokio::test]
async fn graph_tells_roles_and_licences() {
    let party = Party::start(Kind::Microsoft, "/organizations/v2.0").await;
    let graph = |token: String, path: &'static str| {
        let request = party
            .http
            .get(format!("{}/v1.0/{path}", party.simulator.base_url()));
        let request = request
            .bearer_auth(token)
            .header("ConsistencyLevel", "eventual");
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let scope = "openid profile https://graph.microsoft.com/User.Read https://graph.microsoft.com/RoleManagement.Read.Directory";
    let roles = "me/transitiveMemberOf/microsoft.graph.directoryRole?$count=true";
    let template = "62e90394-69f5-4237-9190-012177145e10";
    for (persona, transitive, direct, licensed) in [
        ("ada", true, true, true),
        ("bruno", true, true, false),
        ("chen", false, false, true),
        ("dana", true, false, true),
    ] {
        let token = party.signs_in(persona, scope).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let all = graph(token.clone(), roles).await.to_string();
        assert_eq!(all.contains(template), transitive, "{persona}: {all}");
        let own = graph(token.clone(), "me/memberOf").await.to_string();
        assert_eq!(own.contains(template), direct, "{persona}: {own}");
        let details = graph(token, "me/licenseDetails").await;
        let plans = details["value"][0]["servicePlans"]
            .as_array()
            .unwrap()
            .clone();
        let usable = plans.iter().any(|plan| {
            plan["servicePlanName"] == "SHAREPOINTENTERPRISE"
                && plan["provisioningStatus"] == "Success"
        });
        assert_eq!(usable, licensed, "{persona}: {details}");
    }
}

#[tokio::test]
async fn graph_tells_nobody_more_than_was_asked_for() {
    let party = Party::start(Kind::Microsoft, "/organizations/v2.0").await;
    let graph = async |token: &str, path: &str| {
        let url = format!("{}/v1.0/{path}", party.simulator.base_url());
        party.get_as(&url, &json!({"access_token": token})).await
    };
    let answer = party.signs_in("ada", SCOPE).await;
    let token = answer["access_token"].as_str().unwrap();
    let bare = graph(token, "me/memberOf").await;
    assert!(
        bare["value"][0].get("roleTemplateId").is_none(),
        "without a scope for roles: {bare}"
    );
    let refused = graph(token, "me/licenseDetails").await;
    assert_eq!(refused["error"]["code"], "Authorization_RequestDenied");
    let stranger = graph("guessed", "me").await;
    assert_eq!(stranger["error"]["code"], "InvalidAuthenticationToken");
}

/// C7 and C8: the Directory and the Marketplace.
#[tokio::test]
async fn google_tells_who_is_super_administrator_and_who_installed() {
    let party = Party::start(Kind::Google, "").await;
    let base = party.simulator.base_url().to_owned();
    let scope = "openid email https://www.googleapis.com/auth/admin.directory.user.readonly \
                 https://www.googleapis.com/auth/admin.directory.customer.readonly";
    let mut seen = Vec::new();
    for persona in ["sven", "dele", "grace", "gil"] {
        let answer = party.signs_in(persona, scope).await;
        let claims = party.verified(answer["id_token"].as_str().unwrap()).await;
        let user = format!(
            "{base}/admin/directory/v1/users/{}?projection=basic",
            claims["sub"].as_str().unwrap()
        );
        let user = party.get_as(&user, &answer).await;
        seen.push((
            persona,
            user["isAdmin"].clone(),
            user["error"]["code"].clone(),
        ));
    }
    let no = Value::Null;
    let wanted = [
        ("sven", json!(true), no.clone()),
        ("dele", json!(false), no.clone()),
        ("grace", no.clone(), json!(403)),
        ("gil", no, json!(403)),
    ];
    assert_eq!(seen, wanted);
    let answer = party.signs_in("sven", scope).await;
    let customer = party
        .get_as(
            &format!("{base}/admin/directory/v1/customers/my_customer"),
            &answer,
        )
        .await;
    assert_eq!(
        (&customer["id"], &customer["postalAddress"]["countryCode"]),
        (&json!("C01harbor"), &json!("DE"))
    );
    for (domain, state) in [
        ("harborline.example", "ACTIVE"),
        ("northwind.example", "UNLICENSED"),
    ] {
        let licence = format!("{base}/appsmarket/v2/customerLicense/410000000001/{domain}");
        assert_eq!(party.get_as(&licence, &answer).await["state"], state);
    }
}

/// D4 and D8: the identity URL, the query language, and an edition without it.
#[tokio::test]
async fn salesforce_tells_permissions_and_the_organisation() {
    let party = Party::start(Kind::Salesforce, "").await;
    let scope = "openid api id";
    let query =
        "SELECT Id, IsActive, Profile.Name, Profile.PermissionsModifyAllData FROM User WHERE Id = ";
    for (persona, by_profile, by_set) in [
        ("amina", true, false),
        ("petra", false, true),
        ("grace", false, false),
    ] {
        let answer = party.signs_in(persona, scope).await;
        assert!(answer.get("expires_in").is_none());
        let instance = answer["instance_url"].as_str().unwrap().to_owned();
        let identity = party.get_as(answer["id"].as_str().unwrap(), &answer).await;
        let user = identity["user_id"].as_str().unwrap().to_owned();
        let newest = party
            .get_as(&format!("{instance}/services/data/"), &answer)
            .await;
        let newest = newest.as_array().unwrap().last().unwrap()["version"]
            .as_str()
            .unwrap()
            .to_owned();
        let ask = async |query: String| {
            let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
            party
                .get_as(
                    &format!("{instance}/services/data/v{newest}/query?q={query}"),
                    &answer,
                )
                .await
        };
        let found = ask(format!("{query}'{user}'")).await;
        assert_eq!(
            found["records"][0]["Profile"]["PermissionsModifyAllData"], by_profile,
            "{found}"
        );
        let sets = ask(format!("SELECT PermissionSet.PermissionsModifyAllData FROM PermissionSetAssignment WHERE AssigneeId = '{user}'")).await;
        assert_eq!(sets["totalSize"] == 1, by_set, "{sets}");
        let org = ask("SELECT Id, Name, IsSandbox FROM Organization".to_owned()).await;
        assert_eq!(org["records"][0]["Id"], identity["organization_id"]);
        assert_eq!(
            ask("SELECT Nothing FROM User".to_owned()).await[0]["errorCode"],
            "MALFORMED_QUERY"
        );
    }
}

#[tokio::test]
async fn salesforce_refuses_in_its_own_ways() {
    let party = Party::start(Kind::Salesforce, "").await;
    let scope = "openid api id";
    let answer = party.signs_in("noah", scope).await;
    let data = format!("{}/services/data/", party.simulator.base_url());
    assert_eq!(
        party.get_as(&data, &answer).await[0]["errorCode"],
        "API_DISABLED_FOR_ORG"
    );
    assert_eq!(
        party.cancels(scope).await["error_description"],
        "end-user denied authorization"
    );
    let inactive = party.callback("ines", scope).await;
    assert_eq!(inactive["error"], "inactive_user");
}

#[tokio::test]
async fn github_knows_no_id_tokens_and_says_no_with_status_200() {
    let party = Party::start(Kind::GitHub, "").await;
    let answer = party.signs_in("grace", "read:user user:email").await;
    assert!(answer.get("id_token").is_none() && answer.get("expires_in").is_none());
    let about = party
        .get_as(&format!("{}/user", party.simulator.base_url()), &answer)
        .await;
    assert_eq!(about["id"], 5_000_001);
    let addresses = party
        .get_as(
            &format!("{}/user/emails", party.simulator.base_url()),
            &answer,
        )
        .await;
    assert_eq!(addresses[0]["verified"], true);
    assert_eq!(addresses[1]["verified"], false);
    let answered = party.http.post(format!(
        "{}/login/oauth/access_token",
        party.simulator.base_url()
    ));
    let form = answered.form(&[("code", "guessed")]).send().await.unwrap();
    assert!(
        form.text()
            .await
            .unwrap()
            .starts_with("error=incorrect_client_credentials")
    );
    let (status, refused) = party.redeem("guessed", &[]).await;
    assert_eq!(
        (status, &refused["error"]),
        (200, &json!("bad_verification_code"))
    );
}

/// The page that a person sees: the hinted account first, nobody who may not sign in there, and a way to cancel.
#[tokio::test]
async fn people_choose_on_a_page() {
    let party = Party::start(Kind::Microsoft, "/organizations/v2.0").await;
    let address = format!(
        "{}&login_hint=chen@contoso.example",
        party.address(SCOPE).await
    );
    let page = party.http.get(&address).send().await.unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let html = scraper::Html::parse_document(&page.text().await.unwrap());
    let buttons = scraper::Selector::parse("button[name=persona]").unwrap();
    let offered: Vec<_> = html
        .select(&buttons)
        .map(|one| one.attr("value").unwrap())
        .collect();
    assert_eq!(offered[0], "chen");
    assert!(offered.contains(&"ada") && !offered.contains(&"casey"));
    let text: String = html.root_element().text().collect();
    assert!(text.contains("This is a simulator; no real Microsoft account is used"));
    let form = scraper::Selector::parse("form").unwrap();
    let action = html.select(&form).next().unwrap().attr("action").unwrap();
    let action = format!("{}{action}", party.simulator.base_url());
    let chosen = party
        .http
        .post(&action)
        .form(&[("persona", "ada")])
        .send()
        .await
        .unwrap();
    let back = chosen.headers()["location"].to_str().unwrap();
    assert!(
        back.starts_with("http://127.0.0.1:9/callback?")
            && back.contains("code=")
            && back.contains("state=the-state")
    );
}
