//! Google: super administrators and customers in the Directory, and the installed app in the Marketplace.
//!
//! The Directory is asked as the person who signed in, the Marketplace as the operator.

use http::StatusCode;
use serde_json::Value;
use url::Url;

use super::super::settings::Google;
use super::ask::{Api, Trouble, no_token};
use super::{
    AdministratorCheck, Asked, How, LicenceCheck, Organization, OrganizationLookup, Person, Proof,
    Remedy, Unproven,
};
use crate::kit::Secret;
use crate::web::Outgoing;

const DIRECTORY: &str = "https://admin.googleapis.com";
const MARKETPLACE: &str = "https://appsmarket.googleapis.com";
const USER: &str = "GET /admin/directory/v1/users/{userKey}";
const CUSTOMER: &str = "GET /admin/directory/v1/customers/my_customer";
const LICENCE: &str = "GET /appsmarket/v2/customerLicense/{applicationId}/{customerId}";

fn base(settings: &Google, own: &str) -> String {
    let base = settings.base_url.as_ref().map(Url::as_str);
    base.unwrap_or(own).trim_end_matches('/').to_owned()
}

/// The Directory API of the Admin SDK.
#[derive(Clone)]
pub(super) struct Directory {
    base: String,
    outgoing: Outgoing,
}

impl Directory {
    pub(super) fn new(settings: &Google, outgoing: &Outgoing) -> Self {
        Self {
            base: base(settings, DIRECTORY),
            outgoing: outgoing.clone(),
        }
    }

    async fn ask(
        &self,
        person: &Person<'_>,
        (call, path): (&'static str, &str),
    ) -> Result<Value, Unproven> {
        let api = Api {
            outgoing: &self.outgoing,
            base: &self.base,
            token: person.access_token.ok_or_else(|| no_token(call))?,
        };
        let answer = api.get(path, &[]).await;
        answer.map_err(|trouble| {
            let forbidden = forbidden(&trouble);
            trouble.unproven(call, forbidden)
        })
    }
}

/// Google says 403 for three things; what it means for most people is that they are no administrators.
fn forbidden(trouble: &Trouble) -> Remedy {
    match trouble.code() {
        "accessNotConfigured" | "SERVICE_DISABLED" => Remedy::EnableApi,
        "insufficientPermissions" | "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => Remedy::GrantConsent,
        "quotaExceeded" | "userRateLimitExceeded" | "rateLimitExceeded" => {
            Remedy::TryLater { after: None }
        }
        _ => Remedy::UseAdministrator,
    }
}

impl AdministratorCheck for Directory {
    fn administrator<'a>(&'a self, person: &'a Person<'a>) -> Asked<'a, Proof> {
        Box::pin(async move {
            if !person.claims.get("hd").is_some_and(Value::is_string) {
                let detail = "the account belongs to no organization";
                return Proof::not(How::Claim { name: "hd" }, Remedy::UseOwnAccount, detail);
            }
            let subject = &person.account.key.subject;
            let path = format!(
                "/admin/directory/v1/users/{}?projection=basic&viewType=admin_view",
                segment(subject)
            );
            match self.ask(person, (USER, &path)).await {
                Ok(user) => administers(&user, subject),
                Err(unproven) => unproven.into(),
            }
        })
    }
}

impl OrganizationLookup for Directory {
    fn organization<'a>(
        &'a self,
        person: &'a Person<'a>,
    ) -> Asked<'a, Result<Organization, Unproven>> {
        Box::pin(async move {
            let path = "/admin/directory/v1/customers/my_customer";
            let customer = self.ask(person, (CUSTOMER, path)).await?;
            organization(&customer).ok_or_else(|| Unproven {
                how: How::Api { call: CUSTOMER },
                remedy: Remedy::TryLater { after: None },
                detail: "the answer names no customer".to_owned(),
            })
        })
    }
}

/// One segment of a path, whatever is in it.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

fn administers(user: &Value, subject: &str) -> Proof {
    let how = How::Api { call: USER };
    let says = |name: &str| user.get(name).and_then(Value::as_bool);
    if user.get("id").and_then(Value::as_str) != Some(subject) {
        let detail = "the answer is about another account";
        return Proof::not(how, Remedy::SignInAgain, detail);
    }
    if says("suspended") != Some(false) || says("archived") == Some(true) {
        return Proof::not(how, Remedy::Reactivate, "the account is not active");
    }
    match (says("isAdmin"), says("isDelegatedAdmin")) {
        (Some(true), _) => Proof::proven(how, "a super administrator"),
        (_, Some(true)) => {
            let detail = "an administrator of parts only";
            Proof::not(how, Remedy::UseAdministrator, detail)
        }
        _ => Proof::not(how, Remedy::UseAdministrator, "no administrator"),
    }
}

fn organization(customer: &Value) -> Option<Organization> {
    let text = |pointers: &[&str]| {
        let mut found = pointers
            .iter()
            .filter_map(|one| customer.pointer(one)?.as_str());
        found.next().map(str::to_owned)
    };
    Some(Organization {
        key: text(&["/id"])?,
        name: text(&["/postalAddress/organizationName"]),
        domain: text(&["/customerDomain"]),
        country: text(&["/postalAddress/countryCode"]),
        phone: text(&["/phoneNumber", "/phone"]),
        sandbox: false,
    })
}

/// The operator's own access to the Marketplace.
#[derive(Clone)]
pub struct Marketplace {
    /// The number in the configuration of the Marketplace SDK.
    pub application: String,
    /// Of the operator's service account, with the scope `appsmarketplace.license`.
    pub token: Secret,
}

/// Whether the customer has installed the app.
pub(super) struct Licences {
    base: String,
    outgoing: Outgoing,
    marketplace: Marketplace,
}

impl Licences {
    pub(super) fn new(settings: &Google, outgoing: &Outgoing, marketplace: Marketplace) -> Self {
        Self {
            base: base(settings, MARKETPLACE),
            outgoing: outgoing.clone(),
            marketplace,
        }
    }
}

impl LicenceCheck for Licences {
    fn licence<'a>(&'a self, person: &'a Person<'a>) -> Asked<'a, Proof> {
        Box::pin(async move {
            let Some(domain) = person.account.tenant.as_deref() else {
                let detail = "the account belongs to no organization";
                return Proof::not(How::Claim { name: "hd" }, Remedy::UseOwnAccount, detail);
            };
            let api = Api {
                outgoing: &self.outgoing,
                base: &self.base,
                token: &self.marketplace.token,
            };
            let application = &self.marketplace.application;
            let path = format!(
                "/appsmarket/v2/customerLicense/{}/{}",
                segment(application),
                segment(domain)
            );
            match api.get(&path, &[]).await {
                Ok(licence) => is_installed(&licence, application),
                Err(trouble) if trouble.status() == Some(StatusCode::NOT_FOUND) => {
                    let how = How::Api { call: LICENCE };
                    Proof::not(how, Remedy::InstallApp, "the app is not installed")
                }
                Err(trouble) => {
                    let mut unproven = trouble.unproven(LICENCE, Remedy::StateIt);
                    if unproven.remedy == Remedy::SignInAgain {
                        unproven.remedy = Remedy::StateIt; // the operator's access is at fault, not the person's
                    }
                    unproven.into()
                }
            }
        })
    }
}

fn is_installed(licence: &Value, application: &str) -> Proof {
    let how = How::Api { call: LICENCE };
    let text = |name: &str| licence.get(name).and_then(Value::as_str);
    if text("applicationId") == Some(application) && text("state") == Some("ACTIVE") {
        Proof::proven(how, "the app is installed")
    } else {
        Proof::not(how, Remedy::InstallApp, "the app is not installed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::Verdict;
    use super::super::tests::any_json;

    #[test]
    fn only_an_active_super_administrator_administers() {
        let user = |change: Value| {
            let mut user = json!({"id": "1100", "isAdmin": true, "isDelegatedAdmin": false, "suspended": false});
            let changes = change.as_object().unwrap().clone();
            user.as_object_mut().unwrap().extend(changes);
            administers(&user, "1100").verdict
        };
        assert_eq!(user(json!({})), Verdict::Proven);
        for (change, remedy) in [
            (json!({"id": "1101"}), Remedy::SignInAgain),
            (json!({"id": 1100}), Remedy::SignInAgain),
            (json!({"suspended": true}), Remedy::Reactivate),
            (json!({"suspended": null}), Remedy::Reactivate),
            (json!({"archived": true}), Remedy::Reactivate),
            (json!({"isAdmin": false}), Remedy::UseAdministrator),
            (json!({"isAdmin": "true"}), Remedy::UseAdministrator),
            (
                json!({"isAdmin": false, "isDelegatedAdmin": true}),
                Remedy::UseAdministrator,
            ),
        ] {
            assert_eq!(user(change.clone()), Verdict::NotProven(remedy), "{change}");
        }
    }

    #[test]
    fn an_app_is_installed_where_its_own_licence_is_active() {
        let state = |application: &str, state: &str| {
            let licence = json!({"applicationId": application, "state": state, "customerId": "harborline.example"});
            is_installed(&licence, "41").verdict
        };
        assert_eq!(state("41", "ACTIVE"), Verdict::Proven);
        for (application, other) in [("41", "UNLICENSED"), ("42", "ACTIVE")] {
            assert_eq!(
                state(application, other),
                Verdict::NotProven(Remedy::InstallApp)
            );
        }
    }

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(segment("../a b?x=/#"), "..%2Fa%20b%3Fx%3D%2F%23");
    }

    #[test]
    fn the_organizations_key_is_the_customer_never_the_domain() {
        let customer = json!({"id": "C01harbor", "customerDomain": "harborline.example",
            "postalAddress": {"organizationName": "Harborline", "countryCode": "DE"}, "phoneNumber": "+49 40 5550100"});
        let organization = organization(&customer).unwrap();
        assert_eq!(organization.key, "C01harbor");
        assert_eq!(organization.country.as_deref(), Some("DE"));
        assert!(super::organization(&json!({"customerDomain": "harborline.example"})).is_none());
    }

    proptest! {
        #[test]
        fn no_other_answer_proves_anything(answer in any_json()) {
            prop_assert!(!administers(&answer, "1100").is_proven());
            prop_assert!(!is_installed(&answer, "41").is_proven());
            let _ = organization(&answer);
        }
    }
}
