#!/usr/bin/env bash
# Checks everything under infra/: the templates' syntax, that Terraform and CloudFormation make the policies in
# infra/policies, and that those policies allow and deny what docs/security.md says.
#
# Needs Python 3.11 or later, and terraform or tofu for some checks; without them it names those it left out.
# The Python packages live in a virtual environment outside the clone, made once for each set of pinned versions.
set -euo pipefail
cd "$(dirname "$0")/tests"

pins=$(sha256sum requirements.txt | cut -c1-12)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/nx-s3-cache/infra-$pins"
if [ ! -e "$venv/ready" ]; then
  echo "Installing the pinned packages into $venv"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" --quiet --disable-pip-version-check install --no-deps --requirement requirements.txt
  touch "$venv/ready"
fi

exec "$venv/bin/python" -B -m pytest -p no:cacheprovider --quiet "$@"
