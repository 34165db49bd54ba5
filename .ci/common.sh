# What .ci/run and .ci/nightly share; sourced by both from the top of the clone.

cache="${XDG_CACHE_HOME:-$HOME/.cache}/nx-s3-cache-ci"
mkdir -p "$cache"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
export CARGO_TERM_COLOR=never NO_COLOR=1

section() { printf '\n══ %s ══\n' "$*"; }

check_tree() {
  local changes
  changes="$(git status --porcelain)"
  if [ -n "$changes" ]; then
    printf 'The work tree is not clean: generated files have drifted, or something writes into the tree.\n%s\n' "$changes"
    git --no-pager diff
    return 1
  fi
}
