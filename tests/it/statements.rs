//! The SQL of the product as both databases see it: every statement can be prepared, and the two schemas are one.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::Connection as _;
use usher::db::Db;
use usher::job::Queue;
use usher::kit::Internal;

use crate::database;

/// Which database a text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Both,
    Sqlite,
    Postgres,
}

struct Statement {
    at: String,
    text: String,
    engine: For,
}

/// The files that hold SQL: where each is, and what stands in it.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap().display().to_string();
                sources.push((inside, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources
}

/// Every literal after `.sql(`, and what the queues are made of.
fn statements() -> Vec<Statement> {
    let literals = sources()
        .into_iter()
        .flat_map(|(file, code)| statements_in(&code, &file));
    literals.chain(of_queues()).collect()
}

fn statements_in(code: &str, file: &str) -> Vec<Statement> {
    let code = &without_comments(code);
    let line = |at: usize| format!("{file}:{}", code[..at].matches('\n').count() + 1);
    let mut statements = Vec::new();
    for (at, call) in code.match_indices(".sql(") {
        let rest = code[at + call.len()..].trim_start();
        let Some((text, _)) = text_of(rest, code) else {
            assert_eq!(file, "job/queue.rs", "{}: no literal", line(at));
            continue; // put together by `queue!`
        };
        let engine = if text.contains("pg_notify") {
            For::Postgres
        } else {
            For::Both
        };
        statements.push(Statement {
            at: line(at),
            text,
            engine,
        });
    }
    statements
}

const QUEUES: [Queue; 3] = [
    usher::mail::LETTERS,
    usher::event::DELIVERIES,
    usher::session::logout::NOTICES,
];

fn of_queues() -> Vec<Statement> {
    let statements = QUEUES.iter().flat_map(|queue| {
        [
            (For::Both, queue.look),
            (For::Sqlite, queue.claim_sqlite),
            (For::Postgres, queue.claim_postgres),
            (For::Both, queue.defer),
            (For::Both, queue.end),
        ]
    });
    let statements = statements.map(|(engine, text)| Statement {
        at: "queue!".to_owned(),
        text: text.to_owned(),
        engine,
    });
    statements.collect()
}

/// Comment lines made empty, so that examples in them are no statements and lines keep their numbers.
fn without_comments(code: &str) -> String {
    let comment = |line: &str| line.trim_start().starts_with("//");
    let lines = code
        .lines()
        .map(|line| if comment(line) { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// The literal that an expression begins with, or that the constant it names stands for; and what follows the expression.
fn text_of<'c>(expression: &'c str, code: &'c str) -> Option<(String, &'c str)> {
    let end =
        expression.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
    let (name, rest) = expression.split_at(end);
    if name.is_empty() {
        return literal(expression);
    }
    let (_, value) = code.split_once(&format!("const {name}: &str ="))?;
    literal(value.trim_start()).map(|(text, _)| (text, rest))
}

/// The string literal that a text begins with, and what follows it.
fn literal(code: &str) -> Option<(String, &str)> {
    if let Some(raw) = code.strip_prefix("r#\"") {
        let end = raw.find("\"#")?;
        return Some((raw[..end].to_owned(), &raw[end + 2..]));
    }
    if let Some(raw) = code.strip_prefix("r\"") {
        let end = raw.find('"')?;
        return Some((raw[..end].to_owned(), &raw[end + 1..]));
    }
    let body = code.strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = body.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((text, &body[at + 1..])),
            '\\' => match characters.next()?.1 {
                '\n' => while characters.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                'n' => text.push('\n'),
                escaped => text.push(escaped),
            },
            c => text.push(c),
        }
    }
    None
}

async fn not_understood(db: &Db, only: For) -> Vec<String> {
    let mut failures = Vec::new();
    for statement in statements() {
        if statement.engine != For::Both && statement.engine != only {
            continue;
        }
        let prepared: Result<(), Internal> =
            db.read(async |tx| tx.prepare(&statement.text).await).await;
        if let Err(error) = prepared {
            failures.push(format!(
                "{}: {error:?}\n    {}",
                statement.at, statement.text
            ));
        }
    }
    failures
}

#[tokio::test]
async fn sqlite_understands_every_statement() {
    let fresh = database::sqlite().await;
    let failures = not_understood(&fresh.db, For::Sqlite).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(statements().len() > 3, "the statements were not found");
}

#[tokio::test]
async fn postgresql_understands_every_statement() {
    let Some(fresh) = database::postgres().await else {
        return;
    };
    let failures = not_understood(&fresh.db, For::Postgres).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// No list of invitations costs more because there are many of them: each walks along an index, in its order.
#[tokio::test]
async fn lists_of_invitations_walk_an_index() {
    let fresh = database::sqlite().await;
    let mut connection = sqlx::SqliteConnection::connect(&fresh.url).await.unwrap();
    let mut seen = 0;
    for statement in statements() {
        if !statement.at.starts_with("invitation/store/list.rs") {
            continue;
        }
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.text));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let costly = |step: &str| step.contains("TEMP B-TREE") || step.contains("SCAN invitation");
        assert!(
            !plan.iter().any(|step| costly(&step.3)),
            "{}: {plan:?}",
            statement.at
        );
        seen += 1;
    }
    assert!(seen > 6, "the statements were not found");
}

/// Table, column, type, whether it must have a value.
type Column = (String, String, String, bool);

#[tokio::test]
async fn both_schemas_are_one() {
    let Some(postgres) = database::postgres().await else {
        return;
    };
    let sqlite = database::sqlite().await;
    let columns: Result<Vec<Column>, Internal> = sqlite
        .db
        .read(async |tx| {
            tx.sql(
                r#"SELECT tables.name, columns.name, lower(columns.type), columns."notnull"
                FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
                WHERE tables.type = 'table' AND tables.name NOT LIKE '\_sqlx%' ESCAPE '\'"#,
            )
            .all()
            .await
        })
        .await;
    let of_sqlite: BTreeSet<Column> = columns.unwrap().into_iter().collect();
    let columns: Result<Vec<Column>, Internal> = postgres
        .db
        .read(async |tx| {
            tx.sql(
                r"SELECT table_name::text, column_name::text,
                    replace(data_type::text, 'timestamp with time zone', 'timestamptz'), is_nullable = 'NO'
                FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name NOT LIKE '\_sqlx%'",
            )
            .all()
            .await
        })
        .await;
    let of_postgres: BTreeSet<Column> = columns.unwrap().into_iter().collect();
    let differences: Vec<_> = of_sqlite.symmetric_difference(&of_postgres).collect();
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(of_sqlite.len() > 100, "the columns were not found");
}

#[tokio::test]
async fn both_schemas_have_the_same_indexes() {
    let Some(postgres) = database::postgres().await else {
        return;
    };
    let sqlite = database::sqlite().await;
    let names: Result<Vec<(String,)>, Internal> = sqlite
        .db
        .read(async |tx| {
            tx.sql("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
                .all()
                .await
        })
        .await;
    let of_sqlite = names.unwrap();
    let names: Result<Vec<(String,)>, Internal> = postgres
        .db
        .read(async |tx| {
            tx.sql(
                "SELECT index.relname::text FROM pg_index
                 JOIN pg_class AS index ON index.oid = indexrelid
                 JOIN pg_namespace AS place ON place.oid = index.relnamespace
                 WHERE place.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
                 ORDER BY index.relname COLLATE \"C\"",
            )
            .all()
            .await
        })
        .await;
    assert_eq!(of_sqlite, names.unwrap());
}

#[test]
fn every_queue_is_among_those_above() {
    let written =
        |(_, code): &(String, String)| without_comments(code).contains(": Queue = queue!");
    let written = sources().iter().filter(|source| written(source)).count();
    assert_eq!(written, QUEUES.len());
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    let code = "tx.sql(\n    \"SELECT a, \\\n       \\\"b\\\" FROM c\",\n).bind(1); tx.sql(r#\"D \"E\"\"#); const F: &str = \"G\"; tx.sql(F)";
    let texts: Vec<_> = statements_in(code, "x.rs")
        .into_iter()
        .map(|found| found.text)
        .collect();
    assert_eq!(texts, ["SELECT a, \"b\" FROM c", "D \"E\"", "G"]);
}
