//! Administrator, licence and organization checks against the simulated providers' interfaces.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use usher::federation::Provider;
use usher::federation::check::{
    Checks, Environment, How, Marketplace, Organization, Person, Proof, Remedy, Rules,
    TenantLookup, Unfound, Unproven, Verdict,
};
use usher::federation::connector::{Account, Claims};
use usher::kit::Secret;
use usher::simulator::{Endpoint, Kind, Simulator, Trouble};
use usher::web::{Loopback, Outgoing};

const BACK: &str = "https://usher.example/sign-in/con/callback";
const DIRECTORY: &str = "openid profile email User.Read Directory.Read.All";
const WORKSPACE: &str = "openid profile email https://www.googleapis.com/auth/admin.directory.user.readonly \
    https://www.googleapis.com/auth/admin.directory.customer.readonly";
const REST: &str = "openid profile email id api";

/// A provider, the connection to it, and the way to ask it.
struct Scene {
    simulator: Simulator,
    provider: Provider,
    outgoing: Outgoing,
}

/// Who signed in, as the flow would hand them on.
struct SignedIn {
    claims: Claims,
    account: Account,
    answer: Claims,
    token: Secret,
}

impl SignedIn {
    fn person(&self) -> Person<'_> {
        Person {
            claims: &self.claims,
            account: &self.account,
            answer: &self.answer,
            access_token: Some(&self.token),
        }
    }
}

impl Scene {
    async fn new(kind: Kind) -> Self {
        let simulator = Simulator::start(kind, "127.0.0.1:0".parse().unwrap()).await;
        let simulator = simulator.unwrap();
        let base = simulator.base_url();
        let settings = match kind {
            Kind::Microsoft => json!({
                "kind": "microsoft", "cloud": "global", "audience": "organizations", "login_url": base, "graph_url": base,
            }),
            Kind::Google => json!({"kind": "google", "base_url": base}),
            _ => json!({"kind": "salesforce", "host": "production", "base_url": base}),
        };
        Self {
            provider: serde_json::from_value(settings).unwrap(),
            outgoing: Outgoing::new(Loopback::Allowed).unwrap(),
            simulator,
        }
    }

    fn endpoints(&self) -> (String, String) {
        let base = self.simulator.base_url();
        let (authorize, token) = match self.provider {
            Provider::Microsoft(_) => (
                "organizations/oauth2/v2.0/authorize",
                "organizations/oauth2/v2.0/token",
            ),
            Provider::Google(_) => ("o/oauth2/v2/auth", "token"),
            _ => ("services/oauth2/authorize", "services/oauth2/token"),
        };
        (format!("{base}/{authorize}"), format!("{base}/{token}"))
    }

    async fn signs_in(&self, who: &str, scope: &str) -> SignedIn {
        let (authorize, token) = self.endpoints();
        let mut address: url::Url = authorize.parse().unwrap();
        address.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", self.simulator.client_id()),
            ("redirect_uri", BACK),
            ("scope", scope),
            ("state", "s"),
            ("nonce", "n"),
        ]);
        let back = self.simulator.sign_in(address.as_str(), who).await.unwrap();
        let mut pairs = back.url.query_pairs();
        let code = pairs.find(|(name, _)| name == "code").unwrap().1;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", BACK),
            ("client_id", self.simulator.client_id()),
            ("client_secret", self.simulator.client_secret().reveal()),
        ]);
        let request = http::Request::post(token)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.finish().into_bytes());
        let answer = self.outgoing.send(request.unwrap(), 64 * 1024).await;
        let answer: Claims = serde_json::from_slice(&answer.unwrap().body).unwrap();
        self.read(answer)
    }

    fn read(&self, mut answer: Claims) -> SignedIn {
        let text = |value: Option<Value>| value.unwrap().as_str().unwrap().to_owned();
        let token = Secret::new(text(answer.remove("access_token")));
        let id_token = text(answer.remove("id_token"));
        let payload = id_token.split('.').nth(1).unwrap();
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
        let claims: Claims = serde_json::from_slice(&payload).unwrap();
        let connector = self.provider.connector();
        let issuer = claims["iss"].as_str().unwrap();
        let issuer = connector.issuer_of(issuer, &claims).unwrap();
        SignedIn {
            account: connector.account(&issuer, &claims, &answer).unwrap(),
            claims,
            answer,
            token,
        }
    }

    fn checks(&self) -> Checks {
        let rules = asking_as(&Secret::new("none"));
        Checks::live(&self.provider, &self.outgoing, &rules)
    }

    async fn administers(&self, who: &str, scope: &str) -> Proof {
        let signed_in = self.signs_in(who, scope).await;
        let check = self.checks().administrator.unwrap();
        check.administrator(&signed_in.person()).await
    }

    async fn organization(&self, who: &str, scope: &str) -> Result<Organization, Unproven> {
        let signed_in = self.signs_in(who, scope).await;
        let lookup = self.checks().organization.unwrap();
        lookup.organization(&signed_in.person()).await
    }
}

/// With this access to the Marketplace.
fn asking_as(token: &Secret) -> Rules {
    let marketplace = Marketplace {
        application: "410000000001".to_owned(),
        token: token.clone(),
    };
    Rules {
        marketplace: Some(marketplace),
        ..Rules::default()
    }
}

#[tokio::test]
async fn a_global_administrator_is_proven_by_graph_or_by_the_token() {
    let contoso = Scene::new(Kind::Microsoft).await;
    for who in ["ada", "dana"] {
        let proof = contoso.administers(who, DIRECTORY).await;
        assert_eq!(proof.verdict, Verdict::Proven, "{who}");
        assert!(matches!(proof.how, How::Api { .. }));
    }
    let proof = contoso.administers("chen", DIRECTORY).await;
    assert_eq!(
        proof.verdict,
        Verdict::NotProven(Remedy::ActivateRole),
        "no role, or one to activate"
    );
    let proof = contoso.administers("guest", DIRECTORY).await;
    assert_eq!(proof.verdict, Verdict::NotProven(Remedy::UseOwnAccount));
    let proof = contoso.administers("ada", "openid profile User.Read").await;
    assert_eq!(proof.verdict, Verdict::NotProven(Remedy::GrantConsent));
    contoso.simulator.quirks(|quirks| quirks.wids = true);
    contoso.simulator.forget_requests();
    let proof = contoso.administers("ada", "openid profile").await;
    assert_eq!(proof.how, How::Claim { name: "wids" });
    assert_eq!(proof.verdict, Verdict::Proven);
    assert!(contoso.simulator.requests_to(Endpoint::Api).is_empty());
}

#[tokio::test]
async fn a_sharepoint_licence_is_proven_by_its_plan() {
    let contoso = Scene::new(Kind::Microsoft).await;
    for (who, verdict) in [
        ("ada", Verdict::Proven),
        ("bruno", Verdict::NotProven(Remedy::AssignLicence)),
        ("grace", Verdict::NotProven(Remedy::AssignLicence)),
    ] {
        let signed_in = contoso.signs_in(who, DIRECTORY).await;
        let check = contoso.checks().licence.unwrap();
        let proof = check.licence(&signed_in.person()).await;
        assert_eq!(proof.verdict, verdict, "{who}");
    }
}

#[tokio::test]
async fn a_tenant_is_described_and_found_by_its_domain() {
    let contoso = Scene::new(Kind::Microsoft).await;
    let found = contoso.organization("ada", DIRECTORY).await.unwrap();
    assert_eq!(found.name.as_deref(), Some("Contoso"));
    assert_eq!(found.domain.as_deref(), Some("contoso.example"));
    let Provider::Microsoft(settings) = &contoso.provider else {
        panic!("another provider")
    };
    let lookup = TenantLookup::new(settings, &contoso.outgoing);
    for (domain, environment) in [
        ("contoso.example", Environment::Commercial),
        ("LAKEVIEW.example", Environment::Gcc),
        ("agency.example", Environment::GccHigh),
        ("bureau.example", Environment::Dod),
    ] {
        let tenant = lookup.by_domain(domain).await.unwrap();
        assert_eq!(tenant.environment, environment, "{domain}");
    }
    let tenant = lookup.by_domain("contoso.example").await.unwrap();
    assert_eq!(tenant.id.to_string(), found.key);
    let unknown = lookup.by_domain("nobody.example").await;
    assert_eq!(unknown, Err(Unfound::Unknown));
    for text in [
        "",
        "contoso",
        "127.0.0.1",
        "contoso.example/x",
        "a b.example",
    ] {
        let refused = lookup.by_domain(text).await;
        assert_eq!(refused, Err(Unfound::NotADomain), "{text}");
    }
}

#[tokio::test]
async fn a_super_administrator_is_proven_by_the_directory() {
    let workspace = Scene::new(Kind::Google).await;
    for (who, verdict) in [
        ("sven", Verdict::Proven),
        ("nora", Verdict::Proven),
        ("dele", Verdict::NotProven(Remedy::UseAdministrator)),
        ("grace", Verdict::NotProven(Remedy::UseAdministrator)),
        ("gil", Verdict::NotProven(Remedy::UseOwnAccount)),
    ] {
        let proof = workspace.administers(who, WORKSPACE).await;
        assert_eq!(proof.verdict, verdict, "{who}");
    }
    let found = workspace.organization("sven", WORKSPACE).await.unwrap();
    assert_eq!(found.key, "C01harbor");
    assert_eq!(found.country.as_deref(), Some("DE"));
}

#[tokio::test]
async fn a_marketplace_that_doesnt_know_the_operator_leaves_a_statement() {
    let workspace = Scene::new(Kind::Google).await;
    let sven = workspace.signs_in("sven", WORKSPACE).await;
    let licence = workspace.checks().licence.unwrap();
    let proof = licence.licence(&sven.person()).await;
    assert_eq!(proof.verdict, Verdict::NotProven(Remedy::StateIt));
    for (who, verdict) in [
        ("sven", Verdict::Proven),
        ("nora", Verdict::NotProven(Remedy::InstallApp)),
    ] {
        let signed_in = workspace.signs_in(who, WORKSPACE).await;
        let rules = asking_as(&signed_in.token);
        let checks = Checks::live(&workspace.provider, &workspace.outgoing, &rules);
        let proof = checks.licence.unwrap().licence(&signed_in.person()).await;
        assert_eq!(proof.verdict, verdict, "{who}");
    }
    let none = Checks::live(&workspace.provider, &workspace.outgoing, &Rules::default());
    assert!(none.licence.is_none());
}

#[tokio::test]
async fn a_system_administrator_is_proven_by_permissions() {
    let harborline = Scene::new(Kind::Salesforce).await;
    for (who, verdict) in [
        ("amina", Verdict::Proven),
        ("petra", Verdict::Proven),
        ("grace", Verdict::NotProven(Remedy::UseAdministrator)),
        ("noah", Verdict::NotProven(Remedy::EditionWithoutApi)),
    ] {
        let proof = harborline.administers(who, REST).await;
        assert_eq!(proof.verdict, verdict, "{who}");
    }
    let proof = harborline.administers("amina", "openid profile").await;
    assert_eq!(proof.verdict, Verdict::NotProven(Remedy::SignInAgain));
    let found = harborline.organization("amina", REST).await.unwrap();
    assert_eq!(found.name.as_deref(), Some("Harborline"));
    assert!(!found.sandbox && found.key.starts_with("00D") && found.key.len() == 18);
    harborline
        .simulator
        .quirks(|quirks| quirks.short_ids = true);
    let proof = harborline.administers("petra", REST).await;
    assert_eq!(proof.verdict, Verdict::Proven);
}

/// The token endpoint names the instance: the token goes nowhere but to Salesforce.
#[tokio::test]
async fn a_token_isnt_sent_to_another_instance() {
    let harborline = Scene::new(Kind::Salesforce).await;
    let elsewhere = Scene::new(Kind::Salesforce).await;
    let instance = elsewhere.simulator.base_url().to_owned();
    harborline
        .simulator
        .quirks(|quirks| quirks.instance_url = Some(instance));
    let proof = harborline.administers("amina", REST).await;
    assert_eq!(proof.verdict, Verdict::NotProven(Remedy::StateIt));
    assert!(elsewhere.simulator.requests().is_empty());
}

#[tokio::test]
async fn a_provider_in_trouble_proves_nothing_and_says_when_to_come_back() {
    for (kind, who, scope) in [
        (Kind::Microsoft, "ada", DIRECTORY),
        (Kind::Google, "sven", WORKSPACE),
        (Kind::Salesforce, "amina", REST),
    ] {
        let scene = Scene::new(kind).await;
        let later = Remedy::TryLater { after: None };
        let after = Remedy::TryLater {
            after: Some(Duration::from_secs(7)),
        };
        for (trouble, remedy) in [
            (Trouble::Status(429), after),
            (Trouble::Status(401), Remedy::SignInAgain),
            (Trouble::Crash, later),
            (Trouble::Html, later),
            (Trouble::Empty, later),
            (Trouble::Huge, later),
            (
                Trouble::Redirect("https://attacker.example/".to_owned()),
                later,
            ),
        ] {
            let name = format!("{kind:?} {trouble:?}");
            scene
                .simulator
                .quirks(|quirks| quirks.trouble(Endpoint::Api, trouble));
            let proof = scene.administers(who, scope).await;
            assert_eq!(proof.verdict, Verdict::NotProven(remedy), "{name}");
            let unproven = scene.organization(who, scope).await.unwrap_err();
            assert_eq!(unproven.remedy, remedy, "{name}");
        }
    }
}
