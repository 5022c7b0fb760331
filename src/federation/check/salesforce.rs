//! Salesforce: who holds the permissions of a system administrator, and what is known about an organization.
//!
//! The name of a profile counts for nothing: it is translated, renamed and cloned.

use std::collections::BTreeSet;

use serde_json::Value;
use url::{Host, Url};

use super::super::connector::RecordId;
use super::super::settings::Salesforce;
use super::ask::{Api, NextPage, Trouble, no_token};
use super::{
    AdministratorCheck, Asked, How, Organization, OrganizationLookup, Person, Proof, Remedy, Rules,
    Unproven,
};
use crate::web::Outgoing;

/// The token is a session: it goes to Salesforce's own hosts only, whatever the token endpoint says.
const HOSTS: [&str; 4] = [
    ".my.salesforce.com",
    ".salesforce.com",
    ".my.site.com",
    ".my.salesforce.mil",
];
const PAGES: (&str, NextPage) = ("records", |page| page.get("nextRecordsUrl")?.as_str());

const VERSIONS: &str = "GET /services/data/";
const USER: &str = "GET /services/data/v{version}/query User, PermissionSetAssignment";
const ORGANIZATION: &str = "GET /services/data/v{version}/query Organization";

/// The REST API of whichever host the organization has.
#[derive(Clone)]
pub(super) struct Rest {
    /// In place of Salesforce's hosts: a simulator on this machine.
    only: Option<Url>,
    outgoing: Outgoing,
    /// All of these are needed.
    permissions: Vec<String>,
}

impl Rest {
    pub(super) fn new(settings: &Salesforce, outgoing: &Outgoing, rules: &Rules) -> Self {
        Self {
            only: settings.base_url.clone(),
            outgoing: outgoing.clone(),
            permissions: rules.permissions(),
        }
    }

    /// All records of a query.
    async fn query(
        &self,
        person: &Person<'_>,
        (call, queries): (&'static str, &[String]),
    ) -> Result<Vec<Value>, Unproven> {
        let base = person.answer.get("instance_url").and_then(Value::as_str);
        let base = base.and_then(|url| instance(url, self.only.as_ref()));
        let base = base.ok_or_else(|| Unproven {
            how: How::Api { call },
            remedy: Remedy::StateIt,
            detail: "the instance is at no host of Salesforce's".to_owned(),
        })?;
        let api = Api {
            outgoing: &self.outgoing,
            base: &base,
            token: person.access_token.ok_or_else(|| no_token(call))?,
        };
        let unproven = |call: &'static str, trouble: Trouble| {
            let forbidden = forbidden(&trouble);
            trouble.unproven(call, forbidden)
        };
        let versions = api.get("/services/data/", &[]).await;
        let versions = versions.map_err(|trouble| unproven(VERSIONS, trouble))?;
        let version = newest(&versions).ok_or_else(|| Unproven {
            how: How::Api { call: VERSIONS },
            remedy: Remedy::TryLater { after: None },
            detail: "the answer names no version".to_owned(),
        })?;
        let mut records = Vec::new();
        for query in queries {
            let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let path = format!("/services/data/v{version}/query?q={query}");
            let found = api.list(&path, &[], PAGES).await;
            records.extend(found.map_err(|trouble| unproven(call, trouble))?);
        }
        Ok(records)
    }
}

/// 403 for an edition without API, for spent calls, and for people who may not look.
fn forbidden(trouble: &Trouble) -> Remedy {
    match trouble.code() {
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => Remedy::EditionWithoutApi,
        "REQUEST_LIMIT_EXCEEDED" => Remedy::TryLater { after: None },
        _ => Remedy::UseAdministrator,
    }
}

/// Scheme and host of the instance, if the token may go there.
fn instance(url: &str, only: Option<&Url>) -> Option<String> {
    let url: Url = url.parse().ok()?;
    let bare = url.username().is_empty() && url.password().is_none();
    let admitted = match (only, url.host()) {
        (Some(only), _) => url.origin() == only.origin(),
        (None, Some(Host::Domain(host))) => {
            let own = HOSTS.iter().any(|suffix| host.ends_with(suffix));
            own && url.scheme() == "https" && url.port().is_none()
        }
        (None, _) => false,
    };
    (admitted && bare && url.path() == "/").then(|| url.origin().ascii_serialization())
}

fn newest(versions: &Value) -> Option<String> {
    let versions = versions.as_array()?.iter();
    let versions = versions.filter_map(|one| {
        let (major, minor) = one.get("version")?.as_str()?.split_once('.')?;
        Some((major.parse::<u16>().ok()?, minor.parse::<u16>().ok()?))
    });
    let (major, minor) = versions.max()?;
    Some(format!("{major}.{minor}"))
}

impl AdministratorCheck for Rest {
    fn administrator<'a>(&'a self, person: &'a Person<'a>) -> Asked<'a, Proof> {
        Box::pin(async move {
            let Ok(user) = person.account.key.subject.parse::<RecordId>() else {
                let detail = "the account has no id of Salesforce's";
                return Proof::not(How::Claim { name: "sub" }, Remedy::SignInAgain, detail);
            };
            let fields = |of: &str| {
                let names = self.permissions.iter();
                names
                    .map(|name| format!("{of}.{name}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let queries = [
                format!(
                    "SELECT Id, IsActive, {} FROM User WHERE Id = '{user}'",
                    fields("Profile")
                ),
                format!(
                    "SELECT AssigneeId, {} FROM PermissionSetAssignment WHERE AssigneeId = '{user}'",
                    fields("PermissionSet")
                ),
            ];
            match self.query(person, (USER, &queries)).await {
                Ok(records) => administers(&records, &user, &self.permissions),
                Err(unproven) => unproven.into(),
            }
        })
    }
}

impl OrganizationLookup for Rest {
    fn organization<'a>(
        &'a self,
        person: &'a Person<'a>,
    ) -> Asked<'a, Result<Organization, Unproven>> {
        Box::pin(async move {
            let query = "SELECT Id, Name, IsSandbox, Country, Phone FROM Organization".to_owned();
            let found = self.query(person, (ORGANIZATION, &[query])).await?;
            organization(&found, person.account.tenant.as_deref()).ok_or_else(|| Unproven {
                how: How::Api { call: ORGANIZATION },
                remedy: Remedy::SignInAgain,
                detail: "the answer is about another organization".to_owned(),
            })
        })
    }
}

fn id(record: &Value, name: &str) -> Option<RecordId> {
    record.get(name)?.as_str()?.parse().ok()
}

/// The permissions of the profile and of every permission set together.
fn administers(records: &[Value], user: &RecordId, needed: &[String]) -> Proof {
    let how = How::Api { call: USER };
    let mut own = records
        .iter()
        .filter(|one| id(one, "Id").as_ref() == Some(user));
    let Some(entry) = own.next() else {
        let detail = "the person can't be seen";
        return Proof::not(how, Remedy::UseAdministrator, detail);
    };
    if entry.get("IsActive").and_then(Value::as_bool) != Some(true) {
        return Proof::not(how, Remedy::Reactivate, "the account is not active");
    }
    let sets = records
        .iter()
        .filter(|one| id(one, "AssigneeId").as_ref() == Some(user));
    let sets = sets.filter_map(|one| one.get("PermissionSet"));
    let held: BTreeSet<&str> = entry
        .get("Profile")
        .into_iter()
        .chain(sets)
        .flat_map(|permissions| {
            let held = |name: &&str| permissions.get(*name).is_some_and(|yes| *yes == true);
            needed.iter().map(String::as_str).filter(held)
        })
        .collect();
    if !needed.is_empty() && held.len() == needed.len() {
        return Proof::proven(how, "all permissions of an administrator");
    }
    let detail = format!(
        "{} of {} permissions of an administrator",
        held.len(),
        needed.len()
    );
    Proof::not(how, Remedy::UseAdministrator, detail)
}

fn organization(found: &[Value], tenant: Option<&str>) -> Option<Organization> {
    let tenant: RecordId = tenant?.parse().ok()?;
    let mut own = found
        .iter()
        .filter(|one| id(one, "Id").as_ref() == Some(&tenant));
    let own = own.next()?;
    let text = |name: &str| own.get(name)?.as_str().map(str::to_owned);
    Some(Organization {
        key: tenant.to_string(),
        name: text("Name"),
        domain: None,
        country: text("Country"),
        phone: text("Phone"),
        // What isn't said to be production isn't taken for it.
        sandbox: own.get("IsSandbox").and_then(Value::as_bool) != Some(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::Verdict;
    use super::super::tests::any_json;

    const SHORT: &str = "0055e0000012AbC";

    fn user() -> RecordId {
        SHORT.parse().unwrap()
    }

    /// Those of a system administrator.
    const NEEDED: [&str; 4] = [
        "PermissionsCustomizeApplication",
        "PermissionsManageUsers",
        "PermissionsModifyAllData",
        "PermissionsViewAllData",
    ];

    fn needed() -> Vec<String> {
        Rules::default().permissions()
    }

    fn permissions(held: &[&str]) -> Value {
        let all = NEEDED.map(|name| (name.to_owned(), json!(held.contains(&name))));
        Value::Object(all.into_iter().collect())
    }

    #[test]
    fn permissions_of_profile_and_sets_count_together() {
        let verdict = |active: bool, profile: &[&str], set: &[&str], assignee: &str| {
            let records = [
                json!({"Id": SHORT, "IsActive": active, "Profile": permissions(profile)}),
                json!({"AssigneeId": assignee, "PermissionSet": permissions(set)}),
            ];
            administers(&records, &user(), &needed()).verdict
        };
        let whole = user().to_string();
        assert_eq!(verdict(true, &NEEDED, &[], &whole), Verdict::Proven);
        assert_eq!(
            verdict(true, &NEEDED[..2], &NEEDED[2..], &whole),
            Verdict::Proven
        );
        let other = Verdict::NotProven(Remedy::UseAdministrator);
        assert_eq!(verdict(true, &NEEDED[..3], &[], &whole), other);
        assert_eq!(
            verdict(true, &NEEDED[..2], &NEEDED[2..], "0055e0000012AbD"),
            other
        );
        let inactive = Verdict::NotProven(Remedy::Reactivate);
        assert_eq!(verdict(false, &NEEDED, &[], &whole), inactive);
        assert_eq!(administers(&[], &user(), &needed()).verdict, other);
        let all = [json!({"Id": SHORT, "IsActive": true, "Profile": permissions(&NEEDED)})];
        assert_eq!(administers(&all, &user(), &[]).verdict, other);
    }

    #[test]
    fn a_token_goes_to_salesforce_only() {
        let own = |url: &str| instance(url, None);
        let harborline = "https://harborline.my.salesforce.com";
        assert_eq!(own(harborline).as_deref(), Some(harborline));
        for elsewhere in [
            "http://harborline.my.salesforce.com",
            "https://harborline.my.salesforce.com.attacker.example",
            "https://attacker.example/.my.salesforce.com",
            "https://attackersalesforce.com",
            "https://me@harborline.my.salesforce.com",
            "https://harborline.my.salesforce.com:8443",
            "https://harborline.my.salesforce.com/services",
            "https://127.0.0.1",
            "harborline.my.salesforce.com",
            "",
        ] {
            assert_eq!(own(elsewhere), None, "{elsewhere}");
        }
        let simulator: Url = "http://127.0.0.1:4711".parse().unwrap();
        let only = |url: &str| instance(url, Some(&simulator));
        assert_eq!(
            only("http://127.0.0.1:4711").as_deref(),
            Some("http://127.0.0.1:4711")
        );
        assert_eq!(only("http://127.0.0.1:4712"), None);
        assert_eq!(only(harborline), None);
    }

    #[test]
    fn the_newest_version_is_a_number() {
        let versions = json!([{"version": "9.0"}, {"version": "67.0"}, {"version": "66.5"}, {"version": "99/../x"}]);
        assert_eq!(newest(&versions).as_deref(), Some("67.0"));
        assert_eq!(newest(&json!([])), None);
    }

    #[test]
    fn an_organization_is_the_persons_own() {
        let records = [json!({"Id": "00D5e000000HbLn", "Name": "Harborline", "IsSandbox": false})];
        let whole = "00D5e000000HbLn".parse::<RecordId>().unwrap().to_string();
        let found = organization(&records, Some(&whole)).unwrap();
        assert_eq!((found.key.as_str(), found.sandbox), (whole.as_str(), false));
        assert_eq!(organization(&records, Some("00D5e000000HbLo")), None);
    }

    proptest! {
        #[test]
        fn no_other_answer_proves_anything(answers in proptest::collection::vec(any_json(), 0..3)) {
            prop_assert!(!administers(&answers, &user(), &needed()).is_proven());
            for answer in &answers {
                let _ = newest(answer);
            }
        }
    }
}
