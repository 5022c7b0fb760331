//! Believed claims become the person whom everything after the callback speaks of.
//!
//! What a claim means is the connector's and the mapping's to say.

use serde_json::Value;

use super::exchange::Tokens;
use super::token::Believed;
use super::{Connection, ExternalIdentity, Trouble};

/// Who it is, if the provider's own rules admit them.
pub(super) fn identity(
    connection: &Connection,
    believed: Believed,
    tokens: &Tokens,
) -> Result<ExternalIdentity, Trouble> {
    let settings = &connection.settings;
    let connector = settings.provider.connector();
    let Believed {
        issuer,
        claims,
        authenticated_at,
    } = believed;
    connector.admit(&claims)?;
    let account = connector.account(&issuer, &claims, &tokens.answer)?;
    let mapped = settings.mapping.apply(&claims);
    for line in &mapped.skipped {
        tracing::debug!(connection.id = %connection.id, line.target, line.claim, why = ?line.why, "a line of the mapping gives nothing");
    }
    let mut profile = connector.profile(&claims);
    profile.extend(mapped.profile);
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let methods = claims.get("amr").and_then(Value::as_array);
    let methods = methods.into_iter().flatten().filter_map(Value::as_str);
    let trusted = |method: &&str| settings.trusted_methods.iter().any(|one| one == method);
    Ok(ExternalIdentity {
        connection: connection.id,
        sub: text("sub").unwrap_or_else(|| account.key.subject.clone()),
        key: account.key,
        issuer,
        sid: text("sid"),
        tenant: account.tenant,
        label: account.label,
        address: connector.address(&claims),
        profile,
        groups: mapped.groups,
        authenticated_at,
        methods: methods.filter(trusted).map(str::to_owned).collect(),
        id_token: tokens.id.as_ref().map(|token| token.reveal().to_owned()),
    })
}
