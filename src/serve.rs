//! The composition root: configuration in, a running server out. Starts every task and ends it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Config;
use crate::job::Runner;
use crate::kit::{Clock, Internal, Moment};
use crate::web::{self, Failure, Surroundings, path};
use crate::{api, console, federation, grant, invitation, keys, mail, provider, session};

/// A request head that is not complete after this time is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// What runs when the server is told to stop may finish within this time.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves until `stop` is cancelled, then finishes what runs.
pub async fn serve(config: Config, stop: CancellationToken) -> Result<(), Internal> {
    let app = App::open(config, Clock::system()).await?;
    serve_app(app, stop).await
}

/// The same for an application that is open already.
pub async fn serve_app(app: App, stop: CancellationToken) -> Result<(), Internal> {
    let runner = work(&app)?;
    let metrics = app
        .config
        .metrics
        .listen
        .map(|address| listen(metrics_router(&app), address, stop.clone()));
    tracing::info!(
        server.listen = %app.config.server.listen,
        server.public_url = app.links.issuer(),
        database = app.db.engine_name(),
        "ready"
    );
    let served = listen(router(&app), app.config.server.listen, stop.clone());
    match metrics {
        Some(metrics) => {
            tokio::try_join!(served, metrics)?;
        }
        None => served.await?,
    }
    runner.stop(PATIENCE).await;
    tracing::info!("stopped");
    Ok(())
}

async fn listen(
    router: Router,
    address: SocketAddr,
    stop: CancellationToken,
) -> Result<(), Internal> {
    let handle = Handle::new();
    let mut server = axum_server::bind(address).handle(handle.clone());
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = server.serve(service);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return Ok(ended?),
        () = stop.cancelled() => handle.graceful_shutdown(Some(PATIENCE)),
    }
    Ok(serving.await?)
}

/// Every route. Forms of people come from our own pages only; what applications and programs call may come from anywhere.
pub fn router(app: &App) -> Router {
    let around = Surroundings {
        links: app.links.clone(),
        pages: Arc::clone(&app.pages),
        metrics: app.metrics.clone(),
        clock: app.clock.clone(),
        trusted_proxies: app.config.server.trusted_proxies.clone().into(),
    };
    let people = Router::new()
        .merge(invitation::pages::routes())
        .merge(session::pages::routes())
        .merge(federation::pages::own_pages())
        .merge(console::routes())
        .merge(mail::pages::routes());
    let people = web::refuse_cross_site(people, &app.links);
    let routes = Router::new()
        .merge(people)
        .merge(federation::pages::called_from_elsewhere())
        .merge(provider::routes(app))
        .merge(api::routes())
        .merge(web::static_routes())
        .route(path::LIVE, get(async || "alive"))
        .route(path::READY, get(ready));
    web::surround(routes, &around).with_state(app.clone())
}

/// Whether this node can do its work: the database answers.
async fn ready(State(app): State<App>) -> Result<&'static str, Failure> {
    app.db.ping().await?;
    Ok("ready")
}

fn metrics_router(app: &App) -> Router {
    let text = async |State(app): State<App>| app.metrics.encode().map_err(Failure::from);
    Router::new()
        .route(path::METRICS, get(text))
        .with_state(app.clone())
}

/// Everything that runs beside the requests.
pub fn work(app: &App) -> Result<Runner, Internal> {
    let runner = Runner::new(app.clock.clone());
    runner.attend(&app.db, Arc::new(app.postman()?));
    runner.attend(&app.db, Arc::new(app.messenger()));
    runner.attend(&app.db, Arc::new(app.herald()));
    watch(&runner, app);
    sweep(&runner, app);
    warn(&runner, app);
    Ok(runner)
}

/// Keeps what is in memory up to date: at each announcement of another node, and every second in case one got lost.
fn watch(runner: &Runner, app: &App) {
    let looked = app.clone();
    runner.every(Duration::from_secs(1), "look for changes", move |moment| {
        let app = looked.clone();
        async move { app.refresh(&moment).await }
    });
}

/// Ends what is over.
fn sweep(runner: &Runner, app: &App) {
    let swept = app.clone();
    runner.every(
        Duration::from_secs(30),
        "expire invitations",
        move |moment| {
            let app = swept.clone();
            async move { expire_invitations(&app, &moment).await }
        },
    );
    let swept = app.clone();
    runner.every(
        Duration::from_mins(10),
        "delete what is over",
        move |moment| {
            let app = swept.clone();
            async move {
                app.db
                    .write(async |tx| {
                        session::sweep(tx, moment.now).await?;
                        federation::sweep(tx, moment.now).await?;
                        grant::sweep(tx, moment.now).await
                    })
                    .await?;
                api::idempotency::forget_old(&app.db, &moment).await
            }
        },
    );
    let asked = app.clone();
    runner.every(
        Duration::from_hours(1),
        "ask providers again",
        move |moment| {
            let app = asked.clone();
            async move {
                app.providers.refresh(moment.now).await;
                Ok(())
            }
        },
    );
    let swept = app.clone();
    runner.every(Duration::from_hours(1), "rotate keys", move |moment| {
        let app = swept.clone();
        async move { keys::ring::keep_fresh(&app.db, &app.sealer, &moment).await }
    });
}

/// Warns of what will stop working.
fn warn(runner: &Runner, app: &App) {
    let warned = app.clone();
    runner.every(
        Duration::from_hours(1),
        "warn of secrets that expire",
        move |moment| {
            let app = warned.clone();
            async move {
                federation::expiry::warn(&app.db, &app.sealer, &app.catalogue, &moment).await
            }
        },
    );
}

async fn expire_invitations(app: &App, moment: &Moment) -> Result<(), Internal> {
    loop {
        let swept: Result<usize, Internal> = app
            .db
            .write(async |tx| invitation::expire::sweep(tx, moment).await)
            .await;
        if swept? == 0 {
            return Ok(());
        }
    }
}
