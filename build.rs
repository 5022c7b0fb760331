//! Compiles in what is not Rust: migrations, pages, words, static files.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=locales");
    minijinja_embed::embed_templates!("templates/pages", &[".html"], "pages");
    memory_serve::load_directory("static");
}
