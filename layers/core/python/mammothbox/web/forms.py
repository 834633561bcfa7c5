"""Forms: cut into the parts that were sent, none of which is guessed at."""

from __future__ import annotations

from dataclasses import dataclass

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from mammothbox.errors import Refused
from mammothbox.web.envelope import BODY_LIMIT

_MOST_PARTS = 1000


@dataclass(frozen=True)
class Part:
    """One part of a form. One without a file name is a field."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str | None = None

    def text(self) -> str:
        """Raises `Refused` unless the content is UTF-8."""
        return _decoded(self.content, f"The field {self.name!r}")


def parts_of(header: str, content: bytes) -> list[Part]:
    """The parts of a form, in order. `header` is its Content-Type.

    Raises `Refused` when it is no form, was cut off, or names something in other than UTF-8.
    """
    _, options = parse_options_header(header)
    parts: list[Part] = []
    ends: list[bool] = []

    def keep(part: Part) -> None:
        parts.append(part)
        if len(parts) > _MOST_PARTS:
            raise Refused(422, "too_many_parts", f"At most {_MOST_PARTS} parts fit one form.")

    try:
        parser = FormParser(
            "multipart/form-data",
            on_field=lambda field: keep(_field(field)),
            on_file=lambda file: keep(_file(file)),
            on_end=lambda: ends.append(True),
            boundary=options.get(b"boundary"),
            # The whole body is in memory, and may be one file.
            config={"MAX_MEMORY_FILE_SIZE": BODY_LIMIT, "UPLOAD_ERROR_ON_BAD_CTE": True},
        )
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise Refused(422, "invalid_form", f"The form cannot be read: {error}.") from None
    if not ends:
        raise Refused(
            422, "incomplete_form", "The form's closing boundary is missing; send it again."
        )
    return parts


def _field(field: Field) -> Part:
    return Part(_name(field.field_name), field.value or b"", content_type=field.content_type)


def _file(file: File) -> Part:
    file.file_object.seek(0)
    filename = _decoded(file.file_name or b"", "The name of a file")
    return Part(_name(file.field_name), file.file_object.read(), filename, file.content_type)


def _name(name: bytes | None) -> str:
    return _decoded(name or b"", "The name of a field")


def _decoded(text: bytes, what: str) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(
            422, "invalid_utf8", f"{what} is not UTF-8: byte {error.start} of {text[:100]!r}."
        ) from None
