//! `usher serve`: the product itself.

use tokio_util::sync::CancellationToken;

use super::output::Failure;
use super::{Globals, desk, logging};
use crate::kit::Internal;
use crate::serve;

pub(super) async fn run(globals: &Globals) -> Result<(), Failure> {
    let config = globals.config()?;
    logging::start(&config.log);
    let app = desk::open(config).await?;
    let stop = CancellationToken::new();
    let served = serve::serve_app(app, stop.clone());
    until_told(served, &stop).await
}

/// Runs to the end of `work`, which a signal asks to stop.
pub(super) async fn until_told(
    work: impl Future<Output = Result<(), Internal>>,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        ended = &mut work => return Ok(ended?),
        told = told_to_stop() => told?,
    }
    stop.cancel();
    Ok(work.await?)
}

/// Ctrl-C, or what a service manager sends.
async fn told_to_stop() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            told = tokio::signal::ctrl_c() => told,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
