//! What the figures were measured on.

use super::programs::Programs;
use crate::source::programs;
use std::fs;
use std::process::Command;

/// The processor, the kernel, and what the servers were built with and run on.
pub fn description(servers: &Programs) -> Vec<(String, String)> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |line: &str| line.split_once(':').map(|(_, value)| value.trim().to_string());
    let model = cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(value);
    let count = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let virtual_one = cpuinfo.lines().any(|line| line.starts_with("flags") && line.contains(" hypervisor"));
    let kind = if virtual_one { "virtual processors" } else { "processors" };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut lines = vec![
        ("processor".to_string(), format!("{}, {count} {kind}", model.unwrap_or_else(|| "unknown".to_string()))),
        ("kernel".to_string(), format!("Linux {}", kernel.trim())),
        ("rustc".to_string(), first_line("rustc", "--version")),
        ("python".to_string(), first_line("python3", "--version")),
    ];
    if servers.go.is_some() {
        lines.push(("go".to_string(), first_line("go", "version")));
    }
    lines.push(("date".to_string(), first_line("date", "+%Y-%m-%d")));
    lines
}

fn first_line(program: &str, argument: &str) -> String {
    programs::first_line(Command::new(program).arg(argument)).unwrap_or_else(|_| "unknown".to_string())
}
