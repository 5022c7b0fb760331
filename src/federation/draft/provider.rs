//! What can be wrong with the settings of each provider.
//!
//! Whether the provider is there and is who it should be is asked later.

use url::{Host, Url};

use super::Problems;
use crate::federation::connector::{RecordId, is_my_domain};
use crate::federation::{
    Audience, Google, Microsoft, OAuth2, Oidc, Provider, Quirks, Salesforce, SalesforceHost,
};
use crate::web::Outgoing;

/// The tenant of personal accounts.
const CONSUMERS: uuid::Uuid = uuid::Uuid::from_u128(0x9188_040d_6c67_4c5b_b112_36a3_04b6_6dad);
const ALGORITHMS: [&str; 4] = ["RS256", "ES256", "PS256", "EdDSA"];
const LARGEST_SKEW_SECONDS: u16 = 300;
/// What the flow itself says (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1).
const OURS: [&str; 16] = [
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "request",
    "request_uri",
    "id_token_hint",
];

pub(super) fn check(provider: &mut Provider, outgoing: &Outgoing, problems: &mut Problems) {
    let mut check = Check { outgoing, problems };
    match provider {
        Provider::Microsoft(microsoft) => check.microsoft(microsoft),
        Provider::Google(google) => check.google(google),
        Provider::Salesforce(salesforce) => check.salesforce(salesforce),
        Provider::Oidc(oidc) => check.oidc(oidc),
        Provider::OAuth2(oauth2) => check.oauth2(oauth2),
    }
}

/// What the providers' pages show beside it is often pasted instead.
pub(super) fn check_client_id(provider: &Provider, id: &str, problems: &mut Problems) {
    let printable = |c: char| !c.is_control() && !c.is_whitespace();
    if !(1..=255).contains(&id.len()) || !id.chars().all(printable) {
        let sentence = "Give the client id as the provider shows it, without spaces.";
        problems.add("client_id", "bad_client_id", sentence);
        return;
    }
    let expected = match provider {
        Provider::Microsoft(_) if id.parse::<uuid::Uuid>().is_err() => {
            "the Application (client) ID, like 11111111-2222-3333-4444-555555555555"
        }
        Provider::Google(google)
            if google.base_url.is_none() && !id.ends_with(".apps.googleusercontent.com") =>
        {
            "an id that ends in .apps.googleusercontent.com"
        }
        _ => return,
    };
    let sentence = format!("Found: “{id}”. Expected: {expected}.");
    problems.add("client_id", "bad_client_id", sentence);
}

struct Check<'a> {
    outgoing: &'a Outgoing,
    problems: &'a mut Problems,
}

impl Check<'_> {
    fn microsoft(&mut self, microsoft: &Microsoft) {
        let simulators = [
            ("provider/login_url", &microsoft.login_url),
            ("provider/graph_url", &microsoft.graph_url),
        ];
        for (field, url) in simulators {
            self.simulator(field, url.as_ref());
        }
        let Audience::Tenants(tenants) = &microsoft.audience else {
            return;
        };
        let field = "provider/audience/tenants";
        if !(1..=super::MOST).contains(&tenants.len()) {
            let sentence = "Name 1 to 100 tenants by their ids, or admit organizations.";
            self.problems.add(field, "tenants", sentence);
        }
        for (at, tenant) in tenants.iter().enumerate().take(super::MOST) {
            let twice = tenants.iter().take(at).any(|earlier| earlier == tenant);
            if twice || *tenant == CONSUMERS || tenant.is_nil() {
                let sentence =
                    "Name a tenant of an organisation, once. Personal accounts are not admitted.";
                self.problems
                    .add(format!("{field}/{at}"), "bad_tenant", sentence);
            }
        }
    }

    fn google(&mut self, google: &mut Google) {
        self.simulator("provider/base_url", google.base_url.as_ref());
        let field = "provider/hosted_domains";
        self.problems.domains(field, &mut google.hosted_domains);
    }

    fn salesforce(&mut self, salesforce: &mut Salesforce) {
        self.simulator("provider/base_url", salesforce.base_url.as_ref());
        if let SalesforceHost::MyDomain(label) = &mut salesforce.host {
            *label = label.trim().to_ascii_lowercase();
            if !is_my_domain(label) {
                let sentence = format!(
                    "Found: “{label}”. Expected: the My Domain name alone, like acme for acme.my.salesforce.com; for a sandbox acme--test."
                );
                self.problems
                    .add("provider/host/my_domain", "bad_my_domain", sentence);
            }
        }
        let ids = salesforce.organizations.iter().map(String::as_str);
        let organization = |text: &str| text.parse().is_ok_and(|id: RecordId| id.is("00D"));
        let sentence = "An organization's id has 15 or 18 characters and begins with 00D (Setup, Company Information). It stands here once.";
        let field = "provider/organizations";
        self.problems
            .each(field, ("bad_organization", sentence), ids, organization);
    }

    fn oidc(&mut self, oidc: &mut Oidc) {
        self.issuer(&oidc.issuer);
        self.quirks(&oidc.quirks);
        let field = "provider/authoritative_domains";
        self.problems
            .domains(field, &mut oidc.authoritative_domains);
    }

    fn oauth2(&mut self, oauth2: &mut OAuth2) {
        self.issuer(&oauth2.issuer);
        let endpoints = [
            (
                "authorization_endpoint",
                Some(&oauth2.authorization_endpoint),
            ),
            ("token_endpoint", Some(&oauth2.token_endpoint)),
            ("user_endpoint", Some(&oauth2.user_endpoint)),
            ("emails_endpoint", oauth2.emails_endpoint.as_ref()),
        ];
        for (name, url) in endpoints {
            if let Some(url) = url {
                self.reachable(&format!("provider/{name}"), url);
            }
        }
        if !super::is_pointer(&oauth2.subject) {
            self.problems
                .add("provider/subject", "bad_pointer", super::POINTER);
        }
        self.quirks(&oauth2.quirks);
        let field = "provider/authoritative_domains";
        self.problems
            .domains(field, &mut oauth2.authoritative_domains);
    }

    /// OpenID Connect Discovery 1.0 section 3: no query, no fragment. Kept as written: it is compared byte for byte.
    fn issuer(&mut self, issuer: &str) {
        let url = Url::parse(issuer).ok().filter(|_| issuer.len() <= 500);
        if let Some(url) = url.filter(|url| url.query().is_none() && issuer.trim() == issuer) {
            self.reachable("provider/issuer", &url);
        } else {
            let sentence = "Give the issuer as the provider's discovery document writes it: an https address without ? and #.";
            self.problems.add("provider/issuer", "bad_issuer", sentence);
        }
    }

    /// A13, as far as the address itself tells.
    fn reachable(&mut self, field: &str, url: &Url) {
        if let Err(forbidden) = self.outgoing.check(url) {
            let sentence = format!("Found: {url}. {forbidden}");
            self.problems.add(field, "bad_address", sentence);
        }
    }

    /// A provider with a fixed address is replaced by a simulator on this machine, or not at all: whoever could put a host of
    /// their own there would sign in as anybody.
    fn simulator(&mut self, field: &str, url: Option<&Url>) {
        let Some(url) = url else { return };
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if !here || self.outgoing.check(url).is_err() {
            let sentence = format!(
                "Found: {url}. Leave it out: only an installation on this machine can have a simulator, and only on this machine."
            );
            self.problems.add(field, "simulator_only", sentence);
        }
    }

    fn quirks(&mut self, quirks: &Quirks) {
        let names = quirks.algorithms.iter().map(String::as_str);
        let known = |name: &str| ALGORITHMS.contains(&name);
        let sentence = "Name RS256, ES256, PS256 or EdDSA, each once.";
        let field = "provider/quirks/algorithms";
        self.problems
            .each(field, ("bad_algorithm", sentence), names, known);
        if quirks.algorithms.is_empty() {
            self.problems.add(field, "required", sentence);
        }
        if quirks.clock_skew_seconds > LARGEST_SKEW_SECONDS {
            let sentence = "Clocks may differ by at most 300 seconds.";
            self.problems
                .add("provider/quirks/clock_skew_seconds", "too_large", sentence);
        }
        for (name, value) in &quirks.parameters {
            let short = (1..=100).contains(&name.len()) && value.len() <= 1_000;
            if !short || OURS.contains(&name.as_str()) {
                let sentence = "This parameter is the flow's own, or too long.";
                let field = format!("provider/quirks/parameters/{name}");
                self.problems.add(field, "bad_parameter", sentence);
            }
        }
    }
}
