"""Records what AWS's serverless translator makes of the templates beside this file.

usage: record.py OUT [--all | TEMPLATE...]

Without more, every fourth template that the translator accepts is recorded; --all takes each of them, and files are
taken instead where they are named.
"""

import copy
import json
import logging
import os
import re
import sys

os.environ["AWS_DEFAULT_REGION"] = "us-east-1"

import samtranslator
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from templates import all_templates

EACH = 4


class NoPolicies:
    """Managed policies that the translator does not know itself are not looked up."""

    def load(self):
        return {}


def of_files(paths):
    for path in paths:
        with open(path) as file:
            text = file.read()
        if not re.search(r'^Transform:|"Transform"', text, re.MULTILINE):
            text = "Transform: AWS::Serverless-2016-10-31\n" + text.lstrip("-\n")
        yield os.path.splitext(os.path.basename(path))[0], text


def main():
    out, *arguments = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    if arguments and arguments != ["--all"]:
        written = of_files(arguments)
    else:
        written = ((name, json.dumps(template, separators=(",", ":"))) for name, template in all_templates())
    cases, refused = [], 0
    for name, text in written:
        try:
            translated = transform(copy.deepcopy(yaml_parse(text)), {}, NoPolicies())
        except InvalidDocumentException as error:
            refused += 1
            print("refused:", name, [cause.message for cause in error.causes], file=sys.stderr)
            continue
        cases.append({"name": name, "template": text, "translated": translated})
    if not arguments:
        cases = cases[::EACH]
    with open(out, "w") as file:
        file.write('{"translator":%s,"cases":[\n' % json.dumps(samtranslator.__version__))
        lines = (json.dumps(case, separators=(",", ":"), sort_keys=True) for case in cases)
        file.write(",\n".join(lines))
        file.write("\n]}\n")
    print(f"{len(cases)} recorded, {refused} refused")


main()
