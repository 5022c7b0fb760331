//! What every request pays for: a signature, its verification, and one durable unit of work. Run with `cargo bench`.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't go on says so by panicking"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use usher::db::Db;
use usher::keys::{Algorithm, KeyRing, MasterKey, Sealer, TokenKind};
use usher::kit::{Clock, Internal, kinds};

/// A fresh embedded database in a folder of its own, and the keys that live in it.
struct Stage {
    runtime: Runtime,
    folder: std::path::PathBuf,
    db: Db,
    keys: KeyRing,
    sealer: Sealer,
    clock: Clock,
}

impl Stage {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let clock = Clock::system();
        let moment = clock.moment();
        let folder = std::env::temp_dir().join(format!("usher-bench-{}", moment.uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        let sealer = Sealer::new(&MasterKey::given(&moment.token()).unwrap()).unwrap();
        let url = format!("sqlite:{}", folder.join("usher.db").display());
        let db = runtime.block_on(Db::open(&url)).unwrap();
        let keys = runtime
            .block_on(KeyRing::open(&db, &sealer, &moment))
            .unwrap();
        Self {
            runtime,
            folder,
            db,
            keys,
            sealer,
            clock,
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// About 410 bytes: what an access token of ours carries.
fn claims(now: i64) -> Value {
    json!({
        "iss": "https://sign-in.example.com", "aud": "https://sign-in.example.com/api",
        "sub": "idn_01jd8r3m5n7p9q1s3t5v7x9z1b", "client_id": "cli_01jd8r3m5n7p9q1s3t5v7x9z1b",
        "iat": now, "exp": now + 600, "auth_time": now, "jti": "01932d0a-9f7a-7c3b-8d4e-5f6a7b8c9d0e",
        "scope": "openid profile email groups offline_access", "amr": ["pwd"],
        "groups": ["Travellers", "Approvers", "Northwind staff"],
    })
}

fn tokens(criterion: &mut Criterion) {
    let stage = Stage::new();
    let moment = stage.clock.moment();
    let claims = claims(moment.now.timestamp());
    for algorithm in Algorithm::ALL {
        let sign = || {
            stage
                .keys
                .sign(TokenKind::AccessToken, algorithm, &claims, &moment)
                .unwrap()
        };
        criterion.bench_function(&format!("sign/{algorithm}"), |bench| {
            bench.iter(|| black_box(sign()));
        });
        let token = sign();
        criterion.bench_function(&format!("verify/{algorithm}"), |bench| {
            bench.iter(|| {
                let read = stage
                    .keys
                    .verify::<Value>(TokenKind::AccessToken, &token, &moment);
                black_box(read.unwrap())
            });
        });
    }
    criterion.bench_function("seal and open 1 kB", |bench| {
        let plain = [7; 1024];
        bench.iter(|| {
            let sealed = stage.sealer.seal("bench", &plain, &moment).unwrap();
            black_box(stage.sealer.open("bench", &sealed).unwrap())
        });
    });
}

/// A select, an insert and a guarded update: what accepting or renewing something costs.
async fn unit(db: &Db, clock: &Clock) {
    let moment = clock.moment();
    let id = moment.id::<kinds::Group>();
    let name = id.to_string();
    let done: Result<(), Internal> = db
        .write(async |tx| {
            let known: Option<(i64,)> = tx
                .sql("SELECT revision FROM user_group WHERE name = $1")
                .bind(name.as_str())
                .optional()
                .await?;
            assert!(known.is_none());
            tx.sql("INSERT INTO user_group (id, name, description, created_at, revision) VALUES ($1, $2, '', $3, 1)")
                .bind(id)
                .bind(name.as_str())
                .bind(moment.now)
                .run()
                .await?;
            tx.sql("UPDATE user_group SET revision = 2 WHERE id = $1 AND revision = 1")
                .bind(id)
                .run()
                .await?;
            Ok(())
        })
        .await;
    done.unwrap();
}

fn units(criterion: &mut Criterion) {
    let stage = Stage::new();
    let mut group = criterion.benchmark_group("durable unit of work");
    group.bench_function("alone", |bench| {
        bench.iter(|| stage.runtime.block_on(unit(&stage.db, &stage.clock)));
    });
    for callers in [8, 32] {
        group.throughput(Throughput::Elements(callers));
        group.bench_function(format!("{callers} at once"), |bench| {
            bench.iter_custom(|rounds| stage.runtime.block_on(together(&stage, callers, rounds)));
        });
    }
    group.finish();
}

/// Each of the callers does as many units as there are rounds.
async fn together(stage: &Stage, callers: u64, rounds: u64) -> Duration {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (db, clock) = (stage.db.clone(), stage.clock.clone());
        tasks.spawn(async move {
            for _ in 0..rounds {
                unit(&db, &clock).await;
            }
        });
    }
    tasks.join_all().await;
    begun.elapsed()
}

criterion_group!(benches, tokens, units);
criterion_main!(benches);
