"""The documents of infra/policies with their placeholders filled in."""

import json
from dataclasses import dataclass
from pathlib import Path

INFRA = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setup:
    """One way in which somebody may have filled in the placeholders."""

    bucket: str = "nx-cache"
    folder: str = ""
    repository: str = "octo-org/shop"
    trusted_context: str = "environment:nx-cache"
    oidc_provider: str = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    trusted_role: str = "arn:aws:iam::123456789012:role/nx-s3-cache-trusted"
    other_writers: tuple[str, ...] = ()
    write_once: bool = False

    @property
    def trusted_writers(self):
        return [self.trusted_role, *self.other_writers]


def document(name, setup):
    """The document `infra/policies/<name>.json` for `setup`."""
    text = (INFRA / "policies" / f"{name}.json").read_text()
    for placeholder, value in {
        "<bucket>": setup.bucket,
        "<prefix>": setup.folder,
        "<repository>": setup.repository,
        "<trusted-context>": setup.trusted_context,
        "<oidc-provider-arn>": setup.oidc_provider,
        '["<trusted-role-arn>"]': json.dumps(setup.trusted_writers),
    }.items():
        text = text.replace(placeholder, value)
    assert "<" not in text, f"{name}.json has a placeholder that nobody fills in"
    return json.loads(text)


def bucket_policy(setup):
    """The whole bucket policy for `setup`."""
    policy = document("bucket", setup)
    if setup.write_once:
        policy["Statement"] += document("bucket-write-once", setup)["Statement"]
    return policy


def roles(setup):
    """Every document that Terraform and CloudFormation must make too."""
    names = ("role-trusted", "role-untrusted", "role-developer", "trust-trusted", "trust-untrusted")
    return {name: document(name, setup) for name in names} | {"bucket": bucket_policy(setup)}
