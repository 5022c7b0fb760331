//! Which tenant a domain belongs to, and in which of Microsoft's clouds it lives, before anybody signs in.
//!
//! Everything here is public; it proves nothing about a person.

use http::{Request, StatusCode};
use serde::Serialize;
use serde_json::Value;
use url::{Host, Url};
use uuid::Uuid;

use super::super::connector::UpstreamError;
use super::super::settings::Microsoft;
use super::Remedy;
use crate::web::Outgoing;

const LONGEST: usize = 64 * 1024;
/// No tenant of this name (AADSTS90002).
const NOT_FOUND: u32 = 90002;

/// Looks domains up at a cloud's sign-in host.
pub struct TenantLookup {
    login: String,
    outgoing: Outgoing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tenant {
    pub id: Uuid,
    pub environment: Environment,
}

/// Where a tenant's people and data are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    Commercial,
    /// Government customers in the worldwide cloud: the same hosts as commercial ones.
    Gcc,
    GccHigh,
    Dod,
    China,
}

/// Why there is no tenant to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfound {
    /// The text is no domain.
    NotADomain,
    /// No tenant has this domain, in this cloud at least.
    Unknown,
    /// Microsoft doesn't answer, or not understandably.
    Later(Remedy),
}

impl TenantLookup {
    #[must_use]
    pub fn new(settings: &Microsoft, outgoing: &Outgoing) -> Self {
        Self {
            login: settings.login().to_owned(),
            outgoing: outgoing.clone(),
        }
    }

    pub async fn by_domain(&self, domain: &str) -> Result<Tenant, Unfound> {
        let domain = match Host::parse(domain.trim()) {
            Ok(Host::Domain(domain)) if domain.contains('.') => domain,
            _ => return Err(Unfound::NotADomain),
        };
        let later = Unfound::Later(Remedy::TryLater { after: None });
        let address = format!(
            "{}/{domain}/v2.0/.well-known/openid-configuration",
            self.login
        );
        let request = Request::get(address).body(Vec::new()).map_err(|_| later)?;
        let answer = self.outgoing.send(request, LONGEST).await;
        let answer = answer.map_err(|_| later)?;
        match answer.status {
            StatusCode::OK if !answer.cut => tenant(&answer.body).ok_or(later),
            status if status.is_client_error() => {
                let error = UpstreamError::from_body(&answer.body);
                let unknown = error.codes.contains(&NOT_FOUND) || error.error == "invalid_tenant";
                Err(if unknown { Unfound::Unknown } else { later })
            }
            _ => Err(later),
        }
    }
}

/// The tenant of a discovery document. The worldwide host answers for other clouds too, with their hosts in it.
fn tenant(body: &[u8]) -> Option<Tenant> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let issuer: Url = text("issuer")?.parse().ok()?;
    let id = issuer.path_segments()?.next()?.parse().ok()?;
    let chinese =
        |cloud: &str| cloud.ends_with("microsoftonline.cn") || cloud.ends_with("chinacloudapi.cn");
    let environment = match (text("tenant_region_sub_scope"), text("cloud_instance_name")) {
        (Some("GCC"), _) => Environment::Gcc,
        (Some("DODCON"), _) | (None, Some("microsoftonline.us")) => Environment::GccHigh,
        (Some("DOD"), _) => Environment::Dod,
        // A sub-scope that isn't known here is not taken for a commercial one.
        (Some(_), _) => return None,
        (None, Some(cloud)) if chinese(cloud) => Environment::China,
        (None, _) => Environment::Commercial,
    };
    Some(Tenant { id, environment })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ID: &str = "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01";

    fn read(instance: &str, sub_scope: Option<&str>) -> Option<Environment> {
        let document = json!({
            "issuer": format!("https://login.microsoftonline.com/{ID}/v2.0"),
            "tenant_region_scope": "NA",
            "tenant_region_sub_scope": sub_scope,
            "cloud_instance_name": instance,
        });
        let tenant = tenant(document.to_string().as_bytes())?;
        assert_eq!(tenant.id.to_string(), ID);
        Some(tenant.environment)
    }

    #[test]
    fn the_environment_follows_from_the_document() {
        use Environment as E;
        assert_eq!(read("microsoftonline.com", None), Some(E::Commercial));
        assert_eq!(read("microsoftonline.com", Some("GCC")), Some(E::Gcc));
        assert_eq!(read("microsoftonline.us", Some("DODCON")), Some(E::GccHigh));
        assert_eq!(read("microsoftonline.us", Some("DOD")), Some(E::Dod));
        assert_eq!(read("microsoftonline.us", None), Some(E::GccHigh));
        assert_eq!(read("partner.microsoftonline.cn", None), Some(E::China));
        assert_eq!(read("microsoftonline.com", Some("NEW")), None);
    }

    #[test]
    fn the_document_for_everybody_names_no_tenant() {
        let document = json!({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"});
        assert_eq!(tenant(document.to_string().as_bytes()), None);
    }

    proptest! {
        #[test]
        fn any_body_is_survived(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(tenant(&body), None);
        }
    }
}
