//! How many files this process may open, and how much of the cache that allows at once.

use std::fs;

/// A restore has a connection, a lock, a directory and a file open; as many again belong to Node and Nx, which would
/// fail without.
const FILES_OF_A_REQUEST: usize = 8;

/// How many of the `wanted` requests may be under way at once, so that this process doesn't run out of files: at least
/// one, and all of them where the limit is not known.
pub fn requests_at_once(wanted: usize) -> usize {
    limit().map_or(wanted, |files| within(files, wanted))
}

fn within(files: usize, wanted: usize) -> usize {
    wanted.min(files / FILES_OF_A_REQUEST).max(1)
}

/// The limit as Linux tells it. Elsewhere Node has raised its own as far as it goes, which is far.
fn limit() -> Option<usize> {
    soft_limit(&fs::read_to_string("/proc/self/limits").ok()?)
}

/// From proc_pid_limits(5): name, soft limit, hard limit, unit.
fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_soft_one() {
        let limits = "Max processes             63432                63432                processes \n\
                      Max open files            1024                 1048576              files     \n";
        assert_eq!(soft_limit(limits), Some(1024));
        assert_eq!(
            soft_limit("Max open files            unlimited            unlimited            files"),
            None
        );
        assert_eq!(soft_limit(""), None);
    }

    #[test]
    fn a_usual_limit_changes_nothing_and_a_low_one_leaves_something() {
        assert_eq!(within(1024, 32), 32);
        assert_eq!(within(64, 32), 8);
        assert_eq!(within(3, 32), 1);
    }
}
