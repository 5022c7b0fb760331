//! What commands work with: the settings, and everything opened by them.

use super::Globals;
use super::output::Failure;
use crate::app::App;
use crate::config::{Config, Sources};
use crate::kit::Clock;

/// Where the settings file is looked for when nobody names one.
const USUAL_PLACE: &str = "config/usher.toml";

impl Globals {
    /// The settings from file, environment and flags. A named file must exist, the usual one may.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        let path = self.config.clone().unwrap_or_else(|| USUAL_PLACE.into());
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => Some((path, text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.config.is_none() => {
                None
            }
            Err(error) => {
                let sentence = format!(
                    "The settings file {} can't be read: {error}.",
                    path.display()
                );
                return Err(Failure::new("settings_file", sentence));
            }
        };
        let variables = std::env::vars_os();
        let readable = variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let sources = Sources {
            file,
            environment: readable.collect(),
            flags: self.set.clone(),
        };
        Ok(Config::load(&sources)?)
    }

    /// Everything that the settings name, opened; made where it is missing.
    pub(super) async fn open(&self) -> Result<App, Failure> {
        open(self.config()?).await
    }
}

/// Opens what the settings name.
pub(super) async fn open(config: Config) -> Result<App, Failure> {
    let folder = config.data_dir.display();
    // People's names and addresses lie in it: nobody else on the machine looks inside.
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&config.data_dir).map_err(|error| {
        Failure::new(
            "data_dir",
            format!("The folder {folder} can't be made: {error}."),
        )
    })?;
    Ok(App::open(config, Clock::system()).await?)
}
