//! Domains as administrators write them, in the one form that addresses are compared by.
//!
//! Knows nothing of who owns a domain.

use url::Host;

/// Why a text is no domain of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadDomain {
    #[error("Write a domain like company.example, without @, https:// or a path.")]
    Malformed,
    #[error("Anybody can have an address below this domain. Write the domain of one organisation.")]
    Public,
}

/// The ASCII form in lower case, as `EmailAddress::domain` gives it (RFC 5890 section 2.3.2.1).
pub(super) fn checked(text: &str) -> Result<String, BadDomain> {
    let Ok(Host::Domain(domain)) = Host::parse(text.trim()) else {
        return Err(BadDomain::Malformed);
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if domain.len() > 253 || !domain.split('.').all(label) {
        return Err(BadDomain::Malformed);
    }
    // The public suffix list has what registries hand out: com, co.uk.
    if psl::domain_str(&domain).is_none() {
        return Err(BadDomain::Public);
    }
    Ok(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_one_form() {
        let form = |text: &str| checked(text).unwrap();
        assert_eq!(form(" Contoso.Example "), "contoso.example");
        assert_eq!(form("BÜCHER.example"), "xn--bcher-kva.example");
        assert_eq!(form("mail.contoso.co.uk"), "mail.contoso.co.uk");
        assert_eq!(form("gmail.com"), "gmail.com");
    }

    /// BR-04: what belongs to everybody can't lead anybody to one organisation's provider.
    #[test]
    fn br_04_what_registries_hand_out_is_nobodys() {
        for public in ["com", "co.uk", "COM.AU", "example", "github.io"] {
            assert_eq!(checked(public), Err(BadDomain::Public), "{public}");
        }
        for malformed in [
            "",
            "@contoso.example",
            "ann@contoso.example",
            "https://contoso.example",
            "contoso.example/x",
            "contoso..example",
            ".contoso.example",
            "contoso.example.",
            "*.contoso.example",
            "-contoso.example",
            "con_toso.example",
            "127.0.0.1",
            "[::1]",
            "contoso example",
        ] {
            assert_eq!(checked(malformed), Err(BadDomain::Malformed), "{malformed}");
        }
    }
}
