#!/usr/bin/env bash
# Builds what is released for $TARGET, on a machine of that kind, tests it there, and leaves in release/: the addon, the
# standalone program, and (the same from each machine) the loader.
set -euo pipefail
cd "$(dirname "$0")/../.."

rustup toolchain install "$RUST" --profile minimal --no-self-update --target "$TARGET"
export RUSTUP_TOOLCHAIN="$RUST"
npm install --no-save

# With musl the addon needs a shared C library, and the program none.
case "$TARGET" in
  *-musl) addon='-C target-feature=-crt-static' ;;
  *) addon='' ;;
esac
RUSTFLAGS="$addon" npm run build:native -- --release --target "$TARGET"
npm run build:ts
cargo build --release --locked --target "$TARGET" --bin nx-s3-cache

npm run test:js
cargo build --locked --target host-tuple --example dev_s3_server
node --test __test__/contract/contract.test.mjs

mkdir -p release
cp ./*.node index.js release/
suffix=''
[ -e "target/$TARGET/release/nx-s3-cache.exe" ] && suffix='.exe'
cp "target/$TARGET/release/nx-s3-cache$suffix" "release/nx-s3-cache-$TARGET$suffix"
"release/nx-s3-cache-$TARGET$suffix" --version
