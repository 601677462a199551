"""Templates and parameters by a seed: every function within every other, in both languages and both forms."""

import json
import random

import yaml

ZONES = ["a", "b", "c"]
STAGES = ["dev", "test", "prod"]
WORDS = ["alpha", "beta", "x-y", "10.0.0.0/16", "", "a.b", "Mixed Case", "0", "007", "true", "{}", "a,b", "é"]
MAPPINGS = {
    "Sizes": {
        "dev": {"Type": "small", "Disks": ["x"], "Port": 8080, "Public": True},
        "test": {"Type": "medium", "Disks": ["x", "y"], "Port": 8443, "Public": False},
        "prod": {"Type": "large", "Disks": ["x", "y", "z"], "Port": 443, "Public": False},
    },
    "Regions": {
        "us-east-1": {"Name": "virginia", "true": "open", "false": "closed"},
        "eu-west-1": {"Name": "ireland", "true": "open", "false": "closed"},
    },
}

# Each with the values that cases give it.
PARAMETERS = {
    "Stage": ({"Type": "String", "AllowedValues": STAGES, "Default": "dev"}, STAGES),
    "Flag": ({"Type": "String", "AllowedValues": ["true", "false"], "Default": "false"}, ["true", "false"]),
    "Name": ({"Type": "String", "Default": ""}, ["", "web", "true", "a-b-c"]),
    "Label": ({"Type": "String", "AllowedPattern": "^[a-z]*$", "MaxLength": 8}, ["", "web", "dev"]),
    "Count": ({"Type": "Number", "Default": 2, "MinValue": 0}, ["0", "1", "2", "17"]),
    "Size": ({"Type": "Number", "AllowedValues": [1, 2, 4], "Default": 1}, ["1", "2", "4"]),
    "Zones": ({"Type": "CommaDelimitedList", "Default": "a, b"}, ["a, b", "a", "x,y,z"]),
    "Ports": ({"Type": "List<Number>", "Default": "80,443"}, ["80,443", "22", "1,2,3"]),
    "Network": ({"Type": "AWS::EC2::VPC::Id"}, ["vpc-0a1b2c3d", "vpc-1"]),
    "Subnets": ({"Type": "List<AWS::EC2::Subnet::Id>"}, ["subnet-1,subnet-2", "subnet-3"]),
    "Image": ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image/latest"}, ["/image/latest", "/image/old"]),
    "Secret": ({"Type": "String", "NoEcho": True, "Default": "none"}, ["none", "other"]),
}
TEXTS = ["Stage", "Flag", "Name", "Label", "Network"]
NUMBERS = ["Count", "Size"]
LISTS = ["Zones", "Ports", "Subnets"]


class Generator:
    """One template under construction."""

    def __init__(self, seed, with_extensions):
        self.random = random.Random(seed)
        self.with_extensions = with_extensions
        names = [name for name in PARAMETERS if name != "Secret"]
        self.parameters = sorted(self.random.sample(names, self.random.randint(3, 6)))
        self.conditions = [f"C{n}" for n in range(self.random.randint(1, 5))]
        self.usable = []
        self.resources = ["One", "Two"]
        self.variables = []

    def pick(self, *options):
        return self.random.choice(options)

    def of(self, names):
        return [name for name in names if name in self.parameters]

    # Texts.

    def text(self, depth, known=False):
        """An expression for a text; `known` ones hold nothing that only a deployment knows."""
        makers = [self.word, self.word, lambda *_: self.reference(known)]
        if depth > 0:
            makers += [self.sub, self.sub, self.join, self.select, self.find, self.conditional(self.text)]
            makers += [self.conditional(self.text)]
            if not known:
                makers += [self.base64]
                if self.with_extensions:
                    makers += [self.to_json]
        return self.pick(*makers)(depth - 1, known)

    def word(self, depth=0, known=False):
        return self.pick(*WORDS, self.pick("{{resolve:ssm:/a/b:1}}", "{{resolve:secretsmanager:s:SecretString:k}}"))

    def reference(self, known):
        options = self.of(TEXTS) + self.of(NUMBERS) + ["AWS::Region", "AWS::Partition", "AWS::URLSuffix"]
        if not known:
            options += ["AWS::AccountId", "AWS::StackName", "One"] + self.of(["Image"])
        name = self.pick(*options)
        if not known and name == "One" and self.random.random() < 0.5:
            return {"Fn::GetAtt": ["One", self.pick("Arn", "Endpoint.Address")]}
        return {"Ref": name}

    def sub(self, depth, known):
        own, parts = {}, []
        for number in range(self.random.randint(1, 3)):
            parts.append(self.pick("", "-", "/", "p:", " ", "${!Kept}", "arn:"))
            kind = self.random.random()
            if kind < 0.5:
                reference = self.reference(known)
                if "Ref" in reference:
                    parts.append("${" + reference["Ref"] + "}")
                else:
                    parts.append("${" + ".".join(reference["Fn::GetAtt"]) + "}")
            elif kind < 0.8:
                # A name of its own, or one that hides a parameter.
                name = self.pick(f"v{number}", *self.of(TEXTS)) if self.random.random() < 0.3 else f"v{number}"
                if all("${" + name + "}" not in part for part in parts):
                    own[name] = self.text(depth, known)
                    parts.append("${" + name + "}")
        text = "".join(parts)
        return {"Fn::Sub": [text, own]} if own else {"Fn::Sub": text}

    def join(self, depth, known):
        return {"Fn::Join": [self.pick("", "-", ",", "/"), self.list(depth, known)]}

    def select(self, depth, known):
        kind = self.random.random()
        if kind < 0.4:
            text = self.text(depth, True)
            return {"Fn::Select": [0, {"Fn::Split": [self.pick("-", ",", "/", "."), text]}]}
        if kind < 0.6 and self.of(LISTS):
            return {"Fn::Select": [self.pick(0, "0"), {"Ref": self.pick(*self.of(LISTS))}]}
        if kind < 0.7:
            return {"Fn::Select": [self.pick(0, 2, "1"), {"Fn::Cidr": [self.pick("10.0.0.0/16", "172.16.0.0/20"), self.pick(3, "4"), self.pick("4", 6)]}]}
        if kind < 0.75 and not known:
            return {"Fn::Select": [self.pick(0, 1), {"Fn::GetAZs": self.pick("", {"Ref": "AWS::Region"})}]}
        items = [self.text(depth, known) for _ in range(self.random.randint(2, 3))]
        return {"Fn::Select": [self.pick(0, 1, "1"), items]}

    def find(self, depth, known):
        inner = self.pick("Type", "Port", "Public")
        options = []
        if "Stage" in self.parameters:
            options.append({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, inner]})
        if "Flag" in self.parameters:
            options.append({"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, {"Ref": "Flag"}]})
        options.append({"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "Name"]})
        options.append({"Fn::FindInMap": ["Sizes", self.pick(*STAGES), inner]})
        if self.with_extensions:
            key = self.pick("absent", "dev", {"Ref": "Name"} if "Name" in self.parameters else "prod", self.text(0, True))
            default = self.pick("fallback", 7, self.text(depth, known) if depth > 0 else "other")
            options.append({"Fn::FindInMap": ["Sizes", key, "Type", {"DefaultValue": default}]})
            name = {"Fn::Join": ["", ["Si", "zes"]]}
            options.append({"Fn::FindInMap": [self.pick("Sizes", name), {"Fn::Select": [0, self.pick(STAGES, ["test"])]}, "Type"]})
        return self.pick(*options)

    def base64(self, depth, known):
        return {"Fn::Base64": self.text(depth, known)}

    def to_json(self, depth, known):
        return {"Fn::ToJsonString": {"k": self.text(depth, True), "l": [self.pick(1, True, "t")]}}

    def conditional(self, maker):
        def make(depth, known):
            if not self.usable:
                return maker(depth, known)
            return {"Fn::If": [self.pick(*self.usable), maker(depth, known), maker(depth, known)]}
        return make

    # Lists.

    def list(self, depth, known=False):
        def written(depth, known):
            items = [self.text(depth, known) for _ in range(self.random.randint(1, 3))]
            if self.usable and self.random.random() < 0.3:
                item = {"Fn::If": [self.pick(*self.usable), self.text(depth, known), {"Ref": "AWS::NoValue"}]}
                items.insert(self.random.randint(0, len(items)), item)
            return items

        makers = [written, written]
        if self.of(LISTS):
            makers.append(lambda depth, known: {"Ref": self.pick(*self.of(LISTS))})
        if depth > 0:
            makers += [
                lambda depth, known: {"Fn::Split": [self.pick("-", ","), self.text(depth, True)]},
                lambda depth, known: {"Fn::Cidr": ["10.0.0.0/16", self.pick(1, 3), self.pick(8, "5")]},
                self.conditional(self.list),
            ]
            if "Stage" in self.parameters:
                makers.append(lambda depth, known: {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Disks"]})
        return self.pick(*makers)(depth - 1, known)

    # Conditions.

    def condition(self, depth):
        if depth <= 0 or self.random.random() < 0.3:
            return {"Fn::Equals": self.operands()}
        kind = self.pick("Fn::And", "Fn::Or", "Fn::Not", "Condition")
        if kind == "Condition":
            return {"Condition": self.pick(*self.usable)} if self.usable else {"Fn::Equals": self.operands()}
        count = 1 if kind == "Fn::Not" else self.random.randint(2, 4)
        return {kind: [self.condition(depth - 1) for _ in range(count)]}

    def operands(self):
        usable, self.usable = self.usable, []
        name = self.pick(*(self.parameters + ["AWS::Region", "AWS::AccountId", "AWS::Partition"]))
        if name in LISTS:
            operand = self.pick({"Fn::Select": [0, {"Ref": name}]}, {"Fn::Join": [",", {"Ref": name}]})
            other = self.pick("a", "80", "subnet-3", "x", "a,b", "22")
        elif name == "AWS::AccountId":
            operand, other = self.pick(({"Ref": name}, "111122223333"), ({"Fn::Sub": "a-${AWS::AccountId}"}, "a-111122223333"))
        elif name == "AWS::Partition":
            operand, other = {"Ref": name}, self.pick("aws", "aws-cn")
        elif name == "AWS::Region":
            operand, other = {"Ref": name}, self.pick("us-east-1", "eu-west-1")
        elif name == "Image":
            operand, other = self.text(1, True), self.text(1, True)
        else:
            operand = self.pick(
                {"Ref": name}, {"Ref": name}, {"Fn::Sub": "is-${" + name + "}"},
                {"Fn::Join": ["-", [{"Ref": name}, self.pick("z", {"Ref": self.pick(*self.of(TEXTS + NUMBERS))})]]},
            )
            value = self.pick(*PARAMETERS[name][1])
            other = self.pick(value, value, f"is-{value}", f"{value}-z", self.text(1, True))
            if name == "Stage" and self.random.random() < 0.3:
                operand = {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, self.pick("Type", "Public", "Port")]}
                other = self.pick("small", "large", True, "false", 443, "8080")
        self.usable = usable
        return [operand, other] if self.random.random() < 0.8 else [other, operand]

    # Values of any shape.

    def value(self, depth):
        def object_of(depth):
            members = {}
            for name in self.random.sample(["A", "B", "C", "Key"], self.random.randint(1, 3)):
                members[name] = self.value(depth)
            return members

        makers = [
            lambda depth: self.pick(1, 0, True, False, 3.5, "text", "yes"),
            lambda depth: self.text(depth),
            lambda depth: self.text(depth),
            lambda depth: self.list(depth),
        ]
        if depth > 0:
            makers += [object_of, object_of, lambda depth: [self.value(depth) for _ in range(self.random.randint(1, 2))]]
            if self.usable:
                def removed(depth):
                    branches = [self.value(depth), {"Ref": "AWS::NoValue"}]
                    self.random.shuffle(branches)
                    return {"Fn::If": [self.pick(*self.usable), *branches]}

                makers += [removed, removed, lambda depth: {"Fn::If": [self.pick(*self.usable), self.value(depth), self.value(depth)]}]
            if self.with_extensions:
                makers.append(self.keys)
                makers.append(lambda depth: {"Fn::Length": self.pick(["a", "b"], *[{"Ref": name} for name in self.of(["Zones", "Ports"])])})
        return self.pick(*makers)(depth - 1)

    def keys(self, depth):
        """An object whose members a loop makes."""
        collection = self.pick(["p", "q"], ["r"], *[{"Ref": name} for name in self.of(["Zones"])])
        body = self.pick({"Ref": "Item"}, {"Fn::Sub": "${Item}-x"}, {"In": {"Ref": "Item"}, "Plain": self.text(depth)})
        return {"Fixed": self.text(depth), "Fn::ForEach::Keys": ["Item", collection, {self.pick("Of${Item}", "&{Item}Of"): body}]}

    def template(self):
        template = {"AWSTemplateFormatVersion": "2010-09-09"}
        if self.with_extensions:
            template["Transform"] = "AWS::LanguageExtensions"
        template["Parameters"] = {name: PARAMETERS[name][0] for name in self.parameters}
        template["Mappings"] = MAPPINGS
        conditions = {}
        for name in self.conditions:
            conditions[name] = self.condition(3)
            self.usable.append(name)
        # A condition may be used before it is written.
        names = list(conditions)
        self.random.shuffle(names)
        template["Conditions"] = {name: conditions[name] for name in names}
        resources = {}
        for name in self.resources:
            resources[name] = {"Type": "Custom::Thing"}
            if name != "One" and self.random.random() < 0.5:
                resources[name]["Condition"] = self.pick(*self.conditions)
            resources[name]["Properties"] = {
                key: self.value(3) for key in self.random.sample(["P", "Q", "R", "S"], self.random.randint(1, 4))
            }
        if self.with_extensions and self.random.random() < 0.7:
            resources["Fn::ForEach::Loop"] = self.loop()
        template["Resources"] = resources
        outputs = {}
        for number in range(self.random.randint(2, 4)):
            outputs[f"O{number}"] = {"Value": self.text(3)}
            if self.random.random() < 0.3:
                outputs[f"O{number}"]["Condition"] = self.pick(*self.conditions)
        if self.with_extensions and self.random.random() < 0.3:
            equal = {"Fn::Equals": [{"Ref": "Item"}, self.pick("k", {"Ref": self.pick(*self.of(TEXTS + NUMBERS), "AWS::Region")})]}
            template["Conditions"]["Fn::ForEach::Each"] = ["Item", ["k", "web", "2"], {"Is${Item}": equal}]
            resources["Three"] = {"Type": "Custom::Thing", "Condition": "Isweb", "Properties": {"P": {"Fn::If": ["Is2", "two", {"Ref": "AWS::NoValue"}]}}}
        if self.with_extensions and self.random.random() < 0.3:
            outputs["Fn::ForEach::Values"] = ["Item", ["k", "l"], {"Of${Item}": {"Value": {"Fn::Sub": "${Item}-${AWS::Region}"}}}]
        template["Outputs"] = outputs
        said = json.dumps([template["Conditions"], resources, outputs])
        if '"Fn::Join": ["", ["Si", "zes"]]' not in said:
            template["Mappings"] = {name: body for name, body in MAPPINGS.items() if f'["{name}"' in said}
        if not template["Mappings"]:
            del template["Mappings"]
        return template

    def loop(self):
        collection = self.pick(["p", "q"], *[{"Ref": name} for name in self.of(["Zones", "Ports"])])
        body = {"Type": "Custom::Made", "Properties": {"Of": {"Ref": "Item"}, "In": {"Fn::Sub": "${Item}.${AWS::Region}"}, "Plain": self.text(1)}}
        if self.random.random() < 0.4:
            inner = ["Other", ["m", "n"], {"Made${Item}${Other}": {"Type": "Custom::Made", "Properties": {"Both": {"Fn::Join": ["+", [{"Ref": "Item"}, {"Ref": "Other"}]]}}}}]
            return ["Item", collection, {"Fn::ForEach::Inner": inner}]
        return ["Item", collection, {"Made${Item}": body}]

    def cases(self, count):
        """Values for all parameters."""
        for _ in range(count):
            yield {name: self.pick(*PARAMETERS[name][1]) for name in self.parameters}


# How templates are written.

FUNCTIONS = ["Base64", "Cidr", "FindInMap", "GetAZs", "GetAtt", "If", "Join", "Select", "Split", "Sub", "And", "Or", "Not", "Equals", "Length", "ToJsonString"]


class Tagged:
    """A function in its short form."""

    def __init__(self, tag, value):
        self.tag = tag
        self.value = value


class Dumper(yaml.SafeDumper):
    """Writes short forms; writes everything twice rather than as an alias."""

    def ignore_aliases(self, data):
        return True


def represent(dumper, tagged):
    if isinstance(tagged.value, list):
        return dumper.represent_sequence(tagged.tag, tagged.value, flow_style=None)
    if isinstance(tagged.value, dict):
        return dumper.represent_mapping(tagged.tag, tagged.value)
    return dumper.represent_scalar(tagged.tag, str(tagged.value))


Dumper.add_representer(Tagged, represent)


def shortened(value, chance):
    """The same with some functions in their short form. A short form cannot stand directly within another."""
    if isinstance(value, list):
        return [shortened(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and chance.random() < 0.8:
        (name, argument), = value.items()
        short = {"Ref": "!Ref", "Condition": "!Condition"}.get(name)
        if name.startswith("Fn::") and name[4:] in FUNCTIONS:
            short = "!" + name[4:]
        is_function = isinstance(argument, dict) and len(argument) == 1 and next(iter(argument)).startswith(("Fn::", "Ref", "Condition"))
        if short and not is_function:
            if name == "Fn::GetAtt" and chance.random() < 0.7:
                argument = ".".join(argument)
            return Tagged(short, shortened(argument, chance))
    return {name: shortened(member, chance) for name, member in value.items()}


def written(template, seed):
    """A template as text: JSON, YAML in the long form, or YAML in the short form."""
    chance = random.Random(seed)
    kind = seed % 4
    if kind == 0:
        return json.dumps(template, indent=1, ensure_ascii=False)
    if kind == 1:
        return yaml.dump(template, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return yaml.dump(shortened(template, chance), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
