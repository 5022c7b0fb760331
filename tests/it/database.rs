//! Fresh databases for tests: SQLite always, PostgreSQL where `USHER_TEST_POSTGRES` names a server.

use std::path::PathBuf;

use sqlx::Connection as _;
use usher::db::Db;
use usher::kit::Clock;

/// A database of its own, with the schema in it.
pub(crate) struct Fresh {
    pub(crate) db: Db,
    pub(crate) url: String,
    folder: Option<PathBuf>,
}

/// One of each engine that is at hand.
pub(crate) async fn each() -> Vec<Fresh> {
    let mut fresh = vec![sqlite().await];
    fresh.extend(postgres().await);
    fresh
}

pub(crate) async fn sqlite() -> Fresh {
    let folder = std::env::temp_dir().join(format!("usher-{}", Clock::system().moment().uuid()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite:{}", folder.join("usher.db").display());
    Fresh {
        db: Db::open(&url).await.unwrap(),
        url,
        folder: Some(folder),
    }
}

/// A new database on the test server. It goes away with the server, which `scripts/test` throws away as a whole.
pub(crate) async fn postgres() -> Option<Fresh> {
    let mut server: url::Url = std::env::var("USHER_TEST_POSTGRES").ok()?.parse().unwrap();
    let name = format!("usher_{}", Clock::system().moment().uuid().simple());
    let mut connection = sqlx::PgConnection::connect(server.as_str()).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    server.set_path(&name);
    Some(Fresh {
        db: Db::open(server.as_str()).await.unwrap(),
        url: server.to_string(),
        folder: None,
    })
}

impl Fresh {
    /// Everything that lies on the disk, to look for what must not be there. Of an embedded database only.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let files = self
            .folder
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).unwrap());
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder)); // what is left behind is in the folder for temporary files
        }
    }
}
