//! The SQL of federation: one statement per function, a file per table.
//!
//! What belongs together is composed by the use cases.

pub(super) mod connection;
pub(super) mod external;
pub(super) mod link;
