//! What is counted, for Prometheus. Hangs on the application, not on the process.
//!
//! Labels have few values: never an id, an address or a free text.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::kit::Internal;

type Labels<const N: usize> = [(&'static str, String); N];

/// Counters and histograms. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Labels<3>, Histogram, fn() -> Histogram>,
    happenings: Family<Labels<2>, Counter>,
}

impl Metrics {
    #[must_use]
    pub fn new() -> Self {
        let requests = Family::new_with_constructor(latency as fn() -> Histogram);
        let happenings = Family::default();
        let mut registry = Registry::with_prefix("usher");
        registry.register(
            "http_request_duration_seconds",
            "Time to the first byte of an answer, by route, method and status",
            requests.clone(),
        );
        registry.register(
            "happenings",
            "Business events, by kind and outcome",
            happenings.clone(),
        );
        Self {
            registry: Arc::new(registry),
            requests,
            happenings,
        }
    }

    /// Something happened: `("sign_in", "wrong_password")`, `("token", "refresh_token")`.
    pub fn count(&self, kind: &'static str, outcome: &str) {
        let labels = [("kind", kind.to_owned()), ("outcome", outcome.to_owned())];
        self.happenings.get_or_create(&labels).inc();
    }

    pub(super) fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let labels = [
            ("route", route.to_owned()),
            ("method", method.to_owned()),
            ("status", status.to_string()),
        ];
        self.requests
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// The text that Prometheus scrapes.
    pub fn encode(&self) -> Result<String, Internal> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn latency() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted() {
        let metrics = Metrics::new();
        metrics.count("sign_in", "success");
        metrics.request("/token", "POST", 200, Duration::from_millis(2));
        let text = metrics.encode().unwrap();
        assert!(
            text.contains(r#"usher_happenings_total{kind="sign_in",outcome="success"} 1"#),
            "{text}"
        );
        assert!(
            text.contains("usher_http_request_duration_seconds_count"),
            "{text}"
        );
    }
}
