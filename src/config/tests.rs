//! The settings as an operator meets them.

use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, Problems> {
    let pairs = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(&Sources {
        file: Some(("usher.toml".into(), file.to_owned())),
        environment: pairs.collect(),
        flags: Vec::new(),
    })
}

#[test]
fn the_documented_file_equals_the_defaults() {
    let without = Config::load(&Sources::default()).unwrap();
    let with = load(DOCUMENTED, &[]).unwrap();
    assert_eq!(format!("{without:?}"), format!("{with:?}"));
    assert_eq!(without.database.url, "sqlite:data/usher.db");
    assert_eq!(without.server.public_url.as_str(), "http://localhost:8080/");
    assert_eq!(
        (
            without.tokens.access_seconds,
            without.tokens.refresh_grace_seconds
        ),
        (600, 0)
    );
    assert!(without.mail.is_none() && without.metrics.listen.is_none());
    assert!(
        matches!(without.keys.master_key, MasterKeySource::File(path) if path.ends_with("data/master.key"))
    );
}

#[test]
fn each_key_of_the_documented_file_is_explained() {
    let lines: Vec<&str> = DOCUMENTED.lines().collect();
    let keys = lines
        .windows(2)
        .filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#'));
    for pair in keys {
        let explained = pair[0].starts_with('#') || pair[0].starts_with("username");
        assert!(explained, "no sentence above: {}", pair[1]);
    }
}

#[test]
fn all_problems_come_together_each_with_key_found_and_allowed() {
    let file = "locale = 'x y'\n[server]\nlisten = 'localhost'\npublic_url = 'http://usher.example'\n\
        trusted_proxies = ['proxy']\n[database]\nurl = 'mysql://u:hush@h/d'\n[mail]\nfrom = 'nobody'\n[mail.smtp]\nhost = 'a b'\n\
        port = 0\nencryption = 'ssl'\npassword = 'hush'\n[keys]\nmaster_key = 'hush'\n[log]\nformat = 'xml'\nfilter = '='\n\
        [tokens]\naccess_seconds = 1\nrefresh_idle_days = 0\n[sessions]\nlifetime_hours = -1\n[metrics]\nlisten = '9090'\n";
    let Problems(problems) = load(file, &[("USHER_TOKENS__ID_SECONDS", "ten")]).unwrap_err();
    let keys: Vec<&str> = problems
        .iter()
        .map(|problem| problem.key.as_str())
        .collect();
    let wanted = [
        "tokens.id_seconds",
        "locale",
        "server.listen",
        "server.public_url",
        "server.trusted_proxies",
        "database.url",
        "keys.master_key",
        "mail.smtp.host",
        "mail.smtp.port",
        "mail.smtp.encryption",
        "mail.smtp.password",
        "mail.from",
        "log.format",
        "log.filter",
        "tokens.access_seconds",
        "tokens.refresh_idle_days",
        "sessions.lifetime_hours",
        "metrics.listen",
    ];
    assert_eq!(keys, wanted);
    let text = Problems(problems).to_string();
    assert!(!text.contains("hush"), "{text}");
    assert!(
        text.contains(
            "server.listen (usher.toml): found \"localhost\"; allowed is an address and a port"
        ),
        "{text}"
    );
    assert!(
        text.contains("environment variable USHER_TOKENS__ID_SECONDS"),
        "{text}"
    );
}

/// R134: the public URL is https, or http on this machine.
#[test]
fn r134_the_public_url_is_an_origin_that_can_be_trusted() {
    let allowed = |url: &str| load("", &[("USHER_SERVER__PUBLIC_URL", url)]).is_ok();
    for url in [
        "https://id.company.example",
        "https://id.company.example:8443",
        "http://localhost:1",
        "http://127.0.0.1",
        "http://[::1]:5",
    ] {
        assert!(allowed(url), "{url}");
    }
    for url in [
        "http://id.company.example",
        "https://id.company.example/usher",
        "https://u@id.example",
        "https://id.example/?a",
        "https://id.example/#a",
        "ftp://localhost",
        "localhost:8080",
        "",
    ] {
        assert!(!allowed(url), "{url}");
    }
}

#[test]
fn a_mail_server_needs_user_name_and_password_or_neither() {
    let smtp = load(
        "[mail.smtp]\nhost = 'smtp.example'\nusername = 'u'\npassword = 'p'",
        &[],
    )
    .unwrap()
    .mail
    .unwrap();
    assert_eq!(
        (smtp.host.as_str(), smtp.port, smtp.encryption),
        ("smtp.example", 587, Encryption::Starttls)
    );
    assert!(load("[mail.smtp]\nhost = 'smtp.example'\nusername = 'u'", &[]).is_err());
}

#[test]
fn printing_the_settings_prints_no_secret() {
    let key = "A".repeat(43);
    let config = load(
        "[database]\nurl = 'postgres://u:hush@h/d'\n[mail.smtp]\nhost = 'h'\nusername = 'u'\npassword = 'hush'",
        &[("USHER_KEYS__MASTER_KEY", &key)],
    )
    .unwrap();
    let text = format!("{config:?}");
    assert!(!text.contains("hush") && !text.contains(&key), "{text}");
}
