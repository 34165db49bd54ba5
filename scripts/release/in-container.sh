#!/bin/sh
# Installs what build.sh needs in a bare Alpine or AlmaLinux image, and runs it.
set -eu
if command -v apk > /dev/null; then
  apk add bash curl gcc git make musl-dev
else
  curl --fail --silent --show-error --location https://rpm.nodesource.com/setup_20.x | bash -
  dnf install --assumeyes nodejs
fi
curl --fail --silent --show-error --location https://sh.rustup.rs | sh -s -- -y --profile minimal --default-toolchain none
. "$HOME/.cargo/env"
git config --global --add safe.directory /source
exec bash scripts/release/build.sh
