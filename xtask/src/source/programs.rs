//! Other programs, run to their end. std's `Command` is enough: what a library for shell scripts adds to it has no place for
//! what a program says when it fails, and none for a server that goes on in the background.

use super::project::Project;
use std::env;
use std::process::{Command, Stdio};

/// What a program prints. An error is the last line that it has written on standard error, or why it could not be started.
pub fn printed(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).map(|line| line.trim().to_string());
    Err(format!("{name}: {}", last.unwrap_or_else(|| output.status.to_string())))
}

/// The first line that a program prints: mostly its version.
pub fn first_line(command: &mut Command) -> Result<String, String> {
    Ok(printed(command)?.lines().next().unwrap_or_default().trim().to_string())
}

/// The cargo that has started us, in the project's folder, with its target folder.
pub fn cargo(project: &Project, subcommand: &str) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(subcommand).arg("--quiet").arg("--target-dir").arg(&project.target).current_dir(&project.root);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_last_is_why_it_failed() {
        let sh = |script: &str| printed(Command::new("sh").args(["-c", script]));
        assert_eq!(sh("echo one; echo two"), Ok("one\ntwo\n".to_string()));
        assert_eq!(sh("echo one >&2; echo two >&2; echo >&2; exit 1"), Err("sh: two".to_string()));
        assert_eq!(sh("exit 3"), Err("sh: exit status: 3".to_string()));
        assert_eq!(first_line(Command::new("sh").args(["-c", "echo one; echo two"])), Ok("one".to_string()));
        assert!(first_line(&mut Command::new("/lost")).is_err_and(|why| why.starts_with("/lost: ")));
    }
}
