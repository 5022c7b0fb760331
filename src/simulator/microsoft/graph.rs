//! The part of Microsoft Graph that the administrator and licence checks ask.
//!
//! Paging and the rest of the query language are not played.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::simulator::engine::{Call, SignIn};
use crate::simulator::persona::{DirectoryRole, MicrosoftAccount};
use crate::simulator::provider::Reply;

/// With one of them the roles come whole; with `User.Read` alone only their ids do.
const MAY_READ_ROLES: [&str; 2] = ["Directory.Read.All", "RoleManagement.Read.Directory"];
const MAY_READ_LICENCES: [&str; 2] = ["LicenseAssignment.Read.All", "User.Read"];
const MAY_READ_ORGANIZATION: [&str; 3] =
    ["Organization.Read.All", "Directory.Read.All", "User.Read"];

pub(super) fn answer(call: &Call<'_>, sign_in: &SignIn, account: &MicrosoftAccount) -> Reply {
    let path = call.request.path.trim_start_matches("/v1.0/");
    match path {
        "me" => ok(me(sign_in, account)),
        "me/memberOf" => ok(collection(member_of(sign_in, account, Reach::Direct))),
        "me/transitiveMemberOf" => ok(collection(member_of(sign_in, account, Reach::Transitive))),
        "me/getMemberObjects" => ok(collection(account.groups.iter().map(|id| json!(id)))),
        "me/transitiveMemberOf/microsoft.graph.directoryRole" => roles(call, sign_in, account),
        "me/licenseDetails" => licences(sign_in, account),
        "organization" => organization(sign_in, account),
        "roleManagement/directory/roleAssignments" => assignments(call, sign_in, account),
        _ => failure(StatusCode::NOT_FOUND),
    }
}

pub(super) fn failure(status: StatusCode) -> Reply {
    let (code, message) = match status {
        StatusCode::UNAUTHORIZED => (
            "InvalidAuthenticationToken",
            "Access token is empty or invalid.",
        ),
        StatusCode::FORBIDDEN => (
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ),
        StatusCode::TOO_MANY_REQUESTS => ("TooManyRequests", "Too many requests."),
        StatusCode::NOT_FOUND => ("Request_ResourceNotFound", "Resource does not exist."),
        StatusCode::BAD_REQUEST => ("Request_UnsupportedQuery", "Unsupported query."),
        _ => ("UnknownError", "Something went wrong."),
    };
    let inner = json!({
        "date": "2026-11-23T10:00:00",
        "request-id": "0a1b2c3d-0000-4000-8000-000000000003",
        "client-request-id": "0a1b2c3d-0000-4000-8000-000000000003",
    });
    (
        status,
        json!({"error": {"code": code, "message": message, "innerError": inner}}),
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Direct,
    Transitive,
}

fn ok(value: Value) -> Reply {
    (StatusCode::OK, value)
}

fn collection(items: impl IntoIterator<Item = Value>) -> Value {
    let items: Vec<_> = items.into_iter().collect();
    json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": items})
}

/// Scopes may be written with the resource in front.
fn may(sign_in: &SignIn, any: &[&str]) -> bool {
    let mut asked = sign_in.asked.scope.split_ascii_whitespace();
    asked.any(|scope| {
        let name = scope.rsplit('/').next().unwrap_or(scope);
        name == ".default" || any.contains(&name)
    })
}

fn me(sign_in: &SignIn, account: &MicrosoftAccount) -> Value {
    let persona = sign_in.persona;
    json!({
        "id": account.oid,
        "displayName": persona.name(),
        "givenName": persona.given_name,
        "surname": persona.family_name,
        "userPrincipalName": persona.username,
        "mail": persona.email,
        "assignedPlans": account.licences.iter().map(|licence| json!({
            "service": "SharePoint",
            "capabilityStatus": if licence.status == "Success" { "Enabled" } else { "Deleted" },
            "servicePlanId": licence.plan_id,
        })).collect::<Vec<_>>(),
    })
}

fn role(sign_in: &SignIn, role: &DirectoryRole) -> Value {
    let id = format!("a{}", role.template.get(1..).unwrap_or_default());
    if !may(sign_in, &MAY_READ_ROLES) {
        return json!({"@odata.type": "#microsoft.graph.directoryRole", "id": id});
    }
    json!({
        "@odata.type": "#microsoft.graph.directoryRole",
        "id": id,
        "displayName": role.name,
        "roleTemplateId": role.template,
    })
}

fn member_of(sign_in: &SignIn, account: &MicrosoftAccount, reach: Reach) -> Vec<Value> {
    let roles = account.roles.iter();
    let roles = roles.filter(|role| reach == Reach::Transitive || !role.by_group);
    let groups = account
        .groups
        .iter()
        .map(|id| json!({"@odata.type": "#microsoft.graph.group", "id": id}));
    roles.map(|one| role(sign_in, one)).chain(groups).collect()
}

/// A cast is an advanced query, which has to be asked for.
fn roles(call: &Call<'_>, sign_in: &SignIn, account: &MicrosoftAccount) -> Reply {
    if call.request.header("consistencylevel") != Some("eventual") {
        return failure(StatusCode::BAD_REQUEST);
    }
    ok(collection(
        account.roles.iter().map(|one| role(sign_in, one)),
    ))
}

fn licences(sign_in: &SignIn, account: &MicrosoftAccount) -> Reply {
    if !may(sign_in, &MAY_READ_LICENCES) {
        return failure(StatusCode::FORBIDDEN);
    }
    let plans: Vec<Value> = account
        .licences
        .iter()
        .map(|licence| {
            json!({
                "servicePlanId": licence.plan_id,
                "servicePlanName": licence.plan,
                "provisioningStatus": licence.status,
                "appliesTo": "User",
            })
        })
        .collect();
    let sku = account.licences.first().map(|licence| {
        json!({
            "id": "c2ltdWxhdGVkLXNrdQ",
            "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965",
            "skuPartNumber": licence.sku,
            "servicePlans": plans,
        })
    });
    ok(collection(sku))
}

fn organization(sign_in: &SignIn, account: &MicrosoftAccount) -> Reply {
    if !may(sign_in, &MAY_READ_ORGANIZATION) {
        return failure(StatusCode::FORBIDDEN);
    }
    let tenant = account.tenant;
    let organization = json!({
        "id": tenant.id,
        "displayName": tenant.name,
        "countryLetterCode": "US",
        "businessPhones": ["+1 555 0100"],
        "verifiedDomains": [{"name": tenant.domain, "isDefault": true, "isInitial": false}],
    });
    ok(collection([organization]))
}

/// As much of `$filter` as names one role.
fn assignments(call: &Call<'_>, sign_in: &SignIn, account: &MicrosoftAccount) -> Reply {
    if !may(sign_in, &MAY_READ_ROLES) {
        return failure(StatusCode::FORBIDDEN);
    }
    let filter = call.request.parameter("$filter").unwrap_or_default();
    let wanted = |role: &&DirectoryRole| {
        !role.by_group && (!filter.contains("roleDefinitionId") || filter.contains(role.template))
    };
    let direct = account.roles.iter().filter(wanted);
    let assignment = |role: &DirectoryRole| {
        json!({
            "id": format!("assignment-{}", role.template),
            "principalId": account.oid,
            "roleDefinitionId": role.template,
            "directoryScopeId": "/",
        })
    };
    ok(collection(direct.map(assignment)))
}
