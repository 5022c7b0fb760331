//! HTTP without business: links, pages, words, answers, extractors, cookies, headers, limits, static files.
//!
//! Knows no noun of the product and no store; the nouns' edges fill its pages and use its extractors.

pub mod cookie;
pub mod extract;
pub mod headers;
mod layers;
mod links;
mod metrics;
mod outgoing;
pub mod page;
mod pages;
mod respond;
mod statics;
mod visitor;
mod words;

pub use extract::{ApiQuery, BadInput, Form, Json, Pairs, Query};
pub use layers::{Surroundings, refuse_cross_site, surround};
pub use links::{Links, path};
pub use metrics::Metrics;
pub use outgoing::{Answer, Forbidden, Loopback, Outgoing, Unanswered};
pub use pages::{Brand, Page, Pages, Shell, add_words};
pub use respond::{Failure, PageFailure, Refused, form_again, status_of};
pub use statics::{Statics, routes as static_routes};
pub use visitor::{ClientAddress, RequestId, Visitor};
pub use words::{Arguments, Locale, Words};
