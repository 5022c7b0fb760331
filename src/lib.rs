//! Usher: an invitation-first identity broker and OpenID provider.
//!
//! The modules stand in one total order; each uses only those before it (`tests/it/house.rs` enforces it). Empty lines keep
//! the formatter from sorting them.

/// Small things without opinions: ids, time and chance, secrets, addresses, pages, failures.
pub mod kit;

/// What is set before the start, and everything that is wrong with it.
pub mod config;

/// Two databases behind one facade.
pub mod db;

/// The master key, sealing, and the keys that sign.
pub mod keys;

/// HTTP without business: links, pages, words, strict input, failures as answers.
pub mod web;

/// Queues and chores that run beside the requests.
pub mod job;

/// The append-only log, and the webhooks that read it.
pub mod event;

/// Who may do what, in one table.
pub mod access;

/// Letters: the outbox, their words, their delivery.
pub mod mail;

/// What people sign in to, and on which terms.
pub mod application;

/// What a person allowed a client: codes, tokens, and their end.
pub mod grant;

/// People: their stores, identifiers, profiles and passwords.
pub mod identity;

/// Groups, and why each person is in them.
pub mod group;

/// Signed-in browsers, flows, signing in, recovery, and how often anybody may try.
pub mod session;

/// Signing in somewhere else: connections to identity providers, and what they prove.
pub mod federation;

/// Inviting people, and their acceptance.
pub mod invitation;

/// What a handler may reach, and who is calling.
pub mod app;

/// The OpenID provider: a file per endpoint.
pub mod provider;

/// The administrators' console.
pub mod console;

/// The management API's shell.
pub mod api;

/// The composition root: settings in, a running server out.
pub mod serve;

/// Expense Desk: an application to sign in to, for trying the product out.
pub mod sample;

/// Microsoft 365, Google, Salesforce and others, played on this machine.
pub mod simulator;

/// The command line, a command per file.
pub mod cli;
