"""Fills in the parameters of the CloudFormation template, as far as it uses the functions of CloudFormation."""

import re

import yaml

from documents import INFRA

TEMPLATE = INFRA / "cloudformation" / "nx-s3-cache.yaml"
NO_VALUE = object()


class _Loader(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": x}, and so on."""


def _tagged(loader, suffix, node):
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


def template():
    """The template as it stands."""
    return yaml.load(TEMPLATE.read_text(), _Loader)


class Stack:
    """The template's resources for `parameters`; `attributes` are what AWS would answer, such as TrustedRole.Arn."""

    def __init__(self, parameters, attributes):
        self._template = template()
        defaults = {name: str(p["Default"]) for name, p in self._template["Parameters"].items() if "Default" in p}
        unknown = set(parameters) - set(self._template["Parameters"])
        assert not unknown, unknown
        self._values = defaults | parameters | {"AWS::Partition": "aws"} | attributes

    def properties(self, resource):
        """The properties of `resource`, all functions resolved."""
        return self._resolve(self._template["Resources"][resource]["Properties"])

    def _resolve(self, node):
        if isinstance(node, list):
            return [value for item in node if (value := self._resolve(item)) is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(name, argument)] = node.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        return {key: self._resolve(value) for key, value in node.items()}

    def _call(self, name, argument):
        match name:
            case "Ref":
                return NO_VALUE if argument == "AWS::NoValue" else self._values[argument]
            case "Fn::GetAtt":
                return self._values[argument]
            case "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._values[found[1]], argument)
            case "Fn::If":
                condition, then, otherwise = argument
                return self._resolve(then if self._holds(condition) else otherwise)
            case "Fn::Split":
                separator, text = argument
                return self._resolve(text).split(separator)
        raise AssertionError(f"{name} is not known here")

    def _holds(self, condition):
        [(name, argument)] = self._template["Conditions"][condition].items()
        negated = name == "Fn::Not"
        if negated:
            [(name, argument)] = argument[0].items()
        assert name == "Fn::Equals", name
        left, right = (self._resolve(side) for side in argument)
        return (left == right) != negated
