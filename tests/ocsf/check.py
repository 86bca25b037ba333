#!/usr/bin/env python3
"""Checks OCSF events (one a line, on standard input) against the OCSF schema itself.

Needs the packages in requirements.txt, which carry the schema as https://schema.ocsf.io publishes it.
The schema is closed: a field that OCSF does not know fails.
"""
import json
import sys

import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

events = [json.loads(line) for line in sys.stdin]
if not events:
    sys.exit("no events")
version = events[0]["metadata"]["version"]
schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version))
profiles = {profile for event in events for profile in event["metadata"].get("profiles", [])}
name = schemas.lookup_class_name_from_uid(class_uid=events[0]["class_uid"])
schema = schemas.get_class_schema(class_name=name, profiles=sorted(profiles))
validator = jsonschema.validators.validator_for(schema)(schema)
wrong = [
    f"event {number}: {'/'.join(map(str, error.absolute_path))}: {error.message}"
    for number, event in enumerate(events)
    for error in validator.iter_errors(event)
]
for line in wrong[:20]:
    print(line)
print(f"{len(events)} events of class {name}, OCSF {version}, {len(wrong)} errors")
sys.exit(1 if wrong else 0)
