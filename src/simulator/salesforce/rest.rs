//! The part of Salesforce's REST interface that the checks ask, with as much SOQL as they speak.
//!
//! Other objects than users, permission sets and the organisation are not played.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{account, identity_url, written};
use crate::simulator::engine::{Call, SignIn};
use crate::simulator::persona::{Persona, SalesforceAccount};
use crate::simulator::provider::Reply;

const VERSIONS: [(&str, &str); 3] = [
    ("Winter '25", "62.0"),
    ("Spring '26", "66.0"),
    ("Summer '26", "67.0"),
];
/// All permissions that are asked about.
const PERMISSIONS: [&str; 5] = [
    "ModifyAllData",
    "ViewAllData",
    "ManageUsers",
    "CustomizeApplication",
    "AuthorApex",
];
/// Without a programming interface.
const SMALL_EDITION: &str = "Professional Edition";

pub(super) fn answer(call: &Call<'_>, sign_in: &SignIn, account: &SalesforceAccount) -> Reply {
    if call.request.segment(0) == "id" {
        return identity(call, sign_in, account);
    }
    if !["api", "full"]
        .iter()
        .any(|scope| sign_in.asked.has_scope(scope))
    {
        return failure(StatusCode::UNAUTHORIZED);
    }
    if account.org.edition == SMALL_EDITION {
        return failure(StatusCode::FORBIDDEN);
    }
    if call.request.segment(2).is_empty() {
        let versions = VERSIONS.map(|(label, version)| {
            json!({"label": label, "url": format!("/services/data/v{version}"), "version": version})
        });
        return (StatusCode::OK, json!(versions));
    }
    let query = call.request.parameter("q").unwrap_or_default();
    query_records(call, account, query).unwrap_or_else(|| failure(StatusCode::BAD_REQUEST))
}

pub(super) fn failure(status: StatusCode) -> Reply {
    let (code, message) = match status {
        StatusCode::UNAUTHORIZED => ("INVALID_SESSION_ID", "Session expired or invalid"),
        StatusCode::FORBIDDEN => (
            "API_DISABLED_FOR_ORG",
            "API is not enabled for this Organization or Partner",
        ),
        StatusCode::BAD_REQUEST => ("MALFORMED_QUERY", "unexpected token"),
        StatusCode::NOT_FOUND => ("NOT_FOUND", "The requested resource does not exist"),
        StatusCode::TOO_MANY_REQUESTS => {
            ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        }
        _ => ("UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    };
    (status, json!([{"message": message, "errorCode": code}]))
}

/// Addresses with a version that the reader has to fill in.
pub(super) fn urls(base: &str, account: &SalesforceAccount) -> Value {
    json!({
        "enterprise": format!("{base}/services/Soap/c/{{version}}/{}", account.org.id),
        "rest": format!("{base}/services/data/v{{version}}/"),
        "sobjects": format!("{base}/services/data/v{{version}}/sobjects/"),
        "query": format!("{base}/services/data/v{{version}}/query/"),
        "profile": format!("{base}/{}", account.user_id),
        "custom_domain": base,
    })
}

fn identity(call: &Call<'_>, sign_in: &SignIn, account: &SalesforceAccount) -> Reply {
    let same = |id: &str, asked: &str| id.get(..15) == asked.get(..15);
    let (org, user) = (call.request.segment(1), call.request.segment(2));
    if !same(account.org.id, org) || !same(account.user_id, user) {
        return (StatusCode::FORBIDDEN, json!("Wrong_Org"));
    }
    let persona = sign_in.persona;
    let identity = json!({
        "id": identity_url(call, account),
        "asserted_user": true,
        "user_id": written(call, account.user_id),
        "organization_id": written(call, account.org.id),
        "username": persona.username,
        "nick_name": persona.key,
        "display_name": persona.name(),
        "email": persona.email,
        "email_verified": persona.email_verified,
        "first_name": persona.given_name,
        "last_name": persona.family_name,
        "timezone": "Europe/Berlin",
        "is_lightning_login_user": false,
        "urls": urls(&call.site.base, account),
        "active": account.is_active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "de_DE",
        "utcOffset": 3_600_000,
        "last_modified_date": "2026-11-02T08:00:00Z",
    });
    (StatusCode::OK, identity)
}

/// `SELECT fields FROM object [WHERE field = 'id']`; what isn't understood is malformed.
fn query_records(call: &Call<'_>, asker: &SalesforceAccount, query: &str) -> Option<Reply> {
    let query = query.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let rest = query.strip_prefix("SELECT ")?;
    let (fields, rest) = rest.split_once(" FROM ")?;
    let (object, condition) = match rest.split_once(" WHERE ") {
        Some((object, condition)) => (object.trim(), Some(condition)),
        None => (rest.split(' ').next()?, None),
    };
    let id = condition.and_then(|condition| condition.split('\'').nth(1));
    let users = of_org(call, asker, id);
    let rows: Vec<Value> = match object {
        "User" => users.map(described).collect(),
        "PermissionSetAssignment" => users.filter_map(|user| assignment(account(user))).collect(),
        "Organization" => vec![organization(asker)],
        _ => return None,
    };
    let mut records = Vec::new();
    for row in rows {
        let mut record = pick(&row, fields)?;
        record.insert("attributes".to_owned(), json!({"type": object}));
        records.push(record);
    }
    let body = json!({"totalSize": records.len(), "done": true, "records": records});
    Some((StatusCode::OK, body))
}

/// The users that an id names, or all. Nobody sees those of other organisations.
fn of_org<'a>(
    call: &'a Call<'_>,
    asker: &'a SalesforceAccount,
    id: Option<&'a str>,
) -> impl Iterator<Item = &'static Persona> {
    let all = call.site.provider.personas().iter();
    all.filter(move |persona| {
        let one = account(persona);
        let named = id.is_none_or(|id| one.user_id.get(..15) == id.get(..15));
        one.org.id == asker.org.id && named
    })
}

fn permissions(held: &[&str]) -> Map<String, Value> {
    let named = PERMISSIONS
        .iter()
        .map(|name| (format!("Permissions{name}"), json!(held.contains(name))));
    named.collect()
}

fn described(persona: &Persona) -> Value {
    let account = account(persona);
    let mut profile = permissions(account.profile_permissions);
    profile.insert("Name".to_owned(), json!(account.profile));
    json!({
        "Id": account.user_id,
        "Username": persona.username,
        "Email": persona.email,
        "FirstName": persona.given_name,
        "LastName": persona.family_name,
        "Name": persona.name(),
        "IsActive": account.is_active,
        "UserType": "Standard",
        "ProfileId": "00e5e000000PrfLAAX",
        "Profile": profile,
    })
}

fn assignment(account: &SalesforceAccount) -> Option<Value> {
    if account.further_permissions.is_empty() {
        return None;
    }
    let mut set = permissions(account.further_permissions);
    set.insert("Name".to_owned(), json!("Verwaltung"));
    Some(
        json!({"Id": "0Pa5e000000PsAsAAX", "AssigneeId": account.user_id, "PermissionSetId": "0PS5e000000PsetAAX", "PermissionSet": set}),
    )
}

fn organization(account: &SalesforceAccount) -> Value {
    let org = account.org;
    json!({
        "Id": org.id,
        "Name": org.name,
        "OrganizationType": org.edition,
        "InstanceName": if org.is_sandbox { "CS84" } else { "EU42" },
        "IsSandbox": org.is_sandbox,
        "PrimaryContact": format!("{} administration", org.name),
        "Country": org.country,
        "Phone": "+49 40 5550100",
    })
}

/// The fields that were asked for; an unknown one makes the query malformed.
fn pick(row: &Value, fields: &str) -> Option<Map<String, Value>> {
    let mut record = Map::new();
    for field in fields.split(',') {
        let field = field.trim();
        let Some((parent, child)) = field.split_once('.') else {
            record.insert(field.to_owned(), row.get(field)?.clone());
            continue;
        };
        let value = row.get(parent)?.get(child)?.clone();
        let nested = record
            .entry(parent)
            .or_insert_with(|| json!({"attributes": {"type": parent}}));
        nested.as_object_mut()?.insert(child.to_owned(), value);
    }
    Some(record)
}
