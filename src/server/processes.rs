//! What /proc tells of a process and of those that it has started. Linux only, proc(5).

use std::fs;
use std::io;
use std::time::Duration;

/// A process and all its descendants, as far as they are still its descendants.
pub fn tree(pid: u32) -> Vec<u32> {
    let mut pids = vec![pid];
    let mut at = 0;
    while let Some(&pid) = pids.get(at) {
        pids.extend(children(pid));
        at += 1;
    }
    pids
}

/// The children of a process, of whichever of its threads.
fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split(' ').filter_map(|pid| pid.trim().parse().ok()).collect::<Vec<u32>>()).collect()
}

/// The processes of this machine whose environment has an entry that `is_it`, wherever they have gone since they were
/// given it.
pub fn with_variable(is_it: impl Fn(&str) -> bool) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = processes.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok());
    let given = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|entry| std::str::from_utf8(entry).is_ok_and(&is_it))
    };
    pids.filter(given).collect()
}

/// The state letters of all threads of the processes, as proc_pid_stat(5) has them: `S` sleeps, `R` runs, `T` is
/// stopped. Those of processes that have ended and wait for their parent to take note are left out.
pub fn states(pids: &[u32]) -> Vec<u8> {
    let threads = pids.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok()).flatten().flatten();
    let stats = threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    stats.filter_map(|stat| fields(&stat)?.next()?.bytes().next()).filter(|&state| state != b'Z').collect()
}

/// Whether a thread of the processes is in nanosleep(2), and will wake of its own accord: proc_pid_syscall(5). False
/// where that may not be read.
pub fn any_waits_for_a_time(pids: &[u32]) -> bool {
    let threads = pids.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok()).flatten().flatten();
    let calls = threads.filter_map(|thread| fs::read_to_string(thread.path().join("syscall")).ok());
    let mut numbers = calls.filter_map(|call| call.split(' ').next()?.parse::<libc::c_long>().ok());
    numbers.any(|number| number == libc::SYS_nanosleep || number == libc::SYS_clock_nanosleep)
}

/// The processor time that the processes have used, in the kernel's ticks of a hundredth of a second.
pub fn cpu_time(pids: &[u32]) -> Duration {
    let ticks = pids.iter().filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut times = fields(&stat)?.skip(11);
        Some(times.next()?.parse::<u64>().ok()? + times.next()?.parse::<u64>().ok()?)
    });
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// The memory that the processes hold, in bytes, without what belongs to files (RssAnon in proc_pid_status(5)).
pub fn memory(pids: &[u32]) -> u64 {
    let kilobytes = pids.iter().filter_map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
        line.trim().split(' ').next()?.parse::<u64>().ok()
    });
    1024 * kilobytes.sum::<u64>()
}

/// How many descriptors a process has open.
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Lets a process have descriptors below `room` more than the highest that it has, or below `at_least`, and no others.
/// prlimit(2), RLIMIT_NOFILE.
pub fn limit_descriptors(pid: u32, at_least: u64, room: u64) -> io::Result<()> {
    let open = fs::read_dir(format!("/proc/{pid}/fd"))?;
    let highest = open.flatten().filter_map(|fd| fd.file_name().to_str()?.parse::<u64>().ok()).max().unwrap_or(0);
    let limit = at_least.max(highest + 1 + room);
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: the new limit is read, and no old one is asked for.
    match unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, &limit, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The fields of a line of /proc/PID/stat from the third on: behind the name, which stands in parentheses and may hold
/// any character.
fn fields(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(") ")?.1.split(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_found_behind_any_name() {
        assert_eq!(fields("42 (04-use-after-cl) S 1 42").unwrap().next(), Some("S"));
        assert_eq!(fields("42 (a) R b) T 1 42").unwrap().next(), Some("T"));
        assert!(fields("42").is_none());
    }

    #[test]
    fn this_process_runs_and_holds_memory() {
        let ours = [std::process::id()];
        assert!(states(&ours).contains(&b'R'), "the thread that asks is running");
        assert!(memory(&ours) > 0);
        assert!(tree(ours[0]).contains(&ours[0]));
    }
}
