"""How some texts of a request are spelt, and how to say so to whoever reads no expressions."""

from __future__ import annotations

SHA256 = r"^[0-9a-f]{64}$"
MEDIA_TYPE = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(;[ -~]*)?$"
IDEMPOTENCY_KEY = r"^[!-~]+$"
ETAG = r'^"?[0-9a-fA-F-]{1,128}"?$'
SPACE = r"^[a-z0-9][a-z0-9._-]*$"
ERROR_CODE = r"^[a-z0-9_.-]+$"
ACTION = r"^[a-z][a-z_.]*$"
OWNERS_CURSOR = r"^[a-z0-9_-]*$"
NO_NUL = r"^[^\x00]*$"

IN_WORDS = {
    SHA256: "must be 64 hexadecimal digits with small letters, as `sha256sum` prints them",
    MEDIA_TYPE: "must be a media type, such as image/jpeg; without one the bytes tell all the same",
    IDEMPOTENCY_KEY: "must be printable ASCII without spaces, such as a UUID",
    ETAG: "must be the ETag that the store answered to this part",
    SPACE: "must be the name of a space, as GET /api/v1/admin/spaces lists them",
    ERROR_CODE: "must be an error's code, such as broken_picture",
    ACTION: "must be an action, such as merge, as GET /api/v1/decisions lists them",
    OWNERS_CURSOR: "must be the next_cursor of an earlier answer, as it came",
    NO_NUL: "must not contain NUL",
}
