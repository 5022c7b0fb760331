//! The SQL of federation.

pub(super) mod link;
