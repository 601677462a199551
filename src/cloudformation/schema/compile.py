"""Writes types.txt from the resource schemas that cfn-lint ships: `compile.py FOLDER_OF_THE_PACKAGE > types.txt`.

A block for each service: `%AWS::EC2`; a line for each shape (`Name:type Name:type`); an empty line; a line for each resource
type: its name, the number of its shape, and the attributes that `Fn::GetAtt` gives: `*` stands for every property, `**` for
whatever somebody asks for, `Outputs.*` for every name of an output.
A type is `s` (string), `i` (integer), `n` (number), `b` (boolean), `a` (anything), the number of a shape, or one of these
after `[` (a list of) or `{` (a map to).
"""

import json
import re
import sys
from pathlib import Path

SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
ANYTHING = ("", "a")


def resolved(root, schema):
    while "$ref" in schema:
        found = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def parts(root, schema):
    """Types, members, elements and values of a schema with those of its alternatives."""
    schema = resolved(root, schema)
    types = schema.get("type", [])
    types = {types} if isinstance(types, str) else set(types) - {"null"}
    members = dict(schema.get("properties", {}))
    elements = [schema["items"]] if isinstance(schema.get("items"), dict) else []
    values = list(schema.get("patternProperties", {}).values())
    if isinstance(schema.get("additionalProperties"), dict):
        values.append(schema["additionalProperties"])
    if types and "object" not in types:
        # Some lists name the members of their elements once more.
        members, values = {}, []
    for word in ("oneOf", "anyOf", "allOf"):
        for alternative in schema.get(word, []):
            if isinstance(alternative, dict):
                others = parts(root, alternative)
                types |= others[0]
                members = {**others[1], **members}
                elements += others[2]
                values += others[3]
    if members or values:
        types.add("object")
    if elements:
        types.add("array")
    return types, members, elements, values


class Service:
    """The shapes of one service's resource types. A type is a pair: brackets, and a letter or the number of a node."""

    def __init__(self):
        self.bodies = []
        self.nodes = {}
        self.kept = []

    def type_of(self, root, schema, depth=0):
        if not isinstance(schema, dict) or depth > 20:
            return ANYTHING
        schema = resolved(root, schema)
        types, members, elements, values = parts(root, schema)
        if "array" in types and types <= {"array", "object", "string"} and not members:
            # Lists, or documents and texts that stay as they are.
            types = {"array"}
        if types == {*SCALARS, "array", "object"}:
            # cfn-lint's leniency: AWS documents these (a function's variables, a stack's parameters) as strings.
            types = {"string"}
        if len(types) != 1:
            return ANYTHING
        [kind] = types
        if kind in SCALARS:
            return ("", SCALARS[kind])
        if kind == "object" and members:
            return ("", self.node_of(root, schema, members))
        inner = elements if kind == "array" else values
        inner = {self.type_of(root, one, depth + 1) for one in inner}
        if kind == "object" and len(inner) != 1:
            return ANYTHING
        brackets, inner = inner.pop() if len(inner) == 1 else ANYTHING
        return (("[" if kind == "array" else "{") + brackets, inner)

    def node_of(self, root, schema, members):
        if id(schema) in self.nodes:
            return self.nodes[id(schema)]
        node = self.nodes[id(schema)] = len(self.bodies)
        self.kept.append(schema)
        self.bodies.append([])
        body = []
        for name, member in sorted(members.items()):
            assert re.fullmatch(r"[^\s:]+", name), name
            body.append((name, self.type_of(root, member)))
        self.bodies[node] = body
        return node

    def shapes(self):
        """The number of each node's shape, and the shapes: what cannot be told apart is one."""
        numbers = [0] * len(self.bodies)
        while True:
            shapes = {}
            after = [shapes.setdefault(self.line(body, numbers), len(shapes)) for body in self.bodies]
            if after == numbers:
                return numbers, list(shapes)
            numbers = after

    def line(self, body, numbers):
        return " ".join(f"{name}:{self.code(kind, numbers)}" for name, kind in body)

    def code(self, kind, numbers):
        brackets, inner = kind
        return brackets + (str(numbers[inner]) if isinstance(inner, int) else inner)


def attributes_of(kind, schema, exceptions):
    """<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getatt.html>"""
    every, more = exceptions
    if kind in every:
        return ["*"]
    if kind == "AWS::CloudFormation::CustomResource":
        return ["**"]
    if kind == "AWS::CloudFormation::Stack":
        return ["Outputs.*"]
    pointers = [*schema.get("readOnlyProperties", []), *("/properties/" + name for name in more.get(kind, []))]
    names = {".".join(pointer.split("/")[2:]) for pointer in pointers}
    return sorted("Outputs.*" if name == "Outputs" else name for name in names)


def main(package):
    sys.path.insert(0, str(package.parent))
    from cfnlint.schema import _getatts

    exceptions = (_getatts._all_property_types, _getatts._exceptions)
    schemas = package / "data" / "schemas"
    kinds = {}
    for provider in sorted((schemas / "providers").glob("*.json")):
        if provider.stem not in ("sam", "module"):
            kinds.update(json.loads(provider.read_text()))
    date = json.loads((schemas / "version.json").read_text())["schema_date"][:10]
    print("# Resource types of CloudFormation, from the resource provider schemas that AWS publishes, as they stand in")
    print(f"# cfn-lint (MIT-0) on {date}. Written by compile.py, which tells the format.")
    services = {}
    for kind in sorted(kinds):
        schema = json.loads((schemas / "resources" / f"{kinds[kind]}.json").read_text())
        service, name = kind.rsplit("::", 1)
        service, types = services.setdefault(service, (Service(), []))
        body = {"properties": schema.get("properties", {}), **{w: schema[w] for w in ("oneOf", "anyOf", "allOf") if w in schema}}
        body = parts(schema, body)[1]
        node = service.node_of(schema, schema, body)
        types.append((name, node, attributes_of(kind, schema, exceptions)))
    for name, (service, types) in sorted(services.items()):
        numbers, shapes = service.shapes()
        print(f"%{name}")
        print("\n".join(shapes))
        print()
        for kind, node, attributes in types:
            print(" ".join([kind, str(numbers[node]), *attributes]))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
