//! Tests the built book in a real browser, where there is one.
//!
//! The tests are a node program in tests/browser. What it needs from npm goes under the target folder, once for each
//! version of its lock file; so do its pictures of what fails.

use crate::source::programs::first_line;
use crate::source::project::Project;
use anyhow::{Context, Result, ensure};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the tests are, from the project's root.
const TESTS: &str = "tests/browser";

/// What npm reads.
const MANIFESTS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The first version of node for which playwright-core is written.
const NODE: u32 = 20;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Tested {
    /// All is well.
    Passed,
    /// Some tests failed, as they have said.
    Failed,
    /// They could not be run here, and why.
    LeftOut(String),
}

/// What the tests need of a machine.
#[derive(Debug)]
pub struct Needs {
    node: PathBuf,
    npm: PathBuf,
    chromium: PathBuf,
}

impl Needs {
    /// Looks for it on a `PATH`. `CHROMIUM` names a browser that is elsewhere.
    pub fn find(path: &str, chromium: Option<PathBuf>) -> Result<Needs, String> {
        let program = |names: &[&str]| {
            let files = names.iter().flat_map(|name| env::split_paths(path).map(move |folder| folder.join(name)));
            files.into_iter().find(|file| file.is_file())
        };
        let need = |names: &[&str]| program(names).ok_or_else(|| format!("there is no {} here", names[0]));
        let chromium = match chromium {
            Some(file) if file.is_file() => file,
            Some(file) => return Err(format!("CHROMIUM is {}, which is no file", file.display())),
            None => need(&["chromium", "chromium-browser", "google-chrome"])?,
        };
        Ok(Needs { chromium, node: need(&["node"])?, npm: need(&["npm"])? })
    }
}

/// Runs those tests whose name has `filter` in it on the book in the folder `book`.
pub fn test(project: &Project, book: &Path, filter: &str) -> Result<Tested> {
    let path = env::var("PATH").unwrap_or_default();
    let needs = match Needs::find(&path, env::var_os("CHROMIUM").map(PathBuf::from)) {
        Ok(needs) => needs,
        Err(missing) => return Ok(Tested::LeftOut(missing)),
    };
    let version = first_line(Command::new(&needs.node).arg("--version")).map_err(anyhow::Error::msg)?;
    if major(&version).is_none_or(|major| major < NODE) {
        return Ok(Tested::LeftOut(format!("node is {version}, and must be {NODE} or later")));
    }

    let folder = project.target.join("browser");
    install(&needs, &project.root.join(TESTS), &folder)?;
    let status = Command::new(&needs.node)
        .arg(project.root.join(TESTS).join("main.js"))
        .args([book, &needs.chromium, &folder.join("failed")])
        .arg(filter)
        .env("NODE_PATH", folder.join("node_modules"))
        .status()
        .context("starting node")?;
    Ok(if status.success() { Tested::Passed } else { Tested::Failed })
}

/// The first number of what `node --version` prints: `v20.1.2`.
pub fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Has npm install what the lock file says, unless that is there.
fn install(needs: &Needs, tests: &Path, folder: &Path) -> Result<()> {
    let lock = "package-lock.json";
    let same = fs::read(folder.join(lock)).ok() == Some(fs::read(tests.join(lock)).context("reading the lock file")?);
    // npm writes this file last.
    if same && folder.join("node_modules/.package-lock.json").is_file() {
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    for file in MANIFESTS {
        fs::copy(tests.join(file), folder.join(file)).with_context(|| format!("copying {file}"))?;
    }
    let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let status = Command::new(&needs.npm).args(npm).current_dir(folder).status().context("starting npm")?;
    ensure!(status.success(), "npm could not install what {TESTS}/package-lock.json lists ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn what_is_missing_is_named() {
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let path = env::join_paths(folders.iter().map(TempDir::path)).unwrap().into_string().unwrap();
        for (file, missing) in [
            ("x", "there is no chromium here"),
            ("chromium-browser", "there is no node here"),
            ("node", "there is no npm here"),
        ] {
            fs::write(folders[1].path().join(file), "").unwrap();
            assert_eq!(Needs::find(&path, None).unwrap_err(), missing);
        }
        fs::write(folders[0].path().join("npm"), "").unwrap();
        assert!(Needs::find(&path, None).is_ok());
        assert!(Needs::find(&path, Some(folders[0].path().join("npm"))).is_ok());
        assert_eq!(
            Needs::find(&path, Some(PathBuf::from("/lost"))).unwrap_err(),
            "CHROMIUM is /lost, which is no file"
        );
    }

    #[test]
    fn nodes_version() {
        assert_eq!(major("v20.1.2"), Some(20));
        assert_eq!(major("v8"), Some(8));
        assert_eq!(major(""), None);
    }

    /// What is installed comes from npm's registry as each machine has it set up.
    #[test]
    fn the_lock_file_names_no_host() {
        let lock = include_str!("../../tests/browser/package-lock.json");
        assert!(lock.contains("\"integrity\"") && !lock.contains("\"resolved\"") && !lock.contains("://"));
    }
}
