//! What an address of Entra means, and the discovery document there.
//!
//! Who may sign in where is decided elsewhere.

use serde_json::json;

use super::{CONSUMERS, Microsoft};
use crate::simulator::persona::Tenant;
use crate::simulator::provider::{Members, members};

/// What the first segment of an address means.
pub(super) enum Audience {
    Common,
    Organizations,
    Tenant(&'static Tenant),
    OtherCloud(&'static Tenant),
}

impl Microsoft {
    pub(super) fn audience(&self, segment: &str) -> Option<Audience> {
        match segment {
            "common" => Some(Audience::Common),
            "organizations" => Some(Audience::Organizations),
            "consumers" => named(self.tenants, CONSUMERS).map(Audience::Tenant),
            _ => named(self.tenants, segment)
                .map(Audience::Tenant)
                .or_else(|| named(self.elsewhere, segment).map(Audience::OtherCloud)),
        }
    }

    pub(super) fn document(&self, base: &str, segment: &str, tenant: Option<&Tenant>) -> Members {
        let below = tenant.map_or(segment, |tenant| tenant.id);
        let at = |path: &str| format!("{base}/{below}/{path}");
        let issuer = tenant.map_or("{tenantid}", |tenant| tenant.id);
        let mut document = members(json!({
            "token_endpoint": at("oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": at("discovery/v2.0/keys"),
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": format!("{base}/{issuer}/v2.0"),
            "request_uri_parameter_supported": false,
            "userinfo_endpoint": format!("{base}/oidc/userinfo"),
            "authorization_endpoint": at("oauth2/v2.0/authorize"),
            "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
            "http_logout_supported": true,
            "frontchannel_logout_supported": true,
            "end_session_endpoint": at("oauth2/v2.0/logout"),
            "claims_supported": [
                "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud", "exp",
                "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"
            ],
            "kerberos_endpoint": at("kerberos"),
            "tenant_region_scope": tenant.map(|tenant| tenant.region),
            "cloud_instance_name": self.instance,
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": self.graph,
            "rbac_url": "https://pas.windows.net",
        }));
        if let Some(sub_scope) = tenant.and_then(|tenant| tenant.sub_scope) {
            document.insert("tenant_region_sub_scope".to_owned(), json!(sub_scope));
        }
        document
    }
}

/// A tenant by its id or by its domain.
fn named(tenants: &[&'static Tenant], name: &str) -> Option<&'static Tenant> {
    let mut tenants = tenants.iter();
    let found = tenants
        .find(|one| one.id.eq_ignore_ascii_case(name) || one.domain.eq_ignore_ascii_case(name));
    found.copied()
}
