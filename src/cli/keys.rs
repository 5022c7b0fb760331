//! `usher keys`: what signs, and its replacement.

use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::Globals;
use super::output::{Failure, Output};
use crate::db::Db;
use crate::event::{self, Actor, Kind};
use crate::keys::ring::{self, NewKeys, Replacing};
use crate::keys::{Algorithm, MasterKey, Sealer};
use crate::kit::{Clock, Id, Internal, kinds};

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Lists the signing keys
    List,
    /// Publishes a successor for each key that signs; it signs an hour later
    Rotate,
    /// Makes new signing keys at once: the master key is lost, or somebody else may have the keys
    StartOver {
        /// Every token and every invitation link that is out ends
        #[arg(long)]
        end_all_tokens: bool,
    },
}

#[derive(Serialize)]
struct View {
    id: Id<kinds::SigningKey>,
    algorithm: Algorithm,
    signs_from: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signs_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_until: Option<DateTime<Utc>>,
}

impl Keys {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        match self {
            Self::List => list(globals, output).await,
            Self::Rotate => rotate(globals, output).await,
            Self::StartOver { end_all_tokens } if end_all_tokens => {
                start_over(globals, output).await
            }
            Self::StartOver { .. } => Err(Failure::new(
                "not_confirmed",
                "Every token and every invitation link that is out will end. Say so with --end-all-tokens.",
            )),
        }
    }
}

async fn list(globals: &Globals, output: Output) -> Result<(), Failure> {
    let app = globals.open().await?;
    let keys = app.db.read(ring::list).await?;
    let views: Vec<View> = keys
        .into_iter()
        .map(|key| View {
            id: key.id,
            algorithm: key.algorithm,
            signs_from: key.signs_from,
            signs_until: key.signs_until,
            published_until: key.published_until,
        })
        .collect();
    output.list(
        &views,
        &[
            ("id", |key| key.id.to_string()),
            ("algorithm", |key| key.algorithm.to_string()),
            ("signs from", |key| minute(Some(key.signs_from))),
            ("signs until", |key| minute(key.signs_until)),
            ("published until", |key| minute(key.published_until)),
        ],
    )
}

fn minute(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(String::new, |at| at.format("%F %R UTC").to_string())
}

/// The pairs are made before the unit of work: nobody waits for an RSA key.
async fn rotate(globals: &Globals, output: Output) -> Result<(), Failure> {
    let app = globals.open().await?;
    let (moment, pairs) = (app.moment(), NewKeys::generate().await?);
    let published: Result<_, Internal> = app
        .db
        .write(async |tx| {
            let published = ring::rotate(tx, &app.sealer, &moment, &pairs, Replacing::All).await?;
            for key in &published {
                let data = json!({ "algorithm": key.algorithm, "signs_from": key.signs_from });
                event::record(
                    tx,
                    &moment,
                    &Actor::System,
                    Kind::KeyRotated.about(key.id, data),
                )
                .await?;
            }
            Ok(published)
        })
        .await;
    let published = published?;
    let lines: Vec<_> = published
        .iter()
        .map(
            |key| json!({ "id": key.id, "algorithm": key.algorithm, "signs_from": key.signs_from }),
        )
        .collect();
    let text = match published.first() {
        Some(first) => format!(
            "{} keys are published and sign from {}. The keys before them stay published until everything they signed has expired.",
            published.len(),
            minute(Some(first.signs_from))
        ),
        None => {
            "Nothing to do: the successors are published already and will sign within the hour."
                .to_owned()
        }
    };
    output.result(&lines, &text)
}

/// Opens the database alone: with the master key lost, nothing else can be opened.
async fn start_over(globals: &Globals, output: Output) -> Result<(), Failure> {
    let config = globals.config()?;
    let (moment, pairs) = (Clock::system().moment(), NewKeys::generate().await?);
    let sealer = Sealer::new(&MasterKey::load(&config.keys.master_key, &moment)?)?;
    let db = Db::open(&config.database.url).await?;
    let published: Result<_, Internal> = db
        .write(async |tx| {
            let published = ring::start_over(tx, &sealer, &moment, &pairs).await?;
            for key in &published {
                let happening =
                    Kind::KeyCreated.about(key.id, json!({ "algorithm": key.algorithm }));
                event::record(tx, &moment, &Actor::System, happening).await?;
            }
            Ok(published)
        })
        .await;
    let published = published?;
    let lines: Vec<_> = published
        .iter()
        .map(|key| json!({ "id": key.id, "algorithm": key.algorithm }))
        .collect();
    let text = format!(
        "{} new keys sign from now on. Resend the invitations that are pending.",
        published.len()
    );
    output.result(&lines, &text)
}
