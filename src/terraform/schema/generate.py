#!/usr/bin/env python3
"""Writes aws.txt: what the AWS provider says of its arguments, and what it was seen to make of them.

    pip install grpcio grpcio-tools msgpack
    python3 generate.py terraform-provider-aws_v5.100.0_x5 > aws.txt

The provider is started as Terraform starts it (https://github.com/hashicorp/go-plugin), asked for its schema, and then
for plans of resources with nothing but the arguments that are needed: what stands in them beside null and unknown is a
default. It needs no credentials and calls no service.
"""

import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse

import grpc
import msgpack
from grpc_tools import protoc

# What is used of protocol 5 of Terraform's plugins.
PROTOCOL = """
syntax = "proto3";
package tfplugin5;
message Value { bytes msgpack = 1; }
message Diagnostic { int32 severity = 1; string summary = 2; string detail = 3; }
message Attribute {
  string name = 1; bytes type = 2; bool required = 4; bool optional = 5; bool computed = 6; bool sensitive = 7;
  bool write_only = 10;
}
message Nested { string name = 1; Block block = 2; int32 nesting = 3; int64 least = 4; int64 most = 5; }
message Block { repeated Attribute attributes = 2; repeated Nested blocks = 3; }
message Schema { Block block = 2; }
message Empty {}
message Schemas {
  Schema provider = 1;
  map<string, Schema> resources = 2;
  map<string, Schema> data = 3;
  map<string, Schema> ephemeral = 8;
}
message ConfigureRequest { string version = 1; Value config = 2; }
message ConfigureResponse { repeated Diagnostic diagnostics = 1; }
message PlanRequest { string type = 1; Value prior = 2; Value proposed = 3; Value config = 4; }
message ReadRequest { string type = 1; Value config = 2; }
message ReadResponse { Value state = 1; repeated Diagnostic diagnostics = 2; }
message PlanResponse { Value planned = 1; repeated Diagnostic diagnostics = 4; bool legacy = 5; }
"""

NESTING = {1: "object", 2: "list", 3: "set", 4: "map", 5: "group"}
UNKNOWN = msgpack.ExtType(0, b"")


class Provider:
    """A running provider."""

    def __init__(self, path):
        folder = tempfile.mkdtemp()
        with open(os.path.join(folder, "plugin.proto"), "w") as file:
            file.write(PROTOCOL)
        protoc.main(["protoc", f"-I{folder}", f"--python_out={folder}", os.path.join(folder, "plugin.proto")])
        sys.path.insert(0, folder)
        self.words = importlib.import_module("plugin_pb2")
        self.path = path
        self.start()

    def start(self):
        cookie = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
        environment = {"TF_PLUGIN_MAGIC_COOKIE": cookie, "PLUGIN_PROTOCOL_VERSIONS": "5", "PATH": os.environ["PATH"]}
        self.process = subprocess.Popen(
            [self.path], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        address = self.process.stdout.readline().strip().split("|")[3]
        limits = [("grpc.max_receive_message_length", 1 << 30)]
        self.channel = grpc.insecure_channel(f"unix:{address}", options=limits)
        self.all = self.call("GetSchema", self.words.Empty(), self.words.Schemas)
        self.configure(self.all.provider.block)

    def call(self, method, request, response):
        return self.channel.unary_unary(
            f"/tfplugin5.Provider/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )(request, timeout=120)

    def configure(self, block):
        config = {attribute.name: None for attribute in block.attributes}
        config |= {nested.name: [] for nested in block.blocks}
        config |= {
            "region": "us-east-1",
            "access_key": "AKIAIOSFODNN7EXAMPLE",
            "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "skip_credentials_validation": True,
            "skip_requesting_account_id": True,
            "skip_metadata_api_check": "true",
            "skip_region_validation": True,
        }
        request = self.words.ConfigureRequest(version="1.11.4", config=self.value(config))
        return self.call("Configure", request, self.words.ConfigureResponse)

    def value(self, value):
        return self.words.Value(msgpack=msgpack.packb(value))

    def read(self, kind, config):
        request = self.words.ReadRequest(type=kind, config=self.value(config))
        response = self.call("ReadDataSource", request, self.words.ReadResponse)
        return msgpack.unpackb(response.state.msgpack)

    def plan(self, kind, config, proposed):
        request = self.words.PlanRequest(
            type=kind, prior=self.value(None), proposed=self.value(proposed), config=self.value(config)
        )
        try:
            response = self.call("PlanResourceChange", request, self.words.PlanResponse)
        except grpc.RpcError as error:
            # Some resources cannot be planned with so little: the provider falls over.
            self.process.kill()
            self.process.wait()
            self.start()
            return None, [error.details()]
        self.is_legacy = response.legacy
        errors = [d.summary + ": " + d.detail for d in response.diagnostics if d.severity == 1]
        planned = msgpack.unpackb(response.planned.msgpack, strict_map_key=False) if response.planned.msgpack else None
        return planned, errors


def many(nested):
    return nested.nesting in (2, 3)


def size(block):
    """Blocks in a block, each counted where it stands."""
    return 1 + sum(size(nested.block) for nested in block.blocks)


def objects(kind):
    """The attributes of the objects in a collection, if that is what a type is."""
    if isinstance(kind, list) and kind[0] in ("list", "set") and isinstance(kind[1], list) and kind[1][0] == "object":
        return kind[1][1]
    return None


# What a rule of a network ACL must have, or the provider falls over.
RULE = {"action": "allow", "protocol": "tcp", "rule_no": 1, "from_port": 1, "to_port": 1}


def filled(block, depth, given=lambda path, kind: UNKNOWN, path=()):
    """Arguments with only what is needed and every nested block once, down to a depth; the same as Terraform proposes
    it to the provider."""
    config, proposed = {}, {}
    for attribute in block.attributes:
        kind = json.loads(attribute.type)
        value = given(path + (attribute.name,), kind) if attribute.required else None
        inner = objects(kind)
        if inner and depth > 0 and attribute.optional:
            value = [dict.fromkeys(inner) | {name: given for name, given in RULE.items() if "rule_no" in inner}]
        config[attribute.name] = value
        proposed[attribute.name] = UNKNOWN if value is None and attribute.computed else value
    for nested in block.blocks:
        name = nested.name
        config[name] = proposed[name] = [] if many(nested) else None
        if depth > 0:
            inner = filled(nested.block, depth - 1, given, path + (name,))
            config[name], proposed[name] = ([one] if many(nested) else one for one in inner)
    return config, proposed


def depth(block):
    inner = [depth(nested.block) for nested in block.blocks]
    inner += [0 for attribute in block.attributes if objects(json.loads(attribute.type))]
    return 1 + max(inner) if inner else 0


# Arguments without which the provider plans nothing.
NEEDED = {
    "aws_alb_target_group": {"port": 1, "protocol": "HTTP", "vpc_id": "x"},
    "aws_api_gateway_authorizer": {"authorizer_uri": "x"},
    "aws_dynamodb_table": {"read_capacity": 1, "write_capacity": 1},
    "aws_iot_authorizer": {"token_key_name": "x", "token_signing_public_keys": {"x": "x"}},
    "aws_iot_ca_certificate": {"verification_certificate_pem": "x"},
    "aws_kinesis_stream": {"shard_count": 1},
    "aws_lambda_function": {"handler": "x", "runtime": "x"},
    "aws_lb_target_group": {"port": 1, "protocol": "HTTP", "vpc_id": "x"},
    "aws_lightsail_instance": {"availability_zone": "us-east-1a"},
    "aws_workspaces_directory": {"directory_id": "x"},
}

# Blocks whose nesting is endless in effect are looked at from outside only.
MOST_BLOCKS = 10_000

ACTIONS = ["forward", "redirect", "fixed-response", "authenticate-cognito", "authenticate-oidc"]

# Arguments on whose values it depends which blocks count.
VARIANTS = {
    "aws_alb_listener": [{("default_action", "type"): action} for action in ACTIONS],
    "aws_lb_listener": [{("default_action", "type"): action} for action in ACTIONS],
    "aws_alb_listener_rule": [{("action", "type"): action} for action in ACTIONS],
    "aws_lb_listener_rule": [{("action", "type"): action} for action in ACTIONS],
}


class Observed:
    """What attributes and blocks that are not set were planned to be, by path; null is not kept."""

    def __init__(self):
        self.unset = {}
        self.seen = set()

    def read(self, block, config, planned, path=()):
        if not isinstance(planned, dict):
            return
        for attribute in block.attributes:
            at = path + (attribute.name,)
            given, found = config[attribute.name], planned.get(attribute.name)
            inner = objects(json.loads(attribute.type))
            if given is None:
                if at not in self.seen:
                    self.seen.add(at)
                    self.unset[at] = found
            elif inner and isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict):
                for name in inner:
                    if given[0][name] is None:
                        self.unset[at + (name,)] = found[0].get(name)
        for nested in block.blocks:
            at = path + (nested.name,)
            given, found = config[nested.name], planned.get(nested.name)
            if not given:
                if at not in self.seen:
                    self.seen.add(at)
                    self.unset[at] = found
                continue
            if many(nested):
                given, found = given[0], found[0] if isinstance(found, list) and len(found) == 1 else None
            self.read(nested.block, given, found, at)


def missing(block, level, observed, path=()):
    """Whether something is not observed down to a level."""
    for attribute in block.attributes:
        if attribute.optional and path + (attribute.name,) not in observed.unset:
            return True
    if level == 0:
        return False
    return any(missing(nested.block, level - 1, observed, path + (nested.name,)) for nested in block.blocks)


def observe(provider, kind, block):
    observed = Observed()
    deepest = depth(block) if size(block) <= MOST_BLOCKS else 0
    needed = NEEDED.get(kind, {})

    def plan(level, only):
        """With the nested blocks of these names."""
        ways = [lambda path, kind: UNKNOWN, typical]
        ways += [
            lambda path, kind, variant=variant: variant.get(path, UNKNOWN) for variant in VARIANTS.get(kind, [])
        ]
        succeeded = False
        for given in ways:
            config, proposed = filled(block, level, given)
            for nested in block.blocks:
                if only is not None and nested.name not in only:
                    config[nested.name] = proposed[nested.name] = [] if many(nested) else None
            config, proposed = config | needed, proposed | needed
            planned, errors = provider.plan(kind, config, proposed)
            if planned is not None and not errors:
                observed.read(block, config, planned)
                succeeded = True
                if not missing(block, level, observed):
                    break
        return None if succeeded else errors[0]

    for level in range(deepest + 1):
        error = plan(level, None)
        if error and level > 0:
            # Some blocks exclude each other, and some the provider falls over.
            failed = [nested.name for nested in block.blocks if plan(level, [nested.name])]
            print(f"{kind} at {level} without {failed}: {error[:100]!r}", file=sys.stderr)
        elif error:
            print(f"{kind}: {error[:100]!r}", file=sys.stderr)
    return observed


def typical(path, kind):
    """Some value of a type."""
    if isinstance(kind, list):
        return {} if kind[0] in ("map", "object") else []
    return {"string": "x", "number": 1, "bool": True}.get(kind)


# What the provider makes of texts that are set, told by what it makes of these.
DOCUMENT = '{"Version":"2012-10-17","Statement":[ {"Sid":"","Resource":["b","a"]} ],"A":"<x&>" }'
NAME = "Mixed.Case-x."
SPACED = " x\n"
CHANGES = {
    (DOCUMENT, '{"A":"\\u003cx\\u0026\\u003e","Statement":[{"Resource":["b","a"],"Sid":""}],"Version":"2012-10-17"}'): "j",
    (DOCUMENT, '{"Version":"2012-10-17","A":"\\u003cx\\u0026\\u003e","Statement":[{"Resource":["b","a"],"Sid":""}]}'): "v",
    (DOCUMENT, '{"A":"<x&>","Statement":[{"Resource":["b","a"],"Sid":""}],"Version":"2012-10-17"}'): "e",
    (NAME, NAME.lower()): "l",
    (NAME, NAME.upper()): "u",
    (NAME, NAME.rstrip(".")): "d",
    (NAME, NAME.lower().rstrip(".")): "n",
    (NAME, hashlib.sha1(NAME.encode()).hexdigest()): "h",
    (SPACED, SPACED.strip()): "s",
}


def texts(block, levels, path=()):
    """The paths of arguments that are strings."""
    for attribute in block.attributes:
        if (attribute.required or attribute.optional) and json.loads(attribute.type) == "string":
            yield path + (attribute.name,)
    if levels > 1:
        for nested in block.blocks:
            yield from texts(nested.block, levels - 1, path + (nested.name,))


def at(value, path, given=None):
    """What stands at a path, where every block stands once; set if given."""
    for name in path[:-1]:
        value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
    if not isinstance(value, dict):
        return None
    if given is not None:
        value[path[-1]] = given
    return value.get(path[-1])


def changes(provider, kind, block):
    """What the provider makes of texts, by path."""
    found = {}

    def probe(text, paths):
        if not paths:
            return
        config, proposed = filled(block, max(map(len, paths)) - 1)
        config, proposed = config | NEEDED.get(kind, {}), proposed | NEEDED.get(kind, {})
        for path in paths:
            at(config, path, text), at(proposed, path, text)
        planned, errors = provider.plan(kind, config, proposed)
        if planned is None or errors:
            middle = len(paths) // 2
            if middle:
                probe(text, paths[:middle]), probe(text, paths[middle:])
            return
        for path in paths:
            change = CHANGES.get((text, at(planned, path)))
            if change:
                found.setdefault(path, change)

    if size(block) <= 600:
        paths = [path for path in texts(block, 3) if "timeouts" not in path and path != ("id",)]
        for text in (DOCUMENT, NAME, SPACED):
            probe(text, paths)
    # Names and numbers of protocols, which no other name shows.
    if kind == "aws_security_group_rule":
        found[("protocol",)] = "p"
    # Sorted by name and rid of what is empty, which such a text does not show.
    if kind == "aws_ecs_task_definition":
        found[("container_definitions",)] = "c"
    return found


MODES = {(True, False, False): "r", (False, True, False): "o", (False, False, True): "c", (False, True, True): "x"}


def letter(attribute):
    mode = MODES[attribute.required, attribute.optional, attribute.computed]
    return mode.upper() if attribute.sensitive else mode


def said(value):
    """What an unset attribute was planned to be, without the characters that divide a line."""
    text = "?" if is_unknown(value) else json.dumps(value, separators=(",", ":"))
    return "~" + urllib.parse.quote(text, safe="\"'/:.-_?=+*@!&()[]<>|;$#^")


def is_unknown(value):
    return isinstance(value, msgpack.ExtType)


class Section:
    """Some types that share what is alike in them."""

    def __init__(self):
        self.shared, self.lines, self.needed = {}, [], {}

    def share(self, text):
        return self.shared.setdefault(text, len(self.shared))

    def kind(self, kind, unset, path):
        if isinstance(kind, str):
            return kind[0]
        if kind[0] == "object":
            members = [
                f"{name}:{self.kind(of, unset, path + (name,))}" + self.unset(unset, path + (name,), None)
                for name, of in sorted(kind[1].items())
            ]
            text = "{" + ",".join(members) + "}"
            return f"#{self.share(text)}" if len(text) > 20 else text
        return kind[0][0].upper() + self.kind(kind[1], unset, path)

    def unset(self, unset, path, usual):
        found = unset.get(path)
        if (is_unknown(found) and is_unknown(usual)) or found == usual:
            return ""
        return said(found)

    def body(self, block, unset, changed, path=()):
        words = []
        for attribute in sorted(block.attributes, key=lambda one: one.name):
            at = path + (attribute.name,)
            word = f"{attribute.name}={letter(attribute)}{self.kind(json.loads(attribute.type), unset, at)}"
            change = "w" if attribute.write_only else changed.get(at)
            word += f"^{change}" if change else ""
            if not attribute.required and at in unset:
                word += self.unset(unset, at, UNKNOWN if attribute.computed else None)
            elif unset and attribute.optional and not attribute.computed and attribute.name not in self.needed:
                word += said(UNKNOWN)
            words.append(word)
        for nested in sorted(block.blocks, key=lambda one: one.name):
            at = path + (nested.name,)
            number = self.share(self.body(nested.block, unset, changed, at))
            word = f"{nested.name}:{NESTING[nested.nesting][0]}{nested.least or ''}-{nested.most or ''}#{number}"
            if is_unknown(unset.get(at)):
                word += "~?"
            words.append(word)
        return " ".join(words)

    def add(self, what, name, block, unset, changed):
        self.needed = NEEDED.get(name, {})
        self.lines.append(f"{what} {name} {self.body(block, unset, changed)}")

    def __str__(self):
        shared = (f"{number} {text}" for text, number in self.shared.items())
        return "\n".join([*self.lines, *shared]) + "\n"


def looked_up(provider, kind, block):
    """What attributes of a data source are that needs no service, where they are not set."""
    observed = Observed()
    for level in range(depth(block) + 1):
        config, _ = filled(block, level, typical)
        observed.read(block, config, provider.read(kind, config))
    return observed


# Data sources that the provider computes from their arguments alone.
COMPUTED = ["aws_iam_policy_document"]

# Characters of a section: what is unpacked to look at one type.
SECTION = 12_000

HEAD = """\
# Arguments and attributes of resources, data sources and ephemeral resources of Terraform's AWS provider, version 5.100.0.
# Written by generate.py from the answers of the provider; see there. Types by name; what they share stands below them.
#
#   resource, framework             a resource, made with the older or the newer framework for providers.
#   name=MODE TYPE [^CHANGE] [~UNSET]   an attribute: r required, o optional, c computed, x optional and computed; capital if
#                                   sensitive. s string, n number, b bool, d any; L list, S set, M map of; #n shared below.
#                                   CHANGE: what it makes of a text: j, v, e, c documents in normal form, l lower case,
#                                   u upper case, p protocol, d, n without the dot at the end, h a hash, s without blanks around it,
#                                   w nothing that is kept.
#                                   UNSET: what it is planned to be if not set, where that is neither null (optional) nor
#                                   unknown (computed); ? is unknown.
#   name:NESTING LEAST-MOST #BODY   a nested block: l list, s set, o single.
"""


def main(path):
    provider = Provider(path)
    groups = [("resource", provider.all.resources), ("data", provider.all.data), ("ephemeral", provider.all.ephemeral)]
    names = sorted({name for _, schemas in groups for name in schemas})
    print(HEAD)
    section = Section()
    section.add("provider", "aws", provider.all.provider.block, {}, {})
    for name in names:
        for what, schemas in groups:
            if name in schemas:
                block = schemas[name].block
                unset, changed = {}, {}
                if what == "data" and name in COMPUTED:
                    unset = looked_up(provider, name, block).unset
                    # Results of the probe.
                    unset = {at: found for at, found in unset.items() if at[0] not in ("id", "json", "minified_json")}
                if what == "resource":
                    provider.is_legacy = True
                    changed = changes(provider, name, block)
                    unset = observe(provider, name, block).unset
                    what = what if provider.is_legacy else "framework"
                section.add(what, name, block, unset, changed)
        if len(str(section)) > SECTION or name == names[-1]:
            print(section)
            section = Section()
    provider.process.kill()


if __name__ == "__main__":
    main(sys.argv[1])
