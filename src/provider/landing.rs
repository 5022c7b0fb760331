//! Where people land in an application that they don't come from (R127): after an invitation, after signing in by themselves.
//!
//! Every address is a registered one (R132); nothing of a request goes in.

use url::Url;

use crate::app::App;
use crate::application::{Application, Client};
use crate::identity::{self, Identity, IdentityId};
use crate::kit::Internal;
use crate::web::Links;

impl App {
    /// The application's front door, for people who go away; a page of ours where it has none.
    #[must_use]
    pub fn home_of(&self, application: &Application) -> String {
        let catalogue = self.catalogue.current();
        let client = catalogue.client_of(application.id);
        home(application, client.map(AsRef::as_ref))
            .map_or_else(|| self.links.sign_out_done(), |home| home.to_string())
    }
}

/// For a person who has signed in here: the application begins its own sign-in and finds it done (OpenID Connect Core
/// section 4), or else they come to its front door. `None`: the application has no address that a browser can open.
pub(super) async fn of(
    app: &App,
    application: &Application,
    identity: Option<IdentityId>,
) -> Result<Option<String>, Internal> {
    let catalogue = app.catalogue.current();
    let client = catalogue.client_of(application.id).map(AsRef::as_ref);
    let home = home(application, client);
    let Some(initiate) = client.and_then(|client| client.settings.initiate_login_uri.as_ref())
    else {
        return Ok(home.map(String::from));
    };
    let person = match identity {
        Some(id) => app.db.read(async |tx| identity::find(tx, id).await).await?,
        None => None,
    };
    let hint = person.as_ref().and_then(login_hint);
    Ok(Some(initiated(&app.links, initiate, hint, home.as_ref())))
}

/// What the person would type to sign in.
fn login_hint(person: &Identity) -> Option<&str> {
    let first = person.identifiers.first();
    first.map(|identifier| identifier.value.as_str())
}

fn initiated(links: &Links, initiate: &Url, hint: Option<&str>, home: Option<&Url>) -> String {
    let mut address = initiate.clone();
    let mut query = address.query_pairs_mut();
    query.append_pair("iss", links.issuer());
    if let Some(hint) = hint {
        query.append_pair("login_hint", hint);
    }
    // A client has to refuse a target that isn't its own, so it only gets one that is.
    if let Some(home) = home.filter(|home| home.origin() == initiate.origin()) {
        query.append_pair("target_link_uri", home.as_str());
    }
    drop(query);
    address.into()
}

/// The registered home, or the front door of the host that the client's answers go to.
fn home(application: &Application, client: Option<&Client>) -> Option<Url> {
    if let Some(home) = &application.home_url {
        return Some(home.clone());
    }
    let mut registered = client?.settings.redirect_uris.iter();
    let uri = registered.find(|uri| !uri.is_private_use())?;
    Url::parse(uri.as_str()).ok()?.join("/").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R127: third-party initiated login with `iss`, `login_hint` and `target_link_uri`, all escaped.
    #[test]
    fn r127_the_application_begins_its_own_sign_in() {
        let links = Links::new(&"https://id.example".parse().unwrap());
        let url = |text: &str| text.parse::<Url>().unwrap();
        let initiate = url("https://app.example/login?via=usher");
        let address = initiated(
            &links,
            &initiate,
            Some("a&b@x.example"),
            Some(&url("https://app.example/")),
        );
        assert_eq!(
            address,
            "https://app.example/login?via=usher&iss=https%3A%2F%2Fid.example&login_hint=a%26b%40x.example&target_link_uri=https%3A%2F%2Fapp.example%2F"
        );
        let elsewhere = initiated(
            &links,
            &initiate,
            None,
            Some(&url("https://other.example/")),
        );
        assert_eq!(
            elsewhere,
            "https://app.example/login?via=usher&iss=https%3A%2F%2Fid.example"
        );
    }
}
