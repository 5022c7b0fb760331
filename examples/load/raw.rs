//! The leanest possible HTTP client, so that the driver is not what is measured: one connection, one prepared request.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that sends the same request again and again.
pub(crate) struct Repeater {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// A request as text. `head` holds further header lines.
pub(crate) fn request(method: &str, url: &url::Url, head: &[(&str, &str)], body: &str) -> Vec<u8> {
    use std::fmt::Write as _;
    let authority = format!(
        "{}:{}",
        url.host_str().unwrap(),
        url.port_or_known_default().unwrap()
    );
    let mut text = format!("{method} {} HTTP/1.1\r\nhost: {authority}\r\n", url.path());
    for (name, value) in head {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(text, "content-length: {}\r\n", body.len());
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

impl Repeater {
    pub(crate) async fn connect(url: &url::Url, request: Vec<u8>) -> Self {
        let address = url.socket_addrs(|| None).unwrap();
        let stream = TcpStream::connect(&*address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            request,
            answer: Vec::with_capacity(16 * 1024),
        }
    }

    /// Sends, and reads the whole answer; anything but 200 ends the measurement.
    pub(crate) async fn again(mut self) -> Self {
        self.stream.write_all(&self.request).await.unwrap();
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await.unwrap();
            assert!(
                read > 0,
                "the server closed the connection: {}",
                String::from_utf8_lossy(&self.answer)
            );
            if is_complete(&self.answer) {
                break;
            }
        }
        let fine = self.answer.starts_with(b"HTTP/1.1 200");
        assert!(fine, "refused: {}", String::from_utf8_lossy(&self.answer));
        self
    }
}

fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    match head.split_once("content-length: ") {
        Some((_, rest)) => {
            let length: usize = rest.split("\r\n").next().unwrap().parse().unwrap();
            answer.len() >= end + 4 + length
        }
        None => answer.ends_with(b"0\r\n\r\n"), // chunked
    }
}
