"""Records what independent implementations make of generated templates, or compares onus with them.

    record.py PATH-OF-ONUS --write FILE     records templates on which all agree and says how many did not
    record.py PATH-OF-ONUS --compare N      compares N templates beyond those that are recorded, and prints what differs
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import evaluate
import generate

REGION = "us-east-1"
TEMPLATES = 120
CASES = 3


def generated(seed):
    generator = generate.Generator(seed, with_extensions=seed % 3 == 0)
    template = generator.template()
    return template, generate.written(template, seed), list(generator.cases(CASES))


def inspected(onus, path, parameters):
    command = [onus, "inspect", "--format", "json", "--region", REGION, path]
    for name, value in parameters.items():
        command += ["--parameters", f"{name}={value}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{path}: {done.stderr}")
    return json.loads(done.stdout)


def joined(value, unknown):
    """Values with what is unknown put in."""
    if unknown is True or unknown is None and value is None:
        return evaluate.UNKNOWN if unknown is True else value
    if isinstance(value, dict) and isinstance(unknown, dict):
        made = {name: joined(member, unknown.get(name)) for name, member in value.items()}
        for name, mirror in unknown.items():
            if name not in made:
                made[name] = joined(None, mirror)
        return made
    if isinstance(value, list) and isinstance(unknown, list):
        return [joined(item, mirror or None) for item, mirror in zip(value, unknown)]
    return value


def as_recorded(document):
    outputs = {
        name: joined(output.get("value"), output.get("unknown")) if output["exists"] else evaluate.UNKNOWN
        for name, output in document["outputs"].items()
        if output["exists"] is not False
    }
    values = {True: lambda resource: joined(resource["values"], resource["unknown"]), False: lambda _: None}
    resources = {
        resource["address"]: values.get(resource["exists"], lambda _: evaluate.UNKNOWN)(resource)
        for resource in document["resources"]
    }
    conditions = {name: evaluate.UNKNOWN if truth is None else truth for name, truth in document["conditions"].items()}
    return {"conditions": conditions, "outputs": outputs, "resources": resources}


def has_unknown(value):
    """Whether a part of it is not known: an oracle that compares two evaluations cannot tell how far a list agrees."""
    if isinstance(value, dict):
        return any(has_unknown(member) for member in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value == evaluate.UNKNOWN


def differences(expected, got, path=""):
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in sorted(set(expected) | set(got)):
            if name not in expected or name not in got:
                yield f"{path}/{name}", expected.get(name, "(absent)"), got.get(name, "(absent)")
            else:
                yield from differences(expected[name], got[name], f"{path}/{name}")
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for index, (one, other) in enumerate(zip(expected, got)):
            yield from differences(one, other, f"{path}/{index}")
    elif (expected == evaluate.UNKNOWN and has_unknown(got)) or (got == evaluate.UNKNOWN and has_unknown(expected)):
        return
    elif expected != got or isinstance(expected, bool) != isinstance(got, bool):
        yield path, expected, got


def compared(onus, seeds, folder):
    """Each template with its cases that could be evaluated, and how each case differs."""
    for seed in seeds:
        template, text, cases = generated(seed)
        path = os.path.join(folder, f"t{seed}.yaml" if seed % 4 else f"t{seed}.json")
        with open(path, "w") as file:
            file.write(text)
        results = []
        for parameters in cases:
            try:
                expected = evaluate.evaluate(template, parameters, REGION)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
                # What the oracle refuses is not compared.
                results.append((parameters, None, repr(error)))
                continue
            # A default need not be given.
            given = {
                name: value
                for name, value in parameters.items()
                if seed % 2 or value != str(template["Parameters"][name].get("Default"))
            }
            document = inspected(onus, path, given)
            found = list(differences(expected, as_recorded(document)))
            found += [("diagnostic", "", item["message"]) for item in document["diagnostics"]]
            results.append((parameters, expected, found))
        yield seed, text, results


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("onus")
    arguments.add_argument("--write")
    arguments.add_argument("--compare", type=int)
    arguments.add_argument("--from", type=int, dest="first", default=100_000)
    arguments = arguments.parse_args()
    counts = {"agree": 0, "differ": 0, "refused": 0}
    recorded = []
    with tempfile.TemporaryDirectory() as folder:
        if arguments.compare:
            seeds = range(arguments.first, arguments.first + arguments.compare)
        else:
            seeds = range(TEMPLATES)
        for seed, text, results in compared(arguments.onus, seeds, folder):
            cases = []
            for parameters, expected, found in results:
                if expected is None:
                    counts["refused"] += 1
                    if arguments.compare:
                        print(f"seed {seed}: refused: {found}")
                    continue
                counts["differ" if found else "agree"] += 1
                for path, wanted, got in found:
                    print(f"seed {seed} {parameters}: {path}: {json.dumps(wanted)} but {json.dumps(got)}")
                if {**{"parameters": parameters}, **expected} not in cases:
                    cases.append({"parameters": parameters, **expected})
            if cases:
                recorded.append({"template": text, "cases": cases})
    print(counts, file=sys.stderr)
    if arguments.write:
        about = "What independent implementations make of these templates; see tests/oracle/cloudformation."
        exceptions = [{"what": what, "see": url} for what, url in evaluate.EXCEPTIONS]
        lines = ",\n".join(json.dumps(template, ensure_ascii=False) for template in recorded)
        with open(arguments.write, "w") as file:
            head = json.dumps({"about": about, "region": REGION, "exceptions": exceptions}, indent=1, ensure_ascii=False)
            file.write(head[:-2] + ',\n "templates": [\n' + lines + "\n]}\n")


main()
