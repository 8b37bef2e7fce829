"""What this service can do, as RFC 7643, 5 to 7 want it told."""

from __future__ import annotations

from typing import Any

from .data import GROUP, USER, Resource

MAX_RESULTS = 200


def _attribute(name: str, kind: str = "string", **more: Any) -> Resource:
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": name,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **more,
    }


def _read_only(name: str, **more: Any) -> Resource:
    return _attribute(name, mutability="readOnly", **more)


SCHEMAS: dict[str, Resource] = {
    USER: {
        "id": USER,
        "name": "User",
        "description": "A member of staff",
        "attributes": [
            _attribute("userName", required=True, uniqueness="server"),
            _attribute("name", "complex", subAttributes=[_attribute("formatted")], required=True),
            _attribute("displayName"),
            _attribute("title"),
            _attribute("active", "boolean"),
            _attribute(
                "phoneNumbers",
                "complex",
                multiValued=True,
                subAttributes=[_attribute("value"), _attribute("type"), _attribute("primary", "boolean")],
            ),
            _read_only("groups", type="complex", multiValued=True, subAttributes=[_read_only("value")]),
        ],
    },
    GROUP: {
        "id": GROUP,
        "name": "Group",
        "description": "An office; its members hold a post there",
        "attributes": [
            _attribute("displayName", required=True),
            _attribute(
                "members",
                "complex",
                multiValued=True,
                subAttributes=[_attribute("value", mutability="immutable"), _read_only("display")],
            ),
        ],
    },
}

TYPES: dict[str, Resource] = {
    "User": {"id": "User", "name": "User", "endpoint": "/Users", "schema": USER, "schemaExtensions": []},
    "Group": {"id": "Group", "name": "Group", "endpoint": "/Groups", "schema": GROUP, "schemaExtensions": []},
}

CONFIG: Resource = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": MAX_RESULTS},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": True},
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token of this personnel system",
            "primary": True,
        }
    ],
    "meta": {"resourceType": "ServiceProviderConfig"},
}
