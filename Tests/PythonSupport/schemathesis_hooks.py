"""Loaded by schemathesis: what it repeats by chance isn't meant to be the same request."""

import re
import uuid

import schemathesis


@schemathesis.hook
def before_call(context, case, **_):
    """A good `Idempotency-Key` is used once: what was made by it before, and is gone, would be answered again."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[\x21-\x7E]{1,200}", key):
        case.headers["Idempotency-Key"] = key + uuid.uuid4().hex
