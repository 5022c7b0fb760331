//! Signing in at every kind of provider, and everything that a provider or an attacker can get wrong (checklist BR-11).

mod admission;
mod callbacks;
mod keys;
mod scene;
mod sign_in;
mod tokens;
mod trouble;
