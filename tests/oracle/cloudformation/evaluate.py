"""What independent implementations make of a template: moto's parser of templates for functions and conditions, cfn-lint's
transform for the language extensions. Where AWS documents otherwise, AWS is followed; EXCEPTIONS names each such place."""

import copy
import ipaddress
import json
import logging
import os
import warnings

os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

from cfnlint.template import Template
from cfnlint.template.transforms import _language_extensions
from moto.cloudformation import parsing

GUIDE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/"
EXCEPTIONS = [
    ("A list element that is AWS::NoValue is removed; moto keeps it as null.", GUIDE + "TemplateReference/intrinsic-function-reference-conditions.html"),
    ("Elements of a list parameter are trimmed, and a default is split like a given value; moto does neither.", GUIDE + "UserGuide/parameters-section-structure.html"),
    ("Fn::Equals compares numbers and truth values as the texts that they are written as; moto compares types.", GUIDE + "UserGuide/parameters-section-structure.html"),
    ("A truth value in Fn::Join and Fn::Sub is `true` or `false`; moto writes `True`.", GUIDE + "TemplateReference/intrinsic-function-reference-join.html"),
    ("Fn::Sub leaves the values that it puts in as they are; moto looks for variables in them again.", GUIDE + "TemplateReference/intrinsic-function-reference-sub.html"),
    ("Fn::Cidr, which moto does not know, is computed with Python's ipaddress.", GUIDE + "TemplateReference/intrinsic-function-reference-cidr.html"),
    ("Fn::Length, which moto does not know, is the number of elements.", GUIDE + "TemplateReference/intrinsic-function-reference-length.html"),
    ("Fn::ToJsonString writes no blanks; moto does.", GUIDE + "TemplateReference/intrinsic-function-reference-ToJsonString.html"),
    ("A truth value or number of a mapping stays what it is when it is found.", GUIDE + "UserGuide/mappings-section-structure.html"),
    ("A condition that is nothing but another condition is worth the same; moto makes null of it.", GUIDE + "UserGuide/conditions-section-structure.html"),
    ("Which availability zones a region has depends on the account; moto names four.", GUIDE + "TemplateReference/intrinsic-function-reference-getavailabilityzones.html"),
    ("The DefaultValue of Fn::FindInMap is taken where moto finds nothing.", GUIDE + "TemplateReference/intrinsic-function-reference-findinmap-enhancements.html"),
    ("Fn::Sub turns `${!Literal}` into `${Literal}` also where nothing else is put in; cfn-lint leaves such a text as it is.", GUIDE + "TemplateReference/intrinsic-function-reference-sub.html"),
    ("cfn-lint guesses parameters in the keys of Fn::FindInMap; here they are put in before.", GUIDE + "TemplateReference/intrinsic-function-reference-findinmap-enhancements.html"),
]
# What only a deployment knows differs between two evaluations; the account of one is the one that conditions ask for.
ACCOUNTS = {"a-1/b.c,d": "111122223333", "z": "444455556666"}
UNKNOWN = "(only a deployment knows)"


def text_of(value):
    """A scalar as CloudFormation writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


moto_clean = parsing.clean_json


def clean(value, resources):
    """moto's evaluation with the exceptions; moto's own recursion comes back here."""
    if isinstance(value, list):
        items = [clean(item, resources) for item in value]
        return [item for item in items if item is not None]
    if isinstance(value, dict) and len(value) == 1:
        (name, argument), = value.items()
        if name == "Fn::Cidr":
            block, count, bits = [clean(part, resources) for part in argument]
            block = ipaddress.ip_network(block)
            subnets = block.subnets(new_prefix=block.max_prefixlen - int(bits))
            return [str(next(subnets)) for _ in range(int(count))]
        if name == "Fn::GetAZs":
            return [f"{resources.salt}zone{number}" for number in range(2 + len(resources.salt))]
        if name == "Fn::Length":
            return len(clean(argument, resources))
        if name == "Fn::ToJsonString":
            return json.dumps(clean(argument, resources), separators=(",", ":"), ensure_ascii=False)
        if name == "Fn::Join":
            items = [text_of(item) for item in clean(argument[1], resources)]
            return moto_clean({"Fn::Join": [argument[0], items]}, resources)
        if name == "Fn::Base64":
            return moto_clean({"Fn::Base64": text_of(clean(argument, resources))}, resources)
        if name == "Fn::Split":
            return moto_clean({"Fn::Split": [argument[0], text_of(clean(argument[1], resources))]}, resources)
        if name == "Fn::Sub":
            return substituted(argument, resources)
        if name == "Fn::FindInMap":
            keys = [text_of(clean(part, resources)) for part in argument[:3]]
            try:
                return moto_clean({"Fn::FindInMap": keys}, resources)
            except KeyError:
                if len(argument) < 4:
                    raise
                return clean(argument[3]["DefaultValue"], resources)
    return moto_clean(value, resources)


def substituted(argument, resources):
    """Piece by piece, so that what is put in is not looked at again: each variable is a Fn::Sub of its own to moto."""
    pattern, own = argument if isinstance(argument, list) else (argument, {})
    own = {name: text_of(clean(value, resources)) for name, value in own.items()}
    made = []
    while "${" in pattern:
        before, rest = pattern.split("${", 1)
        name, pattern = rest.split("}", 1)
        made.append(before)
        if name.startswith("!"):
            made.append("${" + name[1:] + "}")
        elif name in own:
            made.append(own[name])
        elif "." in name:
            made.append(text_of(moto_clean({"Fn::GetAtt": name.split(".", 1)}, resources)))
        else:
            made.append(text_of(moto_clean({"Ref": name}, resources)))
    return "".join(made) + pattern


moto_condition = parsing.parse_condition


def condition(written, resources, conditions):
    if isinstance(written, dict) and "Condition" in written:
        return conditions[written["Condition"]]
    if isinstance(written, dict) and "Fn::Equals" in written:
        left, right = [clean(operand, resources) for operand in written["Fn::Equals"]]
        if not isinstance(left, list) and not isinstance(right, list):
            left, right = text_of(left), text_of(right)
        return left == right
    return moto_condition(written, resources, conditions)


class Transform(_language_extensions._Transform):
    """cfn-lint's transform; a text with literal variables is still one for Fn::Sub."""

    def _replace_string_params(self, s, params):
        is_plain, made = super()._replace_string_params(s, params)
        return is_plain and "${!" not in s, made


_language_extensions._Transform = Transform
parsing.clean_json = clean
parsing.parse_condition = condition


class Thing:
    """A resource of which nothing is known."""

    def __init__(self, name, salt):
        self.name = name
        self.salt = salt

    @property
    def physical_resource_id(self):
        return f"unknown{self.salt}{self.name}"

    def get_cfn_attribute(self, attribute):
        return f"unknown{self.salt}{self.name}{attribute}"


class Resources(parsing.ResourceMap):
    """moto's map of what names mean, without creating anything."""

    def __init__(self, template, parameters, region, salt):
        super().__init__(f"unknown{salt}stackid", f"unknown{salt}stack", parameters, {}, region, ACCOUNTS[salt], template, {})
        for name in template["Resources"]:
            self._parsed_resources[name] = Thing(name, salt)
        self.salt = salt

    def parse_ssm_parameter(self, value, value_type):
        return f"unknown{self.salt}{value}"


def with_keys(value, known):
    """Parameters in the keys of look-ups put in."""
    if isinstance(value, list):
        return [with_keys(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::FindInMap" in value:
        keys = [
            known.get(key["Ref"], key) if isinstance(key, dict) and "Ref" in key else key
            for key in value["Fn::FindInMap"]
        ]
        return {"Fn::FindInMap": keys}
    return {name: with_keys(member, known) for name, member in value.items()}


def extended(template, parameters, region):
    """The language extensions, carried out by cfn-lint with the parameters as defaults."""
    template = copy.deepcopy(template)
    names = template.get("Transform")
    if names != "AWS::LanguageExtensions":
        return template
    given = copy.deepcopy(template)
    for name, value in parameters.items():
        if not given["Parameters"][name]["Type"].startswith("AWS::SSM"):
            given["Parameters"][name]["Default"] = value
    known = {name: value for name, value in parameters.items() if "List" not in given["Parameters"][name]["Type"]}
    given = with_keys(given, {**known, "AWS::Region": region, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"})
    made = {}
    for section in ["Conditions", "Resources", "Outputs"]:
        part = dict(given, **{other: {} for other in ["Conditions", "Resources", "Outputs"] if other != section})
        matches, result = _language_extensions.language_extension(Template("template.yaml", part, ["us-east-1"]))
        if matches:
            raise ValueError(str(matches[0].message))
        made[section] = result.get(section, {})
    return dict(template, **made)


def once(template, parameters, region, salt):
    template = extended(template, parameters, region)
    types = {name: body["Type"] for name, body in template.get("Parameters", {}).items()}
    resources = Resources(template, parameters, region, salt)
    resources.load_mapping()
    resources.load_parameters()
    for name, kind in types.items():
        if "List" in kind and not kind.startswith("AWS::SSM"):
            value = resources._parsed_resources[name]
            items = value.split(",") if isinstance(value, str) else value
            resources._parsed_resources[name] = [item.strip() if isinstance(item, str) else item for item in items]
    resources.load_conditions()
    conditions = {name: resources.lazy_condition_map[name] for name in template.get("Conditions", {})}
    outputs, made = {}, {}
    for name, output in template.get("Outputs", {}).items():
        if conditions.get(output.get("Condition"), True):
            outputs[name] = clean(output["Value"], resources)
    for name, resource in template["Resources"].items():
        exists = conditions.get(resource.get("Condition"), True)
        made[name] = clean(resource.get("Properties", {}), resources) if exists else None
    return {"conditions": conditions, "outputs": outputs, "resources": made}


def agreed(first, second):
    """What does not depend on what only a deployment knows."""
    if isinstance(first, dict) and isinstance(second, dict):
        names = [*first, *(name for name in second if name not in first)]
        absent = object()
        return {name: agreed(first.get(name, absent), second.get(name, absent)) for name in names}
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [agreed(one, other) for one, other in zip(first, second)]
    return first if first == second and type(first) is type(second) else UNKNOWN


def evaluate(template, parameters, region="us-east-1"):
    """Conditions, outputs and properties of resources (null for those that do not exist)."""
    one, other = [once(template, parameters, region, salt) for salt in ACCOUNTS]
    return agreed(one, other)
