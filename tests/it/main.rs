//! One binary for all flows: actors and verbs, through the real router, on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on says so by panicking"
)]

mod accepting;
mod addresses;
mod api;
mod applications;
mod authorize;
mod backchannel_logout;
mod carried_invitations;
mod checks;
mod cli;
mod connections;
mod consent;
mod console;
mod database;
mod db;
mod events;
mod external;
mod federation;
mod grants;
mod groups;
mod harness;
mod house;
mod identities;
mod keys;
mod links;
mod logout;
mod mail;
mod mailbox;
mod main_path;
mod managed;
mod post;
mod provider_resources;
mod provider_scene;
mod provider_token;
mod provider_world;
mod recovery;
mod relying_party;
mod sample;
mod sign_in;
mod simulator;
mod statements;
mod throttling;
mod trouble;
mod upstream_logout;
mod upstream_sessions;
mod webhook;
