//! The limit of open files, and how many requests it allows at once.

/// A restore has a connection, a lock, a directory and a file open; Node and Nx need as many again, and fail without.
const FILES_PER_REQUEST: u64 = 8;

/// How many of the `wanted` requests may be under way at once, so that this process doesn't run out of files: at least one,
/// and all of them where there is no limit.
pub fn max_concurrent_requests(wanted: usize) -> usize {
    soft_limit().map_or(wanted, |files| within(files, wanted))
}

fn within(files: u64, wanted: usize) -> usize {
    usize::try_from(files / FILES_PER_REQUEST).map_or(wanted, |most| wanted.min(most).max(1))
}

fn soft_limit() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_limit_is_the_soft_one() {
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"));
        let soft = line.unwrap().split_whitespace().next().unwrap();
        assert_eq!(soft_limit(), soft.parse().ok());
    }

    #[test]
    fn a_usual_limit_changes_nothing_and_a_low_one_leaves_something() {
        assert_eq!(within(1024, 32), 32);
        assert_eq!(within(64, 32), 8);
        assert_eq!(within(3, 32), 1);
    }
}
