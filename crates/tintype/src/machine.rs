//! What the machine, or the container around us, grants.

use std::{fs, path::Path};

/// Memory that one worker may well need at once, beside what the server itself takes.
const WORKER_BYTES: u64 = 256 << 20;
/// What decoding may hold wherever it runs, and where there is memory enough.
const DECODE_BYTES_MIN: u64 = 64 << 20;
const DECODE_BYTES_MAX: u64 = 512 << 20;

/// Memory in bytes that this process and its workers may use together: the machine's, or the least that a control group
/// around us grants. `None` where the system does not say.
pub(crate) fn memory() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let total = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mem_total(&text));
    total.into_iter().chain(cgroup_memory(Path::new("/sys/fs/cgroup"), &own)).min()
}

/// Workers that fit: one a core, fewer where memory is short. The number of cores follows the quota of the control group.
pub(crate) fn workers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    fitting(cores, memory())
}

/// Bytes that all pictures being decoded may hold together: half of what there is, and no more than a large picture needs.
pub(crate) fn decode_memory() -> u64 {
    half(memory())
}

fn half(memory: Option<u64>) -> u64 {
    memory.map_or(DECODE_BYTES_MAX, |bytes| (bytes / 2).clamp(DECODE_BYTES_MIN, DECODE_BYTES_MAX))
}

fn fitting(cores: usize, memory: Option<u64>) -> usize {
    let fit = memory.map_or(u64::MAX, |bytes| bytes / 4 * 3 / WORKER_BYTES);
    cores.min(usize::try_from(fit).unwrap_or(usize::MAX)).max(1)
}

fn mem_total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The least limit of our control group and those around it, of either version of the interface.
fn cgroup_memory(root: &Path, own: &str) -> Option<u64> {
    let mut least = None;
    for line in own.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (base, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        // Inside a container the path may be the host's, and only the root is to be seen.
        let mut at = path.trim_matches('/');
        loop {
            let text = fs::read_to_string(base.join(at).join(file)).unwrap_or_default();
            // Without a limit the second version says "max" and the first a number larger than any machine.
            if let Some(limit) = text.trim().parse::<u64>().ok().filter(|limit| *limit < 1 << 60) {
                least = Some(least.map_or(limit, |known: u64| known.min(limit)));
            }
            if at.is_empty() {
                break;
            }
            at = at.rsplit_once('/').map_or("", |(outer, _)| outer);
        }
    }
    least
}

/// Allocations from this size on come from the system and go back to it when they are freed.
#[cfg(target_env = "gnu")]
const MAPPED_FROM: libc::c_int = 1 << 20;

/// Has large allocations go back to the system at once. The C library would raise the size from which it does so with each that
/// is freed, and keep the parts of files that are sent to object storage, one set for every thread: 200 MB where 30 are in use.
pub(crate) fn give_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it sets a number of the allocator, under the allocator's own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_around_us_counts() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("a/b/memory.max", "max\n");
        put("a/memory.max", "536870912\n");
        put("memory/docker/x/memory.limit_in_bytes", "9223372036854771712\n");
        put("memory/memory.limit_in_bytes", "268435456\n");
        assert_eq!(cgroup_memory(root.path(), "0::/a/b\n"), Some(536_870_912));
        assert_eq!(cgroup_memory(root.path(), "0::/\n"), None);
        assert_eq!(
            cgroup_memory(root.path(), "4:cpu,memory:/docker/x\n1:name=systemd:/\n"),
            Some(268_435_456)
        );
        assert_eq!(cgroup_memory(root.path(), "nonsense\n"), None);
    }

    #[test]
    fn workers_fit_the_memory() {
        assert_eq!(fitting(8, None), 8);
        assert_eq!(fitting(8, Some(24 << 30)), 8);
        assert_eq!(fitting(8, Some(1 << 30)), 3);
        assert_eq!(fitting(8, Some(128 << 20)), 1);
        assert_eq!([half(None), half(Some(24 << 30))], [512 << 20; 2]);
        assert_eq!([half(Some(256 << 20)), half(Some(64 << 20))], [128 << 20, 64 << 20]);
        assert_eq!(mem_total("MemFree: 1 kB\nMemTotal:       16384 kB\n"), Some(16_777_216));
    }
}
