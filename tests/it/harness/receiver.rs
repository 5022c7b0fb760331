//! Somebody else's HTTP server, which keeps what it is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio_util::task::AbortOnDropHandle;

/// An endpoint that keeps what it gets and answers as it is told.
pub(crate) struct Receiver {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answers: Arc<Mutex<VecDeque<Response>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let (got, answers) = (
            Arc::<Mutex<Vec<_>>>::default(),
            Arc::<Mutex<VecDeque<_>>>::default(),
        );
        let (keeps, says) = (Arc::clone(&got), Arc::clone(&answers));
        let router = Router::new().fallback(async move |headers: HeaderMap, body: Bytes| {
            keeps.lock().unwrap().push((headers, body));
            let answer = says.lock().unwrap().pop_front();
            answer.unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks?key=h1dden", listener.local_addr().unwrap());
        let serving = tokio::runtime::Handle::current().spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            url,
            got,
            answers,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    pub(crate) fn next(&self, answer: Response) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn got(&self) -> Vec<(HeaderMap, Bytes)> {
        std::mem::take(&mut self.got.lock().unwrap())
    }
}
