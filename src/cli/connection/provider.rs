//! Each provider's own arguments.
//!
//! What few need is only in a file, written as the management API takes it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use super::super::output::Failure;
use crate::federation::{
    Audience, Cloud, Google, Microsoft, Oidc, Provider as Settings, Quirks, Salesforce,
    SalesforceHost,
};

#[derive(Debug, Subcommand)]
pub(super) enum Provider {
    /// Microsoft 365 and Entra ID, of the public or a national cloud
    Microsoft(MicrosoftArgs),
    /// Google accounts and Google Workspace
    Google {
        /// People of this Workspace domain only; may be repeated
        #[arg(long = "hosted-domain")]
        hosted_domains: Vec<String>,
    },
    /// Salesforce
    Salesforce(SalesforceArgs),
    /// Any OpenID provider that describes itself
    Oidc {
        /// Byte for byte as its discovery document has it
        #[arg(long)]
        issuer: String,
        /// Addresses of this domain count as proven when the provider says so; may be repeated
        #[arg(long = "authoritative-domain")]
        authoritative_domains: Vec<String>,
    },
    /// The provider's settings from a file, as the management API takes them: plain OAuth 2.0, deviations from the standard
    File {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct MicrosoftArgs {
    #[arg(long, value_enum, default_value_t = CloudName::Global)]
    cloud: CloudName,
    /// People of this tenant only, by its id; may be repeated. Without it every work or school account may come
    #[arg(long = "tenant")]
    tenants: Vec<Uuid>,
    /// Refuses people who are guests in the tenant
    #[arg(long)]
    refuse_guests: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CloudName {
    Global,
    UsGovernment,
    UsGovernmentDod,
    China,
}

#[derive(Debug, Args)]
pub(super) struct SalesforceArgs {
    /// Signs in at test.salesforce.com
    #[arg(long, conflicts_with = "my_domain")]
    sandbox: bool,
    /// The My Domain name alone: acme, or acme--test for a sandbox
    #[arg(long)]
    my_domain: Option<String>,
    /// People of this organization only, by its id; may be repeated
    #[arg(long = "organization")]
    organizations: Vec<String>,
}

impl Provider {
    pub(super) fn settings(self) -> Result<Settings, Failure> {
        Ok(match self {
            Self::Microsoft(arguments) => Settings::Microsoft(arguments.settings()),
            Self::Google { hosted_domains } => Settings::Google(Google {
                hosted_domains,
                base_url: None,
            }),
            Self::Salesforce(arguments) => Settings::Salesforce(arguments.settings()),
            Self::Oidc {
                issuer,
                authoritative_domains,
            } => Settings::Oidc(Oidc {
                issuer,
                authoritative_domains,
                quirks: Quirks::default(),
            }),
            Self::File { file } => super::read_json(&file)?,
        })
    }
}

impl MicrosoftArgs {
    fn settings(self) -> Microsoft {
        Microsoft {
            cloud: match self.cloud {
                CloudName::Global => Cloud::Global,
                CloudName::UsGovernment => Cloud::UsGovernment,
                CloudName::UsGovernmentDod => Cloud::UsGovernmentDod,
                CloudName::China => Cloud::China,
            },
            audience: if self.tenants.is_empty() {
                Audience::Organizations
            } else {
                Audience::Tenants(self.tenants)
            },
            refuse_guests: self.refuse_guests,
            login_url: None,
            graph_url: None,
        }
    }
}

impl SalesforceArgs {
    fn settings(self) -> Salesforce {
        Salesforce {
            host: match self.my_domain {
                Some(name) => SalesforceHost::MyDomain(name),
                None if self.sandbox => SalesforceHost::Sandbox,
                None => SalesforceHost::Production,
            },
            organizations: self.organizations,
            base_url: None,
        }
    }
}
