//! Usher: an invitation-first identity broker and OpenID provider.
//!
//! The modules stand in one total order; each uses only those before it (`tests/it/house.rs` enforces it).

pub mod access;
pub mod config;
pub mod db;
pub mod event;
pub mod job;
pub mod keys;
pub mod kit;
pub mod sample;
