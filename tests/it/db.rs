//! Storage: units of work that meet share a COMMIT, fail alone, and survive callers that go away.

use std::time::Duration;

use sqlx::Connection as _;
use usher::db::{Db, Tx};
use usher::kit::{Clock, Internal, kinds};

use crate::database;

async fn count(db: &Db) -> i64 {
    let result: Result<(i64,), Internal> = db
        .read(async |tx| tx.sql("SELECT COUNT(*) FROM user_group").one().await)
        .await;
    result.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_meet_are_kept_or_undone_each_for_itself() {
    for fresh in database::each().await {
        meet(&fresh.db).await;
    }
}

async fn meet(db: &Db) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..300 {
        let db = db.clone();
        tasks.spawn(async move {
            let moment = Clock::system().moment();
            let unit = db.write(async |tx| {
                tx.sql("INSERT INTO user_group (id, name, description, created_at, revision) VALUES ($1, $2, '', $3, 1)")
                    .bind(moment.id::<kinds::Group>())
                    .bind(format!("group {n}"))
                    .bind(moment.now)
                    .run()
                    .await?;
                if n % 3 == 1 {
                    return Err(Internal::because("changed my mind"));
                }
                if n % 3 == 2 {
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                Ok(())
            });
            let limit = if n % 3 == 2 { Duration::from_millis(1) } else { Duration::from_secs(20) };
            matches!(tokio::time::timeout(limit, unit).await, Ok(Ok(())))
        });
    }
    let kept = tasks
        .join_all()
        .await
        .into_iter()
        .filter(|kept| *kept)
        .count();
    assert_eq!(kept, 100);
    let later = db.write(async |tx| {
        tx.sql("UPDATE user_group SET description = 'x'")
            .run()
            .await
    });
    let touched: Result<u64, Internal> = later.await;
    assert_eq!(touched.unwrap(), 100);
    assert_eq!(count(db).await, 100);
}

/// A unit of one statement is durable like any other, and is one statement.
#[tokio::test]
async fn a_unit_of_one_statement_takes_no_second() {
    for fresh in database::each().await {
        let moment = Clock::system().moment();
        let insert = async |tx: &mut Tx, name: &str| {
            tx.sql("INSERT INTO user_group (id, name, description, created_at, revision) VALUES ($1, $2, '', $3, 1)")
                .bind(moment.id::<kinds::Group>())
                .bind(name.to_owned())
                .bind(moment.now)
                .run()
                .await
        };
        let kept: Result<u64, Internal> =
            fresh.db.write_one(async |tx| insert(tx, "one").await).await;
        assert_eq!((kept.unwrap(), count(&fresh.db).await), (1, 1));
        let two: Result<u64, Internal> = fresh
            .db
            .write_one(async |tx| {
                let (_,): (i64,) = tx.sql("SELECT COUNT(*) FROM user_group").one().await?;
                insert(tx, "two").await
            })
            .await;
        assert!(
            two.unwrap_err()
                .cause()
                .to_string()
                .contains("second statement")
        );
        assert_eq!(count(&fresh.db).await, 1);
    }
}

/// PostgreSQL hangs up on everybody: one caller notices, the next one works.
#[tokio::test]
async fn broken_connections_are_replaced() {
    let Some(fresh) = database::postgres().await else {
        return;
    };
    let db = &fresh.db;
    for _ in 0..3 {
        tokio::join!(count(db), count(db), count(db));
        let mut outside = sqlx::PgConnection::connect(&fresh.url).await.unwrap();
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut outside)
        .await
        .unwrap();
        let noticed: Result<(i64,), Internal> = db
            .write(async |tx| tx.sql("SELECT COUNT(*) FROM user_group").one().await)
            .await;
        assert!(usher::db::is_unavailable(&noticed.unwrap_err()));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(count(db).await, 0);
    }
}
