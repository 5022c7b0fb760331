//! Samples of coming back from a provider.
//!
//! Compiled for tests only.

use super::super::*;
use super::{FLOW, Studio, text};

pub(super) fn all(studio: &mut Studio) {
    let mut page = ProviderTrouble {
        trouble: String::new(),
        provider: text("Contoso Microsoft 365"),
        connection: text("con_01jdgx7k5t9q4m2xkd8w3r6y0b"),
        flow: text(FLOW),
        again: true,
        other_account: false,
        other_way_url: Some(text("/continue")),
        leaves: true,
        code: None,
    };
    let again = [
        ("provider-cancelled", "cancelled"),
        ("provider-wrong-cloud", "wrong_cloud"),
        ("provider-interaction-needed", "interaction_needed"),
        ("provider-start-again", "start_again"),
        ("provider-misconfigured", "misconfigured"),
        ("provider-unavailable", "unavailable"),
        ("provider-unbelievable", "unbelievable"),
    ];
    for (name, trouble) in again {
        page.trouble = text(trouble);
        studio.show(name, &page);
    }
    page.code = Some(text("AADSTS90094"));
    page.trouble = text("consent_needed");
    studio.show("provider-consent-needed", &page);
    page.other_account = true;
    let another = [
        ("provider-wrong-account", "wrong_account"),
        ("provider-blocked", "blocked"),
        ("provider-personal", "personal"),
        ("provider-organization", "organization"),
        ("provider-guest", "guest"),
        ("provider-inactive", "inactive"),
        ("provider-shut-out", "shut_out"),
        ("provider-other-owner", "other_owner"),
    ];
    for (name, trouble) in another {
        page.trouble = text(trouble);
        studio.show(name, &page);
    }
    (page.again, page.other_account, page.code) = (false, false, None);
    page.trouble = text("not_fresh");
    studio.show("provider-not-fresh", &page);
    (page.trouble, page.leaves, page.other_way_url) = (text("circles"), false, None);
    studio.show("provider-circles", &page);
}
