"""What each role can and can't do, judged twice: by moto with real calls, and by this folder's evaluator."""

import pytest

from account import gets_through
from calls import ATTACKS, CALLS, MAY
from documents import Setup, document
from evaluator import Request, allowed

FULL_ACCESS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
ROLES_AND_CALLS = [(role, name) for role in MAY for name in CALLS]


@pytest.fixture(params=["", "team/app/"], ids=["bucket's root", "prefix"])
def setup(request):
    return Setup(folder=request.param)


def granted(permissions, setup, *policies):
    """Whether the evaluator grants all of `permissions`."""
    return all(
        allowed(Request(action, resource.format(bucket=setup.bucket, folder=setup.folder)), *policies)
        for action, resource in permissions
    )


def judged(call, setup, *policies):
    """Whether `call` is allowed, after both judges agreed on what both know."""
    asked = [permission for permission in call.needs if permission not in call.unasked]
    assert gets_through(call, setup, *policies) == granted(asked, setup, *policies)
    return granted(call.needs, setup, *policies)


@pytest.mark.parametrize(("role", "name"), ROLES_AND_CALLS)
def test_a_role_can_do_what_the_cache_needs_and_nothing_else(role, name, setup):
    assert judged(CALLS[name], setup, document(f"role-{role}", setup)) == (name in MAY[role])


@pytest.mark.parametrize("name", ATTACKS)
def test_the_deny_holds_even_if_the_untrusted_role_is_given_full_access_to_s3(name, setup):
    assert not judged(CALLS[name], setup, document("role-untrusted", setup), FULL_ACCESS)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attacks_work_where_nothing_forbids_them(name, setup):
    assert judged(CALLS[name], setup, FULL_ACCESS)


def test_there_are_attacks_of_every_kind():
    assert len(ATTACKS) >= 15
