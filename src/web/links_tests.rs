//! Links as they are written.

use super::*;

/// R134: links use the configured public URL and encode what they carry.
#[test]
fn r134_links_start_with_the_public_url() {
    let links = Links::new(&"https://id.northwind.example/".parse().unwrap());
    assert_eq!(links.issuer(), "https://id.northwind.example");
    assert_eq!(
        links.sign_in("a&b"),
        "https://id.northwind.example/sign-in?flow=a%26b"
    );
    assert_eq!(
        links.letter_html("a/b"),
        "https://id.northwind.example/mailbox/a%2Fb/html"
    );
    assert_eq!(
        links.console_invitations_where(&[]),
        "https://id.northwind.example/console/invitations"
    );
}
