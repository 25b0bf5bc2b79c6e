//! `cargo run -- start DIR`: a server of the reader's own, to begin from.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::ladder::Chapter;
use crate::probe;

/// The chapter from which one begins, unless told otherwise: the fix that everyone gives.
pub const FROM: &str = "05-log-before-close";

/// Lays down a package in `folder`, whose `main.rs` is the server of `chapter`, and says what to type next.
pub fn start(folder: &Path, chapter: &Chapter) -> io::Result<ExitCode> {
    let taken = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if taken || folder.is_file() {
        eprintln!("{} is there already; start wants a folder that is empty or new", folder.display());
        return Ok(ExitCode::FAILURE);
    }
    // Read from the clone, on which the new package depends anyway.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("chapters").join(chapter.name).with_extension("rs");
    let named = |error: io::Error| io::Error::other(format!("{}: {error}", source.display()));
    let source = fs::read_to_string(&source).map_err(named)?;

    let failed = |error: io::Error| io::Error::other(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder.join("src")).map_err(failed)?;
    fs::write(folder.join("src/main.rs"), main_rs(&source, chapter.name)).map_err(failed)?;
    let manifest = CARGO_TOML.replace("NAME", &package_name(folder)).replace("CLOSE_CALL", env!("CARGO_MANIFEST_DIR"));
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join(".gitignore"), "/target\n")?;

    let folder = folder.display();
    let broken_by = chapter.breaks.split([':', ';', ',']).next().filter(|name| probe::by_name(name).is_some());
    let probe = broken_by.unwrap_or("polite");
    println!(
        "{folder}/src/main.rs is the server of chapter {0}, and yours to change.

See how it does:
  cargo run -- check -- cargo run -q --manifest-path {folder}/Cargo.toml -- --listen 127.0.0.1:{{port}}
Under one probe, and with its socket calls:
  cargo run --manifest-path {folder}/Cargo.toml -- --probe {probe}
  cargo run --manifest-path {folder}/Cargo.toml -- --probe {probe} --trace",
        chapter.name
    );
    Ok(ExitCode::SUCCESS)
}

/// The chapter's source, with a first comment that speaks of the reader's server.
fn main_rs(source: &str, chapter: &str) -> String {
    let code = source.lines().skip_while(|line| line.starts_with("//!"));
    let code: String = code.map(|line| format!("{line}\n")).collect();
    format!("//! My server. It begins as chapter {chapter} of close-call leaves it.\n{code}")
}

/// The folder's name, as cargo allows it: two servers side by side are not to be taken for one another.
fn package_name(folder: &Path) -> String {
    let name = folder.file_name().map_or("my-server".into(), |name| name.to_string_lossy());
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("my-server{name}") }
}

/// A workspace of its own, so that it can also lie inside another one's folder.
const CARGO_TOML: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"

[dependencies]
close-call = { path = "CLOSE_CALL" }
libc = "0.2.191"

[workspace]
"#;
