//! The rules of the house: the order of the modules, who knows HTTP, how long a file may be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules that speak HTTP through and through. Elsewhere only edge files do.
const HTTP: [&str; 9] = [
    "web",
    "app",
    "provider",
    "console",
    "api",
    "serve",
    "sample",
    "simulator",
    "cli",
];
/// Files (or folders of them) in which a noun meets HTTP; they stand where `console` and `api` stand.
const EDGES: [&str; 3] = ["pages", "console", "api"];
const LONGEST_FILE: usize = 400;

/// A file of the library, as the rules see it.
struct Source {
    path: PathBuf,
    module: String,
    edge: bool,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let source = |path: PathBuf| {
        let inside = path.strip_prefix(&root).unwrap().to_owned();
        let first = inside.components().next().unwrap().as_os_str();
        let module = first.to_str().unwrap().trim_end_matches(".rs").to_owned();
        let mut below = inside.components().skip(1).map(|part| {
            let name = part.as_os_str().to_str().unwrap();
            name.trim_end_matches(".rs")
        });
        Source {
            edge: below.any(|name| EDGES.contains(&name)),
            text: std::fs::read_to_string(&path).unwrap(),
            module,
            path: inside,
        }
    };
    found.into_iter().map(source).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The texts of the nouns' edges of the management API.
pub(crate) fn api_sources() -> Vec<String> {
    let is_api = |source: &Source| {
        let mut below = source.path.components().skip(1);
        source.module != "api"
            && below.any(|part| ["api", "api.rs"].contains(&part.as_os_str().to_str().unwrap()))
    };
    sources()
        .into_iter()
        .filter(is_api)
        .map(|source| source.text)
        .collect()
}

/// The order as `lib.rs` states it.
fn order() -> Vec<String> {
    let lib = include_str!("../../src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod "));
    modules
        .map(|name| name.trim_end_matches(';').to_owned())
        .collect()
}

/// The modules of this crate that a text names: `crate::x::…` and `crate::{x::…, y}`.
fn named(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(heads(group)),
            None => names.extend(word(rest)),
        }
    }
    names
}

/// The first word of each member of a `use` group.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut heads) = (1, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            heads.extend(word(group[start..at].trim_start()));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

fn word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let module = word.chars().next().is_some_and(char::is_lowercase);
    module.then_some(word)
}

#[test]
fn modules_use_only_those_before_them() {
    let order = order();
    let rank = |module: &str| order.iter().position(|name| name == module);
    let edge_rank = ["api", "console", "provider", "app"]
        .into_iter()
        .find_map(rank);
    let mut wrong = Vec::new();
    for source in sources() {
        if ["lib", "main"].contains(&source.module.as_str()) {
            continue;
        }
        let Some(own) = rank(&source.module) else {
            wrong.push(format!("{} is not in lib.rs", source.path.display()));
            continue;
        };
        let own = if source.edge {
            edge_rank.unwrap_or(own).max(own)
        } else {
            own
        };
        for other in named(&source.text) {
            let allowed = rank(&other).is_some_and(|other| other <= own);
            if !allowed {
                wrong.push(format!("{} uses {other}", source.path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against the order of lib.rs:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_sample_application_and_the_simulators_know_nothing_of_the_product() {
    let apart = ["sample", "simulator"];
    let all = sources();
    for source in all
        .iter()
        .filter(|source| apart.contains(&source.module.as_str()))
    {
        let others: Vec<_> = named(&source.text)
            .into_iter()
            .filter(|name| name != "kit" && *name != source.module)
            .collect();
        assert!(
            others.is_empty(),
            "{} uses {others:?}",
            source.path.display()
        );
    }
}

#[test]
fn only_edges_know_http() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|source| !source.edge && !HTTP.contains(&source.module.as_str()))
        .filter(|source| source.text.contains("axum"))
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "these know axum: {wrong:?}");
}

#[test]
fn files_stay_short() {
    let mut long: Vec<_> = sources()
        .into_iter()
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .collect();
    long.sort();
    assert!(
        long.is_empty(),
        "longer than {LONGEST_FILE} lines: {long:?}"
    );
}

/// The first line says what a module owns, the second what it does not.
#[test]
fn modules_say_what_they_own() {
    for source in sources() {
        if source.path.ends_with("tests.rs") {
            continue;
        }
        let documented = source.text.starts_with("//! ");
        assert!(documented, "{} has no first words", source.path.display());
    }
}

#[test]
fn the_rules_read_code_as_it_is_written() {
    let names = named(
        "use crate::{db::{self, Tx}, kit::Id, Thing};\n// crate::no\npub(crate) fn f() { crate::web::g() }",
    );
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["db", "kit", "web"]);
}
