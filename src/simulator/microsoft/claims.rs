//! What an ID token of Entra says about a person.
//!
//! Who a person is to one client (`sub`) is decided elsewhere.

use serde_json::{Value, json};

use super::{MEMBER, account, people};
use crate::simulator::engine::SignIn;
use crate::simulator::persona::MicrosoftAccount;
use crate::simulator::provider::Members;
use crate::simulator::quirks::{Edov, Groups, Quirks};

pub(super) fn put(quirks: &Quirks, sign_in: &SignIn, claims: &mut Members) {
    let account = account(sign_in.persona);
    put_account(quirks, account, claims);
    put_profile(quirks, sign_in, claims);
    put_groups(quirks, account, claims);
}

fn put_account(quirks: &Quirks, account: &MicrosoftAccount, claims: &mut Members) {
    claims.insert("tid".to_owned(), json!(account.tenant.id));
    if quirks.doubled_tid {
        claims.insert("TID".to_owned(), json!(people::TAILSPIN.id));
    }
    claims.insert("acct".to_owned(), json!(i32::from(account.home.is_some())));
    if let Some(home) = account.home {
        claims.insert("idp".to_owned(), json!(home));
    }
}

fn put_profile(quirks: &Quirks, sign_in: &SignIn, claims: &mut Members) {
    let persona = sign_in.persona;
    if sign_in.asked.has_scope("profile") {
        claims.insert("oid".to_owned(), json!(account(persona).oid));
        claims.insert("name".to_owned(), json!(persona.name()));
        claims.insert("preferred_username".to_owned(), json!(persona.username));
    }
    if !sign_in.asked.has_scope("email") {
        return;
    }
    claims.insert("email".to_owned(), json!(persona.email));
    let verified = persona.email_verified;
    let number = i32::from(verified);
    let edov = match quirks.xms_edov {
        Edov::Absent => Value::Null,
        Edov::AsBoolean => json!(verified),
        Edov::AsNumber => json!(number),
        Edov::AsNumberText => json!(number.to_string()),
        Edov::AsText => json!(verified.to_string()),
    };
    if !edov.is_null() {
        claims.insert("xms_edov".to_owned(), edov);
    }
}

fn put_groups(quirks: &Quirks, account: &MicrosoftAccount, claims: &mut Members) {
    if quirks.wids {
        let roles = account.roles.iter().map(|role| role.template);
        let wids: Vec<_> = roles.chain([MEMBER]).collect();
        claims.insert("wids".to_owned(), json!(wids));
    }
    match quirks.groups {
        Groups::AsTheProvider | Groups::Absent => {}
        Groups::Listed => {
            claims.insert("groups".to_owned(), json!(account.groups));
        }
        Groups::Overage => {
            let (tenant, oid) = (account.tenant.id, account.oid);
            // the host of an interface that is no more
            let endpoint =
                format!("https://graph.windows.net/{tenant}/users/{oid}/getMemberObjects");
            claims.insert("_claim_names".to_owned(), json!({"groups": "src1"}));
            claims.insert(
                "_claim_sources".to_owned(),
                json!({"src1": {"endpoint": endpoint}}),
            );
        }
    }
}
