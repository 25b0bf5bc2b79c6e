//! What the browser tests need, and what is said where it is missing.

use crate::browser::{Needs, major};
use std::env;
use std::fs;
use std::path::PathBuf;
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
    assert_eq!(Needs::find(&path, Some(PathBuf::from("/lost"))).unwrap_err(), "CHROMIUM is /lost, which is no file");
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
    let lock = include_str!("../../../tests/browser/package-lock.json");
    assert!(lock.contains("\"integrity\"") && !lock.contains("\"resolved\"") && !lock.contains("://"));
}
