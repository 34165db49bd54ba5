"""The ways of filling in the templates that are compared with infra/policies."""

from documents import Setup

SETUPS = {
    "as simple as can be": Setup(),
    "with everything": Setup(
        bucket="acme.builds",
        folder="team/app/",
        repository="octo-org@1234/shop@5678",
        trusted_context="ref:refs/heads/main",
        other_writers=("arn:aws:iam::123456789012:role/gitlab", "arn:aws:iam::123456789012:user/cleaner"),
        write_once=True,
    ),
}
