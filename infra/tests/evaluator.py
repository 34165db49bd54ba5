"""Decides requests by IAM policies, as far as the documents of infra/policies use the language.

The rules are those of AWS: a matching Deny wins, then a matching Allow, else the request is denied. Whatever this
module doesn't know is an error, so that a document can't pass because half of it was ignored.
"""

import fnmatch
import re
from dataclasses import dataclass, field

STATEMENT_KEYS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition"}


@dataclass(frozen=True)
class Request:
    """One action on one resource; `context` holds the condition keys that the request has."""

    action: str
    resource: str
    context: dict = field(default_factory=dict)


def allowed(request, *policies):
    """Whether `policies` together allow `request`."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in policy["Statement"]
        if _concerns(statement, request)
    }
    return effects == {"Allow"}


def denied_explicitly(request, *policies):
    """Whether a Deny statement applies, whatever else is allowed."""
    return any(
        statement["Effect"] == "Deny" and _concerns(statement, request)
        for policy in policies
        for statement in policy["Statement"]
    )


def _concerns(statement, request):
    unknown = set(statement) - STATEMENT_KEYS
    assert not unknown, f"this evaluator does not know {unknown}"
    return (
        _action_matches(statement, request.action)
        and _resource_matches(statement, request.resource)
        and all(
            _condition_holds(operator, key, values, request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _action_matches(statement, action):
    if "NotAction" in statement:
        return not _any_like(statement["NotAction"], action, ignore_case=True)
    return _any_like(statement["Action"], action, ignore_case=True)


def _resource_matches(statement, resource):
    # The trust policy of a role has no resource: it is the role.
    return "Resource" not in statement or _any_like(statement["Resource"], resource)


def _condition_holds(operator, key, values, context):
    value = context.get(key)
    match operator:
        case "Null":
            return (value is None) == (values == "true")
        case "Bool" | "StringEquals":
            return value is not None and value in _list(values)
        case "StringLike":
            return value is not None and _any_like(values, value)
        case "ArnNotEquals":
            # Negated operators hold for a key that the request doesn't have.
            return value is None or not _any_like(values, value)
    raise AssertionError(f"this evaluator does not know {operator}")


def _any_like(patterns, text, ignore_case=False):
    flags = re.IGNORECASE if ignore_case else 0
    return any(re.fullmatch(_expression(pattern), text, flags | re.DOTALL) for pattern in _list(patterns))


def _expression(pattern):
    assert "[" not in pattern, "IAM has no character classes, and fnmatch has"
    return fnmatch.translate(pattern)


def _list(value):
    return value if isinstance(value, list) else [value]
