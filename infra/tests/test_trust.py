"""Which jobs of GitHub Actions get which role, by the subject of their tokens."""

import pytest

from documents import Setup, document
from evaluator import Request, allowed

ISSUER = "token.actions.githubusercontent.com"
ENVIRONMENT = Setup()
BRANCH = Setup(trusted_context="ref:refs/heads/main")
IMMUTABLE = Setup(repository="octo-org@1234/shop@5678")

# What GitHub puts into the token of a job, for each kind of run.
PULL_REQUEST = "repo:octo-org/shop:pull_request"
MAIN = "repo:octo-org/shop:ref:refs/heads/main"
OTHER_BRANCH = "repo:octo-org/shop:ref:refs/heads/topic"
MERGE_QUEUE = "repo:octo-org/shop:ref:refs/heads/gh-readonly-queue/main/pr-7-abc"
TAG = "repo:octo-org/shop:ref:refs/tags/v1"
PROTECTED = "repo:octo-org/shop:environment:nx-cache"
OTHER_ENVIRONMENT = "repo:octo-org/shop:environment:preview"
STRANGERS = [
    "repo:octo-org/shop-2:environment:nx-cache",
    "repo:octo-org/shop-2:pull_request",
    "repo:mallory/shop:environment:nx-cache",
    "repo:mallory/shop:pull_request",
    "repo:mallory/octo-org/shop:pull_request",
    "repo:octo-org@9/shop@9:environment:nx-cache",
]


def gets(role, subject, setup, audience="sts.amazonaws.com"):
    context = {f"{ISSUER}:sub": subject, f"{ISSUER}:aud": audience}
    request = Request("sts:AssumeRoleWithWebIdentity", "", context)
    return allowed(request, document(f"trust-{role}", setup))


@pytest.mark.parametrize(
    "subject", [PULL_REQUEST, MAIN, OTHER_BRANCH, MERGE_QUEUE, TAG, OTHER_ENVIRONMENT, *STRANGERS]
)
def test_only_the_protected_environment_gets_the_trusted_role(subject):
    assert gets("trusted", PROTECTED, ENVIRONMENT)
    assert not gets("trusted", subject, ENVIRONMENT)


@pytest.mark.parametrize("subject", [PULL_REQUEST, OTHER_BRANCH, MERGE_QUEUE, TAG, PROTECTED, *STRANGERS, MAIN + "-2"])
def test_only_the_protected_branch_gets_the_trusted_role(subject):
    assert gets("trusted", MAIN, BRANCH)
    assert not gets("trusted", subject, BRANCH)


@pytest.mark.parametrize("subject", [PULL_REQUEST, OTHER_BRANCH, MERGE_QUEUE])
def test_pull_requests_and_branches_get_the_untrusted_role(subject):
    assert gets("untrusted", subject, ENVIRONMENT)


@pytest.mark.parametrize("subject", [TAG, PROTECTED, OTHER_ENVIRONMENT, *STRANGERS])
def test_nothing_else_gets_the_untrusted_role(subject):
    assert not gets("untrusted", subject, ENVIRONMENT)


@pytest.mark.parametrize("role", ["trusted", "untrusted"])
def test_a_token_made_for_somebody_else_gets_no_role(role):
    for subject in (PROTECTED, PULL_REQUEST):
        assert not gets(role, subject, ENVIRONMENT, audience="https://github.com/octo-org")


def test_immutable_subjects_are_not_met_by_a_recycled_name():
    assert gets("trusted", "repo:octo-org@1234/shop@5678:environment:nx-cache", IMMUTABLE)
    assert not gets("trusted", "repo:octo-org@9/shop@9:environment:nx-cache", IMMUTABLE)
    assert not gets("trusted", PROTECTED, IMMUTABLE)


@pytest.mark.parametrize("role", ["trusted", "untrusted"])
def test_no_role_is_for_the_whole_repository(role):
    [statement] = document(f"trust-{role}", ENVIRONMENT)["Statement"]
    for condition in statement["Condition"].values():
        subjects = condition.get(f"{ISSUER}:sub", [])
        for subject in subjects if isinstance(subjects, list) else [subjects]:
            assert not subject.endswith((":*", "/*:*")), subject
