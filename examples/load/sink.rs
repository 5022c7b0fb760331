//! A mail server that keeps nothing: it lets letters wait until it is told to take them, and counts them.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

#[derive(Clone)]
pub(crate) struct Sink {
    open: watch::Sender<bool>,
    /// A permit for each letter that was taken and not counted yet.
    taken: Arc<Semaphore>,
}

impl Sink {
    /// Closed at first: it takes connections and says nothing.
    pub(crate) async fn start(port: u16) -> Self {
        let sink = Self {
            open: watch::Sender::new(false),
            taken: Arc::new(Semaphore::new(0)),
        };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let welcoming = sink.clone();
        tokio::runtime::Handle::current().spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::runtime::Handle::current().spawn(welcoming.clone().converse(stream));
            }
        });
        sink
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits for the next letter, but not long: there may be none left.
    pub(crate) async fn next(self) -> Self {
        self.another().await;
        self
    }

    /// Waits until no more letters come, so that what is measured next has the server for itself.
    pub(crate) async fn drained(&self) {
        while self.another().await {}
    }

    async fn another(&self) -> bool {
        let permit = timeout(Duration::from_secs(1), self.taken.acquire()).await;
        permit.is_ok_and(|permit| {
            permit.unwrap().forget();
            true
        })
    }

    async fn converse(self, stream: TcpStream) {
        drop(self.open.subscribe().wait_for(|open| *open).await);
        drop(self.answer(BufReader::new(stream)).await); // the other side may hang up
    }

    async fn answer(&self, mut stream: BufReader<TcpStream>) -> std::io::Result<()> {
        stream.write_all(b"220 sink\r\n").await?;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 || line.starts_with("QUIT") {
                return Ok(());
            }
            if line.starts_with("DATA") {
                stream.write_all(b"354 go ahead\r\n").await?;
                while line != ".\r\n" {
                    line.clear();
                    stream.read_line(&mut line).await?;
                }
                self.taken.add_permits(1);
            }
            stream.write_all(b"250 ok\r\n").await?;
        }
    }
}
