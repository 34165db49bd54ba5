"""The Terraform module is well-formed and makes the documents of infra/policies."""

import json
import os
import re
import shutil
import subprocess

import hcl2
import pytest

from documents import INFRA, Setup, document, roles
from setups import SETUPS

MODULE = INFRA / "terraform"
TOOL = shutil.which("terraform") or shutil.which("tofu")
needs_tool = pytest.mark.skipif(TOOL is None, reason="neither terraform nor tofu is installed")
FILES = sorted(MODULE.rglob("*.tf"))


def run(*arguments, directory=MODULE, home, **options):
    """Runs terraform, which must leave nothing in the clone."""
    surroundings = os.environ | {"TF_DATA_DIR": str(home / "data"), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    return subprocess.run(
        [TOOL, *arguments], cwd=directory, env=surroundings, capture_output=True, text=True, **options
    )


def variables(setup):
    return {
        "bucket": setup.bucket,
        "folder": setup.folder,
        "repository": setup.repository,
        "trusted_context": setup.trusted_context,
        "oidc_provider_arn": setup.oidc_provider,
        "trusted_writers": setup.trusted_writers,
        "write_once": setup.write_once,
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(INFRA)))
def test_a_file_parses(path):
    assert hcl2.loads(path.read_text())


@needs_tool
def test_files_are_formatted(tmp_path):
    found = run("fmt", "-check", "-recursive", "-diff", home=tmp_path)
    assert (found.returncode, found.stdout) == (0, ""), found.stderr


@needs_tool
@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS.keys())
def test_its_policies_are_those_that_were_tested(setup, tmp_path):
    (tmp_path / "values.tfvars.json").write_text(json.dumps(variables(setup)))
    names = {name: name.replace("-", "_") for name in roles(setup)}
    outputs = ", ".join(f"{name} = {expression}" for name, expression in _outputs().items())
    asked = run(
        "console", f"-var-file={tmp_path / 'values.tfvars.json'}",
        directory=MODULE / "policies", home=tmp_path, input=f"jsonencode({{ {outputs} }})\n",
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    # The console prints a string, quoted; in it is JSON, and in that the documents as JSON.
    answers = json.loads(json.loads(asked.stdout))
    assert {name: json.loads(answers[names[name]]) for name in names} == roles(setup)


@needs_tool
def test_a_role_that_needs_its_trust_policy_can_be_named_in_the_bucket_policy(tmp_path):
    values = "\n".join(
        f"  {name} = {json.dumps(value)}" for name, value in variables(Setup()).items() if name != "trusted_writers"
    )
    source = os.path.relpath(MODULE / "policies", tmp_path)
    (tmp_path / "main.tf").write_text(
        f'module "policies" {{\n  source = "{source}"\n{values}\n  trusted_writers = [terraform_data.role.id]\n}}\n'
        'resource "terraform_data" "role" {\n  input = module.policies.trust_trusted\n}\n'
        'output "bucket" {\n  value = module.policies.bucket\n}\n'
    )
    for command in (["init", "-input=false"], ["plan", "-input=false", "-no-color"]):
        done = run(*command, directory=tmp_path, home=tmp_path)
        assert done.returncode == 0, done.stderr


def test_the_module_uses_every_document():
    text = (MODULE / "roles.tf").read_text() + (MODULE / "bucket.tf").read_text()
    for output in _outputs():
        assert f"module.policies.{output}" in text


def test_its_bucket_is_private_owned_and_encrypted():
    bucket = _resources("bucket.tf")
    access = bucket["aws_s3_bucket_public_access_block"]
    assert [access[f"{verb}_public_{what}"] for verb, what in _ACCESS] == [True] * 4
    assert bucket["aws_s3_bucket_ownership_controls"]["rule"][0]["object_ownership"] == "BucketOwnerEnforced"
    [rule] = bucket["aws_s3_bucket_server_side_encryption_configuration"]["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"


_ACCESS = [("block", "acls"), ("block", "policy"), ("ignore", "acls"), ("restrict", "buckets")]


def test_its_lifecycle_is_the_documented_one():
    options, rules = ((MODULE / file).read_text() for file in ("variables.tf", "bucket.tf"))
    for rule in document("lifecycle", Setup())["Rules"][:-1]:
        name = rule["ID"].removeprefix("nx-s3-cache ")
        option, prefix = name.replace(" ", "_"), rule["Filter"]["Prefix"].removeprefix("v1/")
        assert re.search(rf"{option} += optional\(number, {rule['Expiration']['Days']}\)", options)
        assert re.search(rf'"{name}" += {{ prefix = "{prefix}", days = var\.days\.{option} }}', rules)


def _outputs():
    """The outputs of the policies module and their expressions."""
    return {
        name: block["value"].removeprefix("${").removesuffix("}")
        for output in _parse(MODULE / "policies" / "main.tf")["output"]
        for name, block in output.items()
    }


def _resources(file):
    """The resources of `file` by type; it has one of each."""
    return {
        kind: block
        for resource in _parse(MODULE / file)["resource"]
        for kind, named in resource.items()
        for block in named.values()
    }


def _parse(path):
    return _unquoted(hcl2.loads(path.read_text()))


def _unquoted(node):
    """python-hcl2 leaves the quotes around names and texts."""
    match node:
        case dict():
            return {_unquoted(key): _unquoted(value) for key, value in node.items()}
        case list():
            return [_unquoted(value) for value in node]
        case str() if node.startswith('"') and node.endswith('"'):
            return node[1:-1]
    return node
