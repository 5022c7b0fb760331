//! `usher demo`: the provider, a sample application and simulated identity providers in one process, with somebody invited, for trying
//! the product out.
//!
//! Needs nothing and reads no settings but its own flags. Running it again with the same folder goes on where it was.

mod providers;
mod seed;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::output::{Failure, Output};
use super::{desk, logging, serve};
use crate::config::{Config, Sources};
use crate::kit::Internal;
use crate::sample::{self, SampleSettings};
use crate::serve::serve_app;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// The provider's port
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The sample application's port
    #[arg(long, default_value_t = 8081)]
    app_port: u16,
    /// Where everything is kept; remove the folder to begin anew
    #[arg(long, default_value = "data/demo", value_name = "FOLDER")]
    data_dir: PathBuf,
}

impl Demo {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        if self.port == self.app_port {
            return Err(Failure::new(
                "same_port",
                "The provider and the sample application need a port each.",
            ));
        }
        let config = self.config()?;
        logging::start(&config.log);
        let app = desk::open(config).await?;
        let sample = self.sample_url()?;
        let played = providers::start(&app).await?;
        let connections = providers::connect(&app, &played).await?;
        let seeded = seed::seed(&app, &sample, &connections).await?;
        let settings = SampleSettings {
            listen: loopback(self.app_port),
            own_url: sample,
            issuer: app.links.issuer().to_owned(),
            client_id: seeded.client.to_string(),
            client_secret: seeded.secret.clone(),
            name: seed::APPLICATION.to_owned(),
        };
        let stop = CancellationToken::new();
        let work = async {
            let serving = async {
                tokio::try_join!(
                    serve_app(app.clone(), stop.clone()),
                    sample::serve(settings, stop.clone())
                )
            };
            tokio::try_join!(serving, self.announce(&app.links, &seeded, output))?;
            Ok(())
        };
        Box::pin(serve::until_told(work, &stop)).await
    }

    /// The documented defaults, on these ports and in this folder.
    fn config(&self) -> Result<Config, Failure> {
        let flags = [
            ("data_dir", self.data_dir.display().to_string()),
            ("server.listen", loopback(self.port).to_string()),
            (
                "server.public_url",
                format!("http://localhost:{}", self.port),
            ),
            ("log.filter", "warn".to_owned()),
        ];
        let flags = flags
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        Ok(Config::load(&Sources {
            flags: flags.collect(),
            ..Sources::default()
        })?)
    }

    fn sample_url(&self) -> Result<Url, Internal> {
        Ok(Url::parse(&format!("http://localhost:{}", self.app_port))?)
    }

    /// Says what to open once both answer.
    async fn announce(
        &self,
        links: &crate::web::Links,
        seeded: &seed::Seeded,
        output: Output,
    ) -> Result<(), Internal> {
        for port in [self.port, self.app_port] {
            while TcpStream::connect(loopback(port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let sample = format!("http://localhost:{}", self.app_port);
        let text = [
            "Usher is ready to be tried.".to_owned(),
            match &seeded.invited {
                Some(address) => format!("  1. {}  an invitation for {address} waits in the mailbox", links.mailbox()),
                None => format!("  1. {}  the mailbox; everybody has accepted", links.mailbox()),
            },
            "  2. Open it, follow its button, finish the form: you land in the application, signed in.".to_owned(),
            "     Instead of a password, take an account at a simulated Microsoft 365, Google or Salesforce.".to_owned(),
            format!("     {sample}  the sample application, {}", seed::APPLICATION),
            format!("     {}  the console; its first administrator is invited in the mailbox, too", links.console()),
            format!("     {}  the management API", links.api_docs()),
            format!("Everything is kept in {}. Ctrl-C ends it.", self.data_dir.display()),
        ];
        let value = json!({
            "issuer": links.issuer(), "mailbox": links.mailbox(), "application": sample, "console": links.console(),
            "invited": seeded.invited, "data_dir": self.data_dir,
        });
        output
            .result(&value, &text.join("\n"))
            .map_err(|failure| Internal::because(failure.to_string()))
    }
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
