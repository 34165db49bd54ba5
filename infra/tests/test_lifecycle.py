"""The rule that deletes by age: every kind of object is covered, and chunks outlive what needs them."""

import re

from documents import INFRA, Setup, document


def _days(folder=""):
    """Days until objects expire, by what their keys begin with."""
    rules = document("lifecycle", Setup(folder=folder))["Rules"]
    return {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule}


def _expires(key, folder=""):
    """After how many days the object of this key expires; one rule at most is about it."""
    [days] = [days for prefix, days in _days(folder).items() if key.startswith(prefix)]
    return days


def test_whatever_the_cache_keeps_expires():
    for folder in ("", "team/app/"):
        trusted = [_expires(f"{folder}v1/t/{key}", folder) for key in ("e/123", "n/acme/shop/modules", "c/ab/abcd")]
        untrusted = [_expires(f"{folder}v1/u/pr-7/{key}", folder) for key in ("e/123", "n/shop", "c/ab/abcd")]
        assert all(trusted) and len(set(untrusted)) == 1


def test_chunks_live_twice_as_long_as_what_needs_them():
    days = _days()
    assert days["v1/t/c/"] >= 2 * max(days["v1/t/e/"], days["v1/t/n/"])


def test_what_others_keep_in_the_bucket_stays():
    days = _days("team/")
    assert all(prefix.startswith("team/v1/") for prefix in days)


def test_the_page_about_retention_says_the_same():
    page = (INFRA.parent / "docs" / "retention.md").read_text()
    told = re.findall(r"^\| .+ \| `<prefix>(\S+)` \| (\d+) \|$", page, re.MULTILINE)
    assert {prefix: int(days) for prefix, days in told} == _days()
