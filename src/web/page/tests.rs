//! What holds for every page: it renders strictly, speaks from the catalogue, and needs nothing inline.

use std::collections::BTreeSet;
use std::path::Path;

use super::samples::{Studio, all};
use crate::web::{Links, Locale, Pages, Statics, Words};

fn studio() -> Studio {
    let links = Links::new(&"http://localhost:8080".parse().unwrap());
    let mut studio = Studio::new(Pages::new(&links, &Statics::new()));
    all(&mut studio);
    studio
}

fn texts(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    found
}

/// Every state of every page renders with nothing undefined; `USHER_PAGES` names a folder to keep them in.
#[test]
fn every_sample_renders() {
    let studio = studio();
    let folder = std::env::var_os("USHER_PAGES");
    for sample in &studio.samples {
        assert!(
            sample.html.starts_with("<!doctype html>"),
            "{}",
            sample.name
        );
        if let Some(folder) = &folder {
            std::fs::write(
                Path::new(folder).join(format!("{}.html", sample.name)),
                &sample.html,
            )
            .unwrap();
        }
    }
}

#[test]
fn every_template_has_a_sample() {
    let source = texts("src/web/page", "rs")
        .into_iter()
        .map(|(_, text)| text)
        .collect::<String>();
    for (name, text) in texts("templates/pages", "html") {
        let is_part = [
            "base.html",
            "hosted.html",
            "console.html",
            "ui.html",
            "console-parts.html",
            "api.html", // of `api::docs`, which renders it in a test of its own
        ]
        .contains(&&*name);
        let page = format!("TEMPLATE: &'static str = \"{name}\"");
        assert!(
            is_part || source.contains(&page),
            "{name} belongs to no page"
        );
        assert!(
            !text.contains("|safe") || name == "ui.html",
            "{name} trusts a value"
        );
    }
}

#[test]
fn no_page_needs_inline_script_or_style() {
    for sample in studio().samples {
        let html = sample.html;
        for forbidden in [
            "<style",
            " style=",
            " onclick=",
            " onload=",
            " onsubmit=",
            "javascript:",
        ] {
            assert!(!html.contains(forbidden), "{}: {forbidden}", sample.name);
        }
        for script in html.split("<script").skip(1) {
            assert!(
                script.starts_with(" type=\"module\" src=\""),
                "{}",
                sample.name
            );
            assert!(
                script.split_once('>').unwrap().1.starts_with("</script>"),
                "{}",
                sample.name
            );
        }
    }
}

/// Ids are unique, labels and descriptions lead somewhere.
#[test]
fn references_within_a_page_hold() {
    for sample in studio().samples {
        let ids: Vec<&str> = attribute(&sample.html, " id=\"");
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(
            known.len(),
            ids.len(),
            "{}: an id stands twice",
            sample.name
        );
        for mark in [
            " for=\"",
            " aria-describedby=\"",
            " aria-labelledby=\"",
            " popovertarget=\"",
            " href=\"#",
            " form=\"",
        ] {
            for target in attribute(&sample.html, mark)
                .into_iter()
                .flat_map(str::split_whitespace)
            {
                assert!(known.contains(target), "{}: {mark}{target}", sample.name);
            }
        }
    }
}

fn attribute<'a>(html: &'a str, mark: &str) -> Vec<&'a str> {
    let values = html.split(mark).skip(1);
    values
        .filter_map(|rest| rest.split_once('"').map(|(value, _)| value))
        .collect()
}

/// The sentences that templates ask for: whole keys, and the beginnings of keys that data completes.
fn asked() -> (BTreeSet<String>, Vec<String>) {
    let kinds = ["html", "mjml", "txt"];
    let sources = kinds.into_iter().flat_map(|kind| texts("templates", kind));
    let templates: String = sources.map(|(_, text)| text.replace('\'', "\"")).collect();
    let mut beginnings = vec!["month-".to_owned(), "weekday-".to_owned()];
    let mut whole = BTreeSet::new();
    for mark in [
        "t(\"",
        "t_or(\"",
        ".state, \"",
        ".delivery, \"",
        "prefix=\"",
    ] {
        for (at, _) in templates.match_indices(mark) {
            let before = templates[..at].chars().next_back();
            if mark.starts_with('t') && before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue; // the end of another function's name
            }
            let (key, after) = templates[at + mark.len()..].split_once('"').unwrap();
            if key.ends_with('-') {
                beginnings.push(key.to_owned());
            } else if after.starts_with([',', ')']) && mark == "t(\"" {
                whole.insert(key.to_owned());
            }
        }
    }
    (whole, beginnings)
}

/// Every sentence that a template asks for is in the catalogue, and none is there that nobody asks for.
#[test]
fn templates_and_catalogue_agree() {
    let catalogue: BTreeSet<String> = texts("locales/en", "ftl")
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()))
        .filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned()))
        .collect();
    let (whole, beginnings) = asked();
    let missing: Vec<_> = whole.difference(&catalogue).collect();
    assert!(missing.is_empty(), "not in the catalogue: {missing:?}");
    let rust: String = texts("src", "rs")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    let idle = catalogue.iter().filter(|key| {
        let begun = beginnings
            .iter()
            .any(|beginning| key.starts_with(beginning.as_str()));
        !begun && !whole.contains(*key) && !rust.contains(&format!("\"{key}\""))
    });
    let idle: Vec<_> = idle.collect();
    assert!(idle.is_empty(), "nobody asks for {idle:?}");
}

/// What a person reads on each page, line by line, with fields and their values.
#[test]
fn what_people_read() {
    for sample in studio().samples {
        insta::assert_snapshot!(sample.name, spoken(&sample.html));
    }
}

/// The words of a page: its text, and in brackets what stands in its fields.
fn spoken(html: &str) -> String {
    let body = html.split_once("<body").map_or("", |(_, body)| body);
    let mut lines = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        if tag.starts_with("input") && !tag.contains("type=\"hidden\"") {
            let value = attribute(tag, " value=\"").join("");
            let name = attribute(tag, " name=\"").join("");
            let locked = if tag.contains(" readonly") {
                ", locked"
            } else {
                ""
            };
            lines.push(format!("[{name}: {value}{locked}]"));
        }
        if !text.trim().is_empty() {
            lines.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    lines.join("\n")
}

fn sample(name: &str) -> String {
    let found = studio()
        .samples
        .into_iter()
        .find(|sample| sample.name == name);
    found.unwrap().html
}

/// R25: each pre-filled value is present in the rendered field. R42: what is locked can't be edited, and says why.
#[test]
fn r25_prefilled_values_stand_in_their_fields() {
    let form = spoken(&sample("sign-up"));
    assert!(
        form.contains("[given_name: Grace]") && form.contains("[family_name: Hopper]"),
        "{form}"
    );
    assert!(
        form.contains("[attributes.cost_centre: 4410, locked]"),
        "{form}"
    );
    assert!(
        form.contains("filled this in; it can’t be changed here"),
        "{form}"
    );
}

/// R32: an application that can't be invited into is shown disabled, with the reason.
/// R45, R49: the form shows the union of groups before sending.
#[test]
fn r32_r49_the_invite_form_says_what_will_be() {
    let form = sample("console-invite");
    assert!(
        form.contains(
            "<option value=\"Ledger Archive\" disabled>Ledger Archive (SAML only)</option>"
        )
    );
    let union = form.split_once("Resulting groups").unwrap().1;
    for group in ["Expense users", "Travellers", "Harborline staff"] {
        assert!(union.contains(group), "{group}");
    }
}

/// R128: a link's page changes nothing by itself: it offers a form that is posted, and nothing runs.
#[test]
fn r128_the_landing_page_waits_for_a_person() {
    let page = sample("invitation");
    assert!(
        page.contains("method=\"post\"")
            && !page.contains("<script")
            && !page.contains("http-equiv")
    );
}

/// R142: expired, used, revoked, declined, replaced and unknown links each have words of their own.
#[test]
fn r142_every_end_has_its_own_page() {
    let ends = [
        "expired",
        "used",
        "revoked",
        "declined",
        "superseded",
        "unknown",
    ];
    let titles = ends.map(|end| {
        let page = sample(&format!("ended-{end}"));
        page.split_once("<h1>")
            .unwrap()
            .1
            .split_once("</h1>")
            .unwrap()
            .0
            .to_owned()
    });
    assert_eq!(
        titles.iter().collect::<BTreeSet<_>>().len(),
        ends.len(),
        "{titles:?}"
    );
}

/// The standard claims of OpenID Connect Core section 5.1 all have a name to stand above their field.
#[test]
fn every_standard_claim_has_a_label() {
    const CLAIMS: &str = "name given_name family_name middle_name nickname preferred_username profile picture website \
        email gender birthdate zoneinfo locale phone_number address-street_address address-locality address-region \
        address-postal_code address-country";
    for claim in CLAIMS.split_whitespace() {
        let key = format!("field-{claim}");
        assert_ne!(Words::say(&Locale::default(), &key, &[]), key);
    }
}

/// A hosted page, with everything it loads, stays below 60 kB.
#[test]
fn hosted_pages_are_light() {
    let size = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("static")
            .join(name);
        std::fs::metadata(path).unwrap().len()
    };
    let loaded = ["tokens.css", "components.css", "hosted.css", "password.js"]
        .map(size)
        .iter()
        .sum::<u64>();
    let longest = studio()
        .samples
        .iter()
        .map(|sample| sample.html.len())
        .max()
        .unwrap();
    assert!(loaded < 60_000, "{loaded} bytes");
    assert!(longest < 40_000, "{longest} bytes");
}
