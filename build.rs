//! Migrations are compiled in: a changed one must rebuild the crate that carries them.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
