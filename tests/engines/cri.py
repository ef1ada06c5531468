#!/usr/bin/python3
"""Asks the Container Runtime Interface one question.

usage: cri.py MODULES SOCKET METHOD [JSON]

MODULES is the directory with protoc's cri_pb2.py; JSON the request (default {}). Prints the answer as
JSON, bytes as text; a refusal is printed on standard error, with status 1.
"""
import json
import sys

import grpc

sys.path.insert(0, sys.argv[1])
import cri_pb2  # noqa: E402
from google.protobuf import json_format  # noqa: E402

LIMIT = 150


def plain(value):
    """The answer as Python's own: every field by its name, bytes as text."""
    fields = {}
    for field in value.DESCRIPTOR.fields:
        data = getattr(value, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            fields[field.name] = dict(data)
        elif field.label == field.LABEL_REPEATED:
            fields[field.name] = [plain(item) if field.message_type else item for item in data]
        elif field.message_type:
            fields[field.name] = plain(data)
        else:
            fields[field.name] = data.decode(errors="replace") if isinstance(data, bytes) else data
    return fields


def main():
    _, _, socket, method, *rest = sys.argv
    request = json_format.Parse(rest[0] if rest else "{}", getattr(cri_pb2, method + "Request")())
    with grpc.insecure_channel("unix://" + socket) as channel:
        call = channel.unary_unary(
            f"/runtime.v1.RuntimeService/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=getattr(cri_pb2, method + "Response").FromString)
        try:
            print(json.dumps(plain(call(request, timeout=LIMIT, wait_for_ready=True))))
        except grpc.RpcError as error:
            print(f"{error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    return 0


sys.exit(main())
