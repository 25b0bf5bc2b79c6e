//! `check DIR`: the server in a folder that `start` made, which cargo builds first.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds the package in `folder`, and returns the command that starts its server on the port that `check` chooses. What
/// cargo has to say goes to standard error. Fails where cargo cannot be started or the package cannot be built.
pub fn command(folder: &Path) -> io::Result<Vec<OsString>> {
    let named = |words: &str| io::Error::other(format!("{}: {words}", folder.display()));
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    // Started there, because cargo looks for its settings from the folder in which it is started.
    cargo.args(["build", "--message-format=json-render-diagnostics"]).current_dir(folder);
    // What is built for another machine does not run here.
    cargo.env_remove("CARGO_BUILD_TARGET");
    let built = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let built = built.map_err(|error| io::Error::new(error.kind(), format!("cargo: {error}")))?;
    if !built.status.success() {
        return Err(named("cargo could not build it"));
    }
    let program = program(&String::from_utf8_lossy(&built.stdout)).ok_or_else(|| named("it has no program"))?;
    Ok(vec![program.into(), "--listen".into(), "127.0.0.1:{port}".into()])
}

/// The program that cargo has built last, by its messages: each is a JSON object on a line of its own.
fn program(messages: &str) -> Option<PathBuf> {
    let of_line = |line: &str| {
        let (_, rest) = line.split_once(r#""executable":""#)?;
        let mut path = String::new();
        let mut characters = rest.chars();
        loop {
            match characters.next()? {
                '"' => return Some(PathBuf::from(path)),
                '\\' => path.push(characters.next()?),
                other => path.push(other),
            }
        }
    };
    messages.lines().rev().find_map(of_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_last_one_that_was_built() {
        let messages = r#"{"reason":"compiler-artifact","executable":null,"fresh":true}
{"reason":"compiler-artifact","executable":"/tmp/a/build-script","fresh":true}
{"reason":"compiler-artifact","executable":"/tmp/my \"own\"\\server","fresh":false}
{"reason":"build-finished","success":true}"#;
        assert_eq!(program(messages), Some(PathBuf::from(r#"/tmp/my "own"\server"#)));
        assert_eq!(program(r#"{"executable":null}"#), None);
        assert_eq!(program(r#"{"executable":"cut"#), None);
    }
}
