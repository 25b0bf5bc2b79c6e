//! The servers from where the ordinary package clients have them: pip, npm and cargo into a folder of ours, and Debian's
//! where they may be installed.

use super::servers::{Entry, From};
use crate::source::programs::{first_line, printed};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where servers go.
pub struct Places {
    /// book/wild.
    pub wild: PathBuf,
    /// What is fetched goes here.
    pub folder: PathBuf,
    /// Debian's packages may be installed.
    pub install: bool,
}

/// A server that can be started.
pub struct Place {
    /// Its version.
    pub version: String,
    /// What starts it; `{port}` is left to be replaced.
    pub command: Vec<String>,
    /// Where Python finds what it needs.
    pub python_path: OsString,
    /// The folder in which it runs.
    pub folder: PathBuf,
}

impl Places {
    /// Fetches a server, or says why it could not be had.
    pub fn fetch(&self, server: &Entry) -> Result<Place, String> {
        let servers = self.wild.join("servers");
        let run = self.folder.join("run");
        fs::create_dir_all(&run).map_err(|e| format!("mkdir {}: {e}", run.display()))?;
        let mut python_path = servers.clone().into_os_string();
        let package = match server.from {
            From::PyPi(package) | From::Npm(package) => self.folder.join(package),
            From::Crate(name, version) => self.folder.join(format!("{name}@{version}")),
            From::Debian(..) | From::Here(_) => PathBuf::new(),
        };
        let version = match server.from {
            From::Here(program) => first_line(Command::new(program).arg("--version"))?,
            From::Debian(package, program) => self.debian(package, program)?,
            From::PyPi(name) => {
                python_path.push(":");
                python_path.push(&package);
                pip(name, &package)?
            }
            From::Npm(name) => npm(name, &package)?,
            From::Crate(name, version) => {
                let manifest = servers.join(name).with_extension("toml");
                cargo(&manifest, version, &package)?;
                version.to_string()
            }
        };
        let [servers, package] = [&servers, &package].map(|folder| folder.to_string_lossy());
        let in_place = |word: &&str| word.replace("{servers}", &servers).replace("{package}", &package);
        let command = server.command.iter().map(in_place).collect();
        Ok(Place { version: number(&version), command, python_path, folder: run })
    }

    fn debian(&self, package: &str, program: &str) -> Result<String, String> {
        let there = || Command::new("which").arg(program).stdout(Stdio::null()).status().is_ok_and(|s| s.success());
        if !there() && self.install {
            printed(Command::new("apt-get").args(["install", "-y", "-qq", "--no-install-recommends", package]))?;
        }
        if !there() {
            return Err(format!("there is no {program} here; with --install, Debian's {package} is installed"));
        }
        first_line(Command::new("dpkg-query").args(["-W", "-f", "${Version}", package]))
    }
}

/// Has pip put a package into a folder, unless it is there, and says its version.
fn pip(package: &str, folder: &Path) -> Result<String, String> {
    let name = package.split("==").next().unwrap_or(package);
    let version = || {
        let entries = fs::read_dir(folder).ok()?.flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut versions = names
            .filter_map(|file| Some(file.strip_prefix(&format!("{name}-"))?.strip_suffix(".dist-info")?.to_string()));
        versions.next()
    };
    if version().is_none() {
        let options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"];
        printed(Command::new("python3").args(options).arg("--target").arg(folder).arg(package))?;
    }
    version().ok_or_else(|| format!("pip has put no {name} into {}", folder.display()))
}

/// Has npm put a package into a folder, unless it is there, and says its version, which the package's name ends in. What
/// the package would run when it is installed is not run.
fn npm(package: &str, folder: &Path) -> Result<String, String> {
    let (name, version) = package.split_once('@').ok_or_else(|| format!("{package} has no version"))?;
    if !folder.join("node_modules").join(name).exists() {
        let options = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        printed(Command::new("npm").args(options).arg(folder).arg(package))?;
    }
    Ok(version.to_string())
}

/// Has cargo build the server whose manifest that is, in a folder and with a version of its library.
fn cargo(manifest: &Path, version: &str, folder: &Path) -> Result<(), String> {
    let error = |e: std::io::Error| format!("{}: {e}", folder.display());
    let servers = manifest.parent().unwrap_or(Path::new("")).to_string_lossy();
    let text = fs::read_to_string(manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
    fs::create_dir_all(folder).map_err(error)?;
    let ours = folder.join("Cargo.toml");
    fs::write(&ours, text.replace("VERSION", version).replace("SERVERS", &servers)).map_err(error)?;
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--manifest-path"]).arg(&ours);
    printed(build.arg("--target-dir").arg(folder.join("target"))).map(drop)
}

/// The version in what a program says of itself, or Debian of a package: `5:7.0.15-1~deb12u10`, `Python 3.11.7`, `v20.1.2`.
pub fn number(version: &str) -> String {
    let word = version.rsplit(' ').next().unwrap_or(version);
    let word = word.split_once(':').map_or(word, |(_, rest)| rest);
    let word = word.strip_prefix('v').unwrap_or(word);
    word.split(['-', '+', '~']).next().unwrap_or(word).to_string()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_version_is_its_number() {
        for (said, version) in [
            ("5:7.0.15-1~deb12u10", "7.0.15"),
            ("1:1.35.0-4+deb12u1+b1", "1.35.0"),
            ("Python 3.11.7", "3.11.7"),
            ("v20.20.2", "20.20.2"),
            ("26.9.0", "26.9.0"),
        ] {
            assert_eq!(number(said), version);
        }
    }
}
