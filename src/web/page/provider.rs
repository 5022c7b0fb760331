//! What is shown between the product and an identity provider.
//!
//! The buttons stand on the pages where people sign in and up.

use serde::Serialize;

use crate::web::Page;

/// Nobody came back from a provider, or nobody who is let in. Posts `flow` and `connection` to `/sign-in/with` to try again, and
/// `flow` and `trouble` to `/sign-in/leave` to go back to the application.
#[derive(Debug, Clone, Serialize)]
pub struct ProviderTrouble {
    /// `Trouble::name`: the catalogue has a title and a text for each.
    pub trouble: String,
    /// As the button says.
    pub provider: String,
    pub connection: String,
    pub flow: String,
    pub again: bool,
    /// Another account at the same provider may do.
    pub other_account: bool,
    /// Another provider, or the form.
    pub other_way_url: Option<String>,
    /// There is an application that waits for an answer.
    pub leaves: bool,
    /// The provider's code, for support.
    pub code: Option<String>,
}

impl Page for ProviderTrouble {
    const TEMPLATE: &'static str = "provider-trouble.html";
}
