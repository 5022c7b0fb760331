//! Small things without opinions about the business: ids, time and chance, secrets, addresses, pages, failures.
//!
//! Knows nothing of HTTP, of the database's dialects, or of any noun of the product.

mod email;
mod failure;
mod id;
mod moment;
mod page;
mod secret;

pub use email::{EmailAddress, NotAnEmailAddress};
pub use failure::{Because, Corrupt, Failed, FieldProblem, Internal, Refusal};
pub use id::{Id, Kind, NotAnId, kinds};
pub use moment::{Clock, ManualClock, Moment};
pub use page::{Page, PageRequest};
pub use secret::{Secret, digest, same_secret};
