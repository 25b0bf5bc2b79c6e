//! `cargo run -- start DIR`: a server of the reader's own, to begin with.

use std::borrow::Cow;
use std::env;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use super::help;
use crate::command::ladder::Chapter;
use crate::probe::probes;

/// The chapter to begin from, unless told otherwise: the fix that was given.
pub const FROM: &str = "05-log-before-close";

/// Creates a package in `folder`, whose `main.rs` is the server of `chapter`, and says what to type next. Nothing that is
/// there already is touched: the folder must be new, or one that can be read and is empty.
pub fn start(folder: &Path, chapter: &Chapter) -> io::Result<ExitCode> {
    if help::installed() {
        eprintln!("start copies a chapter, and there are none here; in a clone of close-call: cargo run -- start DIR");
        return Ok(ExitCode::FAILURE);
    }
    let of_folder = |call: &str, error: io::Error| io::Error::other(format!("{}: {call}: {error}", folder.display()));
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                eprintln!("{} exists and is not empty; start needs a folder that is empty or new", folder.display());
                return Ok(ExitCode::FAILURE);
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // What cannot be listed may hold anything.
        Err(error) => return Err(of_folder("opendir", error)),
    }
    for (file, text) in files(folder, chapter)? {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap_or(folder)).map_err(|e| of_folder("mkdir", e))?;
        // Fails if something has got there since we looked.
        let created = File::create_new(&file).and_then(|mut file| file.write_all(text.as_bytes()));
        created.map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    }

    let broken_by = chapter.breaks.split([':', ';', ',']).next().filter(|name| probes::by_name(name).is_some());
    let probe = broken_by.or(chapter.story).unwrap_or("polite");
    let quoted = quoted(folder);
    println!(
        "{} is yours to change. It begins as {}.

Build it, and see how it does:
  cargo run -- check {quoted}
Under one probe, and with its socket calls:
  cd {quoted}
  cargo run -- --probe {probe}
  cargo run -- --probe {probe} --trace",
        folder.join("src/main.rs").display(),
        chapter.name
    );
    Ok(ExitCode::SUCCESS)
}

/// The files of the new package, and what is in them. What they are made of is read from the clone, on which the package
/// depends anyway.
fn files(folder: &Path, chapter: &Chapter) -> io::Result<Vec<(&'static str, String)>> {
    let clone = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &Path| {
        fs::read_to_string(file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))
    };
    let source = read(&clone.join("chapters").join(chapter.name).with_extension("rs"))?;
    let ours = read(&clone.join("Cargo.toml"))?;
    let lacks = |what: &str| io::Error::other(format!("{} has no {what}", clone.join("Cargo.toml").display()));
    let libraries = chapter.feature.iter().map(|feature| feature.name).chain(["libc"]);
    let libraries = libraries.map(|name| dependency(&ours, name).ok_or_else(|| lacks(name)));
    let manifest = CARGO_TOML
        .replace("NAME", &package_name(folder))
        .replace("CLOSE_CALL", env!("CARGO_MANIFEST_DIR"))
        .replace("LIBRARIES", &libraries.collect::<io::Result<Vec<String>>>()?.join("\n"))
        .replace("PROFILE", section(&ours, "[profile.dev]").ok_or_else(|| lacks("[profile.dev]"))?);
    let mut files = vec![
        ("src/main.rs", main_rs(&source, chapter.name)),
        ("Cargo.toml", manifest),
        // What the clone has built is not built again: the same versions, the same profile, and its folder.
        ("Cargo.lock", read(&clone.join("Cargo.lock"))?),
        (".gitignore", "/target\n".to_string()),
    ];
    // Cargo has tagged it.
    let exe = env::current_exe()?;
    if let Some(target) = exe.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()) {
        files.push((".cargo/config.toml", format!("[build]\ntarget-dir = {:?}\n", target.display().to_string())));
    }
    Ok(files)
}

/// The chapter's source, with a first comment that speaks of the reader's server.
fn main_rs(source: &str, chapter: &str) -> String {
    let code = source.lines().skip_while(|line| line.starts_with("//!"));
    let code: String = code.map(|line| format!("{line}\n")).collect();
    format!("//! My server. It starts as a copy of chapter {chapter} of close-call.\n{code}")
}

/// The line of a manifest that brings in a library, as a package writes it that cannot do without.
fn dependency(manifest: &str, library: &str) -> Option<String> {
    let line = manifest.lines().find(|line| line.split(' ').next() == Some(library) && line.contains(" = "))?;
    Some(line.replace(", optional = true", ""))
}

/// A section of a manifest, up to the empty line after it.
fn section<'a>(manifest: &'a str, head: &str) -> Option<&'a str> {
    let from = manifest.find(&format!("\n{head}\n"))? + 1;
    manifest[from..].split("\n\n").next().map(str::trim_end)
}

/// The folder's name, as cargo allows it for a package: `my-` before it, because it may be a name that cargo, the compiler
/// or this package has taken (`deps`, `fn`, `libc`).
fn package_name(folder: &Path) -> String {
    let name = folder.file_name().map_or("server".into(), |name| name.to_string_lossy());
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    let name = name.strip_prefix("my-").unwrap_or(&name);
    format!("my-{}", if name.is_empty() { "server" } else { name })
}

/// A path as a shell takes it for one word.
fn quoted(path: &Path) -> Cow<'_, str> {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")).into() }
}

/// A workspace of its own, so that it may be inside another one's folder.
const CARGO_TOML: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"

[dependencies]
close-call = { path = "CLOSE_CALL" }
LIBRARIES

[workspace]

# As in close-call, so that what it has built is not built again.
PROFILE
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_a_name_that_cargo_takes() {
        for (folder, name) in [
            ("../my-server", "my-server"),
            ("deps", "my-deps"),
            ("/tmp/close-call", "my-close-call"),
            ("a b/c d", "my-cd"),
            ("1st", "my-1st"),
            ("..", "my-server"),
        ] {
            assert_eq!(package_name(Path::new(folder)), name);
        }
    }

    #[test]
    fn a_library_is_wanted_as_this_package_wants_it() {
        let manifest =
            "tokio-x = \"1\"\n[dependencies]\ntokio = { version = \"1.2\", features = [\"rt\"], optional = true }\n";
        let line = r#"tokio = { version = "1.2", features = ["rt"] }"#;
        assert_eq!(dependency(manifest, "tokio").as_deref(), Some(line));
        assert_eq!(dependency(manifest, "mio"), None);
        assert_eq!(dependency("libc = \"0.2\"\n", "libc").as_deref(), Some("libc = \"0.2\""));
    }

    #[test]
    fn a_section_ends_at_an_empty_line() {
        let manifest = "[package]\n\n[profile.dev]\na = 1\n# why\nb = 2\n\n[profile.release]\na = 3\n";
        assert_eq!(section(manifest, "[profile.dev]"), Some("[profile.dev]\na = 1\n# why\nb = 2"));
        assert_eq!(section(manifest, "[profile.release]"), Some("[profile.release]\na = 3"));
        assert_eq!(section(manifest, "[profile]"), None);
    }

    #[test]
    fn a_path_with_a_space_is_one_word() {
        assert_eq!(quoted(Path::new("../my-server")), "../my-server");
        assert_eq!(quoted(Path::new("a b")), "'a b'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
