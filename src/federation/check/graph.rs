//! Microsoft Graph: global administrators, licences, and what is known about a tenant.
//!
//! Asks as the person who signed in and about nobody else.

use http::StatusCode;
use http::header::HeaderName;
use serde_json::Value;
use uuid::Uuid;

use super::super::connector::{Claims, Denied, outsider};
use super::super::settings::Microsoft;
use super::ask::{Api, NextPage, no_token};
use super::{
    AdministratorCheck, Asked, How, LicenceCheck, Organization, OrganizationLookup, Person, Proof,
    Remedy, Rules, Unproven, Verdict,
};
use crate::web::Outgoing;

/// The template of the role that may do everything in a tenant; the same in every tenant and cloud.
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
const DIRECTORY_ROLE: &str = "#microsoft.graph.directoryRole";
/// The cast to a kind of object is an advanced query.
const EVENTUAL: (HeaderName, &str) = (HeaderName::from_static("consistencylevel"), "eventual");
const PAGES: (&str, NextPage) = ("value", |page| page.get("@odata.nextLink")?.as_str());

const ROLES: &str = "GET /me/transitiveMemberOf/microsoft.graph.directoryRole";
const MEMBERSHIPS: &str = "GET /me/transitiveMemberOf";
const LICENCES: &str = "GET /me/licenseDetails";
const PLANS: &str = "GET /me?$select=assignedPlans";
const ORGANIZATION: &str = "GET /organization";

/// Microsoft Graph of a connection's cloud.
#[derive(Clone)]
pub(super) struct Graph {
    base: String,
    outgoing: Outgoing,
    /// One of these is enough.
    plans: Vec<Uuid>,
}

impl Graph {
    pub(super) fn new(settings: &Microsoft, outgoing: &Outgoing, rules: &Rules) -> Self {
        Self {
            base: settings.graph().to_owned(),
            outgoing: outgoing.clone(),
            plans: rules.plans(),
        }
    }

    fn api<'a>(&'a self, person: &Person<'a>, call: &'static str) -> Result<Api<'a>, Unproven> {
        Ok(Api {
            outgoing: &self.outgoing,
            base: &self.base,
            token: person.access_token.ok_or_else(|| no_token(call))?,
        })
    }

    async fn roles(&self, person: &Person<'_>) -> Result<Proof, Unproven> {
        let api = self.api(person, ROLES)?;
        let select = "$select=id,displayName,roleTemplateId";
        let cast = format!(
            "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole?$count=true&{select}"
        );
        match api.list(&cast, &[EVENTUAL], PAGES).await {
            Ok(roles) => Ok(administers(&roles, ROLES)),
            Err(trouble) if trouble.status() == Some(StatusCode::BAD_REQUEST) => {
                let all = api.list("/v1.0/me/transitiveMemberOf", &[], PAGES).await;
                let mut all =
                    all.map_err(|trouble| trouble.unproven(MEMBERSHIPS, Remedy::GrantConsent))?;
                all.retain(|item| {
                    item.get("@odata.type").and_then(Value::as_str) == Some(DIRECTORY_ROLE)
                });
                Ok(administers(&all, MEMBERSHIPS))
            }
            Err(trouble) => Err(trouble.unproven(ROLES, Remedy::GrantConsent)),
        }
    }

    async fn plans(&self, person: &Person<'_>) -> Result<Proof, Unproven> {
        let api = self.api(person, LICENCES)?;
        match api.list("/v1.0/me/licenseDetails", &[], PAGES).await {
            Ok(details) => Ok(holds(&details, &self.plans)),
            Err(trouble) if trouble.status() == Some(StatusCode::FORBIDDEN) => {
                let me = api.get("/v1.0/me?$select=assignedPlans", &[]).await;
                let me = me.map_err(|trouble| trouble.unproven(PLANS, Remedy::GrantConsent))?;
                Ok(is_assigned(&me, &self.plans))
            }
            Err(trouble) => Err(trouble.unproven(LICENCES, Remedy::GrantConsent)),
        }
    }
}

impl AdministratorCheck for Graph {
    fn administrator<'a>(&'a self, person: &'a Person<'a>) -> Asked<'a, Proof> {
        Box::pin(async move {
            match by_claims(person.claims) {
                Some(proof) => proof,
                None => self.roles(person).await.unwrap_or_else(Proof::from),
            }
        })
    }
}

impl LicenceCheck for Graph {
    fn licence<'a>(&'a self, person: &'a Person<'a>) -> Asked<'a, Proof> {
        Box::pin(async move { self.plans(person).await.unwrap_or_else(Proof::from) })
    }
}

impl OrganizationLookup for Graph {
    fn organization<'a>(
        &'a self,
        person: &'a Person<'a>,
    ) -> Asked<'a, Result<Organization, Unproven>> {
        Box::pin(async move {
            let api = self.api(person, ORGANIZATION)?;
            let found = api.list("/v1.0/organization", &[], PAGES).await;
            let found =
                found.map_err(|trouble| trouble.unproven(ORGANIZATION, Remedy::GrantConsent))?;
            organization(&found, person.account.tenant.as_deref()).ok_or_else(|| Unproven {
                how: How::Api { call: ORGANIZATION },
                remedy: Remedy::SignInAgain,
                detail: "the answer is about another tenant".to_owned(),
            })
        })
    }
}

/// What the token itself says. Without `wids` it says nothing about roles.
fn by_claims(claims: &Claims) -> Option<Proof> {
    if let Some(denied) = outsider(claims) {
        let name = if denied == Denied::Personal {
            "tid"
        } else {
            "acct"
        };
        let how = How::Claim { name };
        let detail = "a guest's or a personal account";
        return Some(Proof::not(how, Remedy::UseOwnAccount, detail));
    }
    let roles = claims.get("wids")?.as_array()?;
    let administers = roles.iter().any(is_global_administrator);
    administers.then(|| Proof::proven(How::Claim { name: "wids" }, "a global administrator"))
}

fn is_global_administrator(template: &Value) -> bool {
    let template = template.as_str();
    template.is_some_and(|template| template.eq_ignore_ascii_case(GLOBAL_ADMINISTRATOR))
}

/// Roles that are only eligible are not in the answer; with too few rights the roles come without their names.
fn administers(roles: &[Value], call: &'static str) -> Proof {
    let how = How::Api { call };
    let template = |role: &Value| role.get("roleTemplateId").cloned();
    let mut templates = roles.iter().filter_map(template);
    if templates.any(|template| is_global_administrator(&template)) {
        return Proof::proven(how, "a global administrator");
    }
    if roles
        .iter()
        .any(|role| template(role).is_none_or(|template| !template.is_string()))
    {
        let detail = "the roles are there, but what they are may not be read";
        return Proof::not(how, Remedy::GrantConsent, detail);
    }
    let detail = "no active role of a global administrator";
    Proof::not(how, Remedy::ActivateRole, detail)
}

fn holds(details: &[Value], wanted: &[Uuid]) -> Proof {
    let how = How::Api { call: LICENCES };
    let plans = details
        .iter()
        .filter_map(|one| one.get("servicePlans")?.as_array());
    let states = plans.flatten().filter(|plan| is_one_of(plan, wanted));
    let states = states.filter_map(|plan| plan.get("provisioningStatus")?.as_str());
    proof_of(
        how,
        states.map(|state| match state {
            "Success" => Some(Verdict::Proven),
            "PendingProvisioning" | "PendingInput" | "PendingActivation" => {
                Some(Verdict::ProvenWithWarning)
            }
            _ => None,
        }),
    )
}

/// The same from the person's own entry, where licences may not be read.
fn is_assigned(me: &Value, wanted: &[Uuid]) -> Proof {
    let how = How::Api { call: PLANS };
    let plans = me.get("assignedPlans").and_then(Value::as_array);
    let states = plans
        .into_iter()
        .flatten()
        .filter(|plan| is_one_of(plan, wanted));
    let states = states.filter_map(|plan| plan.get("capabilityStatus")?.as_str());
    proof_of(
        how,
        states.map(|state| match state {
            "Enabled" => Some(Verdict::Proven),
            "Warning" => Some(Verdict::ProvenWithWarning),
            _ => None,
        }),
    )
}

fn is_one_of(plan: &Value, wanted: &[Uuid]) -> bool {
    let id = plan.get("servicePlanId").and_then(Value::as_str);
    let id = id.and_then(|id| id.parse::<Uuid>().ok());
    id.is_some_and(|id| wanted.contains(&id))
}

/// The best of what several plans say.
fn proof_of(how: How, verdicts: impl Iterator<Item = Option<Verdict>>) -> Proof {
    let verdicts: Vec<_> = verdicts.flatten().collect();
    let (verdict, detail) = if verdicts.contains(&Verdict::Proven) {
        (Verdict::Proven, "a plan that counts is active")
    } else if verdicts.is_empty() {
        let verdict = Verdict::NotProven(Remedy::AssignLicence);
        (verdict, "no active plan that counts")
    } else {
        (
            Verdict::ProvenWithWarning,
            "a plan that counts is being set up",
        )
    };
    Proof {
        how,
        verdict,
        detail: detail.to_owned(),
    }
}

fn organization(found: &[Value], tenant: Option<&str>) -> Option<Organization> {
    let mut own = found.iter().filter(|one| {
        let id = one.get("id").and_then(Value::as_str);
        id.is_some_and(|id| tenant.is_some_and(|tenant| tenant.eq_ignore_ascii_case(id)))
    });
    let own = own.next()?;
    let text = |pointer: &str| own.pointer(pointer)?.as_str().map(str::to_owned);
    let domains = own.get("verifiedDomains").and_then(Value::as_array);
    let default = domains.into_iter().flatten().find(|domain| {
        domain
            .get("isDefault")
            .is_some_and(|default| *default == true)
    });
    Some(Organization {
        key: tenant?.to_owned(),
        name: text("/displayName"),
        domain: default.and_then(|domain| domain.get("name")?.as_str().map(str::to_owned)),
        country: text("/countryLetterCode"),
        phone: text("/businessPhones/0"),
        sandbox: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::tests::any_json;

    fn claims(json: Value) -> Claims {
        match json {
            Value::Object(claims) => claims,
            _ => panic!("claims are an object"),
        }
    }

    #[test]
    fn the_token_may_say_it_and_its_silence_says_nothing() {
        let member = "b79fbf4d-3ef9-4689-8143-76b194e85509";
        let tid = "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01";
        let told = |wids: Value| by_claims(&claims(json!({"tid": tid, "wids": wids})));
        let proof = told(json!([member, GLOBAL_ADMINISTRATOR])).unwrap();
        assert_eq!(
            (proof.how, proof.verdict),
            (How::Claim { name: "wids" }, Verdict::Proven)
        );
        assert_eq!(told(json!([member])), None);
        assert_eq!(told(json!(GLOBAL_ADMINISTRATOR)), None);
        assert_eq!(by_claims(&claims(json!({"tid": tid}))), None);
        for outsider in [
            json!({"tid": tid, "wids": [GLOBAL_ADMINISTRATOR], "acct": 1}),
            json!({"tid": tid, "wids": [GLOBAL_ADMINISTRATOR], "idp": "live.com"}),
            json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad", "wids": [GLOBAL_ADMINISTRATOR]}),
        ] {
            let verdict = by_claims(&claims(outsider)).unwrap().verdict;
            assert_eq!(verdict, Verdict::NotProven(Remedy::UseOwnAccount));
        }
    }

    #[test]
    fn roles_prove_it_only_when_they_can_be_read() {
        let verdict = |roles: &[Value]| administers(roles, ROLES).verdict;
        let role = |template: &str| json!({"@odata.type": DIRECTORY_ROLE, "id": "a", "roleTemplateId": template});
        let users = role("fe930be7-5e62-47db-91af-98c3a49a38b1");
        let bare = json!({"@odata.type": DIRECTORY_ROLE, "id": GLOBAL_ADMINISTRATOR});
        assert_eq!(
            verdict(&[users.clone(), role(GLOBAL_ADMINISTRATOR)]),
            Verdict::Proven
        );
        // Eligible and not activated: the answer doesn't have it (PIM).
        for roles in [&[][..], &[users]] {
            assert_eq!(verdict(roles), Verdict::NotProven(Remedy::ActivateRole));
        }
        assert_eq!(verdict(&[bare]), Verdict::NotProven(Remedy::GrantConsent));
    }

    #[test]
    fn a_licence_is_the_plan_itself_and_not_a_name_that_begins_alike() {
        let verdict = |plan: &str, status: &str| {
            let plan = json!({"servicePlanId": plan, "servicePlanName": "SHAREPOINT", "provisioningStatus": status});
            holds(
                &[json!({"skuPartNumber": "SPE_E3", "servicePlans": [plan]})],
                &Rules::default().plans(),
            )
            .verdict
        };
        for plan in Rules::default().plans() {
            let plan = &plan.to_string();
            assert_eq!(verdict(plan, "Success"), Verdict::Proven);
            assert_eq!(
                verdict(plan, "PendingActivation"),
                Verdict::ProvenWithWarning
            );
            let off = Verdict::NotProven(Remedy::AssignLicence);
            assert_eq!(verdict(plan, "Disabled"), off);
            assert_eq!(verdict(plan, "Error"), off);
        }
        for alike in [
            "e95bec33-7c88-4a70-8e19-b10bd9d0c014",
            "8f9f0f3b-ca90-406c-a842-95579171f8ec",
            "be5a7ed5-c598-4fcd-a061-5e6724c68a58",
            "fe71d6c3-a2ea-4499-9778-da042bf08063",
            "735c1d98-dd3f-4818-b4ed-c8052e18e62d",
        ] {
            assert_eq!(
                verdict(alike, "Success"),
                Verdict::NotProven(Remedy::AssignLicence)
            );
        }
        let assigned = |status: &str| {
            let plan = json!({"service": "SharePoint", "capabilityStatus": status, "servicePlanId": "5DBE027F-2339-4123-9542-606e4d348a72"});
            is_assigned(&json!({"assignedPlans": [plan]}), &Rules::default().plans()).is_proven()
        };
        assert!(assigned("Enabled") && assigned("Warning") && !assigned("Suspended"));
    }

    #[test]
    fn an_organization_is_the_persons_own() {
        let found = [
            json!({"id": "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01", "displayName": "Contoso", "countryLetterCode": "US",
            "businessPhones": [], "verifiedDomains": [{"name": "old.example"}, {"name": "contoso.example", "isDefault": true}]}),
        ];
        let own = organization(&found, Some("3D0F1C52-8a1e-4d6f-9b7a-0c5e2f7a1b01")).unwrap();
        assert_eq!(own.domain.as_deref(), Some("contoso.example"));
        assert_eq!(own.phone, None);
        assert!(organization(&found, Some("7be2a9d4-1f63-4c08-a5d9-6e4b8c3f2d02")).is_none());
        assert!(organization(&found, None).is_none());
    }

    proptest! {
        #[test]
        fn no_other_answer_proves_anything(answers in proptest::collection::vec(any_json(), 0..3)) {
            let plans = Rules::default().plans();
            prop_assert!(!administers(&answers, ROLES).is_proven());
            prop_assert!(!holds(&answers, &plans).is_proven());
            prop_assert!(!answers.first().is_some_and(|one| is_assigned(one, &plans).is_proven()));
        }
    }
}
