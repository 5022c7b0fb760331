//! Counting and timing: how much was done, how long each took, and what the server's processors spent on it.

use std::future::Future;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

/// Who is measured, for how long, by how many at once.
pub(crate) struct Meter {
    pub(crate) server: u32,
    pub(crate) database: Option<u32>,
    pub(crate) span: Duration,
    pub(crate) connections: usize,
}

#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    work: &'static str,
    operations: usize,
    per_second: f64,
    /// Of the server, its database included.
    per_processor_second: f64,
    median_milliseconds: f64,
    p99_milliseconds: f64,
}

impl Meter {
    /// Lets every worker do its operation again and again until the time is over. A worker is a loop of its own, with what it
    /// keeps between two operations.
    pub(crate) async fn run<W, F>(
        &self,
        work: &'static str,
        workers: Vec<W>,
        operation: fn(W) -> F,
    ) -> Figure
    where
        W: Send + 'static,
        F: Future<Output = W> + Send + 'static,
    {
        let (spent, begun) = (self.processor_time(), Instant::now());
        let until = begun + self.span;
        let mut tasks = JoinSet::new();
        for mut worker in workers {
            tasks.spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let started = Instant::now();
                    worker = operation(worker).await;
                    times.push(started.elapsed());
                }
                times
            });
        }
        let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
        let (took, spent) = (begun.elapsed(), self.processor_time() - spent);
        times.sort_unstable();
        let figure = figure(work, &times, took, spent);
        eprintln!(
            "{work:24} {:>9.0} /s {:>9.0} /processor-s  median {:>8.2} ms  p99 {:>8.2} ms",
            figure.per_second,
            figure.per_processor_second,
            figure.median_milliseconds,
            figure.p99_milliseconds
        );
        figure
    }

    fn processor_time(&self) -> f64 {
        let database = self.database.map_or(0.0, |first| {
            of_process(first).unwrap_or(0.0)
                + children(first)
                    .into_iter()
                    .filter_map(of_process)
                    .sum::<f64>()
        });
        of_process(self.server).unwrap_or(0.0) + database
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn figure(work: &'static str, times: &[Duration], took: Duration, spent: f64) -> Figure {
    let milliseconds = |part: usize| {
        times
            .get(times.len() * part / 100)
            .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let count = times.len() as f64;
    Figure {
        work,
        operations: times.len(),
        per_second: (count / took.as_secs_f64()).round(),
        per_processor_second: (count / spent).round(),
        median_milliseconds: milliseconds(50),
        p99_milliseconds: milliseconds(99),
    }
}

/// Linux counts processor time in hundredths of a second: fields 14 to 17 of `/proc/PID/stat`, those of ended children included.
fn of_process(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = fields
        .get(11..15)?
        .iter()
        .filter_map(|field| field.parse::<f64>().ok());
    Some(ticks.sum::<f64>() / 100.0)
}

fn children(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    let tasks = tasks.unwrap_or_default();
    tasks
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}
