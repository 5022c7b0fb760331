//! The parts of the Directory API and of the Marketplace API that the checks ask.
//!
//! One sign-in's token serves for both; the real Marketplace wants the vendor's service account.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{account, people};
use crate::simulator::engine::{Call, SignIn};
use crate::simulator::persona::{GoogleAccount, Persona, Workspace};
use crate::simulator::provider::{Reply, members};

const USERS: [&str; 2] = ["admin.directory.user.readonly", "admin.directory.user"];
const CUSTOMERS: [&str; 2] = [
    "admin.directory.customer.readonly",
    "admin.directory.customer",
];

pub(super) fn answer(call: &Call<'_>, sign_in: &SignIn) -> Reply {
    let request = call.request;
    let asker = account(sign_in.persona);
    if request.segment(0) == "appsmarket" {
        return licence(request.segment(2), request.segment(4));
    }
    match (request.segment(3), asker.workspace) {
        ("users", Some(workspace)) if may(sign_in, &USERS) => user(call, asker, workspace),
        ("customers", Some(workspace)) if may(sign_in, &CUSTOMERS) => customer(asker, workspace),
        _ => failure(StatusCode::FORBIDDEN),
    }
}

pub(super) fn failure(status: StatusCode) -> Reply {
    let (reason, name, message) = match status {
        StatusCode::UNAUTHORIZED => ("authError", "UNAUTHENTICATED", "Invalid Credentials"),
        StatusCode::FORBIDDEN => (
            "forbidden",
            "PERMISSION_DENIED",
            "Not Authorized to access this resource/api",
        ),
        StatusCode::NOT_FOUND => ("notFound", "NOT_FOUND", "Resource Not Found: userKey"),
        StatusCode::TOO_MANY_REQUESTS => (
            "userRateLimitExceeded",
            "RESOURCE_EXHAUSTED",
            "Rate Limit Exceeded",
        ),
        _ => ("backendError", "INTERNAL", "Backend Error"),
    };
    let body = json!({"error": {
        "code": status.as_u16(),
        "message": message,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
        "status": name,
    }});
    (status, body)
}

fn may(sign_in: &SignIn, any: &[&str]) -> bool {
    let mut asked = sign_in.asked.scope.split_ascii_whitespace();
    asked.any(|scope| any.contains(&scope.rsplit('/').next().unwrap_or(scope)))
}

fn user(call: &Call<'_>, asker: &GoogleAccount, workspace: &Workspace) -> Reply {
    let wanted = call.request.segment(4).replace("%40", "@");
    let public = call.request.parameter("viewType") == Some("domain_public");
    let administers = asker.is_super_administrator || asker.is_delegated_administrator;
    if !administers && !public {
        return failure(StatusCode::FORBIDDEN);
    }
    let found = people::ALL.iter().find(|persona| {
        let theirs = account(persona);
        let same = theirs
            .workspace
            .is_some_and(|one| one.customer == workspace.customer);
        same && (theirs.id == wanted || persona.email == wanted)
    });
    let Some(persona) = found else {
        return failure(StatusCode::NOT_FOUND);
    };
    (StatusCode::OK, described(persona, workspace, public))
}

fn described(persona: &Persona, workspace: &Workspace, public: bool) -> Value {
    let account = account(persona);
    let mut user = members(json!({
        "kind": "admin#directory#user",
        "id": account.id,
        "primaryEmail": persona.email,
        "name": {"givenName": persona.given_name, "familyName": persona.family_name, "fullName": persona.name()},
    }));
    if !public {
        user.extend(members(json!({
            "isAdmin": account.is_super_administrator,
            "isDelegatedAdmin": account.is_delegated_administrator,
            "customerId": workspace.customer,
            "suspended": account.is_suspended,
            "archived": false,
            "orgUnitPath": "/",
            "agreedToTerms": true,
            "isMailboxSetup": true,
        })));
    }
    Value::Object(user)
}

fn customer(asker: &GoogleAccount, workspace: &Workspace) -> Reply {
    if !asker.is_super_administrator {
        return failure(StatusCode::FORBIDDEN);
    }
    let customer = json!({
        "kind": "admin#directory#customer",
        "id": workspace.customer,
        "customerDomain": workspace.domain,
        "postalAddress": {"organizationName": workspace.name, "countryCode": workspace.country},
        "phoneNumber": "+49 40 5550100",
        "language": "en",
    });
    (StatusCode::OK, customer)
}

/// Asked for a customer by domain, for a user by address.
fn licence(kind: &str, who: &str) -> Reply {
    let who = who.replace("%40", "@");
    let mut all = people::ALL.iter();
    let workspace = all.find_map(|persona| {
        let workspace = account(persona).workspace?;
        (workspace.domain == who || persona.email == who).then_some(workspace)
    });
    let Some(workspace) = workspace else {
        return failure(StatusCode::NOT_FOUND);
    };
    let state = if workspace.has_installed_the_app {
        "ACTIVE"
    } else {
        "UNLICENSED"
    };
    let further = match kind {
        "customerLicense" => json!({"editions": [{"editionId": "free", "seatCount": -1}]}),
        "userLicense" => {
            json!({"enabled": workspace.has_installed_the_app, "editionId": "free", "userId": who})
        }
        _ => return failure(StatusCode::NOT_FOUND),
    };
    let mut licence = members(json!({
        "kind": format!("appsmarket#{kind}"),
        "state": state,
        "applicationId": "410000000001",
        "customerId": workspace.domain,
        "id": format!("410000000001/{who}"),
    }));
    licence.extend(members(further));
    (StatusCode::OK, Value::Object(licence))
}
