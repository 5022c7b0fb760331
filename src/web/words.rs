//! The words of pages and letters: Fluent catalogues, compiled in, and the choice of a language.
//!
//! Decides nothing about which sentence a page needs.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use fluent_langneg::{NegotiationStrategy, accepted_languages, negotiate_languages};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _, static_loader};
use serde::Serialize;

static_loader! {
    static CATALOGUES = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language that we have a catalogue for.
#[derive(Clone, PartialEq, Eq)]
pub struct Locale(LanguageIdentifier);

impl Locale {
    /// The best of our languages for what is wanted, most wanted first: an invitation's locale, `ui_locales`,
    /// Accept-Language (the order). Unknown tags are passed over; English is the last resort.
    #[must_use]
    pub fn choose<'a>(wanted: impl IntoIterator<Item = &'a str>) -> Self {
        let wanted: Vec<_> = wanted
            .into_iter()
            .filter_map(|tag| tag.trim().parse::<LanguageIdentifier>().ok())
            .collect();
        let available: Vec<_> = CATALOGUES.locales().collect();
        let default = CATALOGUES.fallback();
        let best = negotiate_languages(
            &wanted,
            &available,
            Some(&default),
            NegotiationStrategy::Lookup,
        );
        Self(
            best.first()
                .map_or_else(|| default.clone(), |found| (**found).clone()),
        )
    }

    /// As `choose`, with an Accept-Language header (RFC 9110 section 12.5.4) after everything else.
    #[must_use]
    pub fn negotiate<'a>(wanted: impl IntoIterator<Item = &'a str>, accept_language: &str) -> Self {
        let accepted: Vec<String> = accepted_languages::parse(accept_language)
            .iter()
            .map(ToString::to_string)
            .collect();
        let wanted: Vec<String> = wanted
            .into_iter()
            .map(str::to_owned)
            .chain(accepted)
            .collect();
        Self::choose(wanted.iter().map(String::as_str))
    }

    /// Every language with a catalogue.
    #[must_use]
    pub fn all() -> Vec<Self> {
        CATALOGUES.locales().cloned().map(Self).collect()
    }

    /// Whether exactly this tag has a catalogue: what an invitation may be written in.
    #[must_use]
    pub fn known(tag: &str) -> Option<Self> {
        let tag: LanguageIdentifier = tag.parse().ok()?;
        CATALOGUES
            .locales()
            .find(|known| **known == tag)
            .cloned()
            .map(Self)
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self(CATALOGUES.fallback().clone())
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Locale {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What stands in a sentence.
pub type Arguments<'a> = HashMap<Cow<'static, str>, FluentValue<'a>>;

/// Looks sentences up.
pub struct Words;

impl Words {
    /// The sentence behind `key`, if there is one in this language or in English.
    #[must_use]
    pub fn find(locale: &Locale, key: &str, arguments: &Arguments<'_>) -> Option<String> {
        CATALOGUES.try_lookup_complete(&locale.0, key, Some(arguments))
    }

    /// The sentence behind `key`, filled with texts. A missing key shows itself: a test finds it before a person does.
    #[must_use]
    pub fn say(locale: &Locale, key: &str, texts: &[(&'static str, &str)]) -> String {
        let arguments: Arguments<'_> = texts
            .iter()
            .map(|(name, text)| (Cow::Borrowed(*name), FluentValue::from(*text)))
            .collect();
        Self::find(locale, key, &arguments).unwrap_or_else(|| key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wanted_language_is_taken_when_we_have_it() {
        assert_eq!(Locale::choose(["tlh", "en-GB"]).to_string(), "en");
        assert_eq!(
            Locale::negotiate(["not a tag \u{0}"], "xx;q=0.9, en;q=0.1").to_string(),
            "en"
        );
        assert_eq!(Locale::negotiate([], "").to_string(), "en");
        assert!(Locale::known("en").is_some() && Locale::known("tlh").is_none());
    }
}
