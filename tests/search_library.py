"""Assets to be searched for: a name, tags, a caption and a vector, straight in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mammothbox.catalog import searchables
from mammothbox.searching import search as searching
from mammothbox.searching.answer import Answer
from mammothbox.searching.asked import Asked

from infra.local.postgres import DatabaseUrls
from tests.vector_library import DIMENSION, VectorLibrary


@dataclass
class SearchLibrary:
    """One owner's, or several owners', assets, and a model that knows the texts it is told."""

    vectors: VectorLibrary
    means: dict[str, Sequence[float]] = field(default_factory=dict)
    embedded: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, urls: DatabaseUrls) -> SearchLibrary:
        return cls(VectorLibrary.open(urls))

    def close(self) -> None:
        self.vectors.close()

    def add(
        self,
        name: str,
        *,
        tags: Mapping[str, float | None] | None = None,
        direction: Sequence[float] = (0, 0, 0, 0, 0, 0, 0, 1),
        owner: str = "ada",
        caption: str | None = None,
        kind: str = "image",
    ) -> UUID:
        """An asset of that file name. A tag without a score is a hand's."""
        whose = self.vectors
        whose.owner = owner
        asset_id = whose.add(direction, assigned=False)
        whose.rows(
            "UPDATE asset SET filename = %(name)s, kind = %(kind)s WHERE id = %(id)s",
            name=name,
            kind=kind,
            id=asset_id,
        )
        for label, score in (tags or {}).items():
            whose.rows(
                "INSERT INTO tag (owner, asset_id, label, source, space, score, asset_created_at)"
                " SELECT owner, id, %(label)s, %(source)s, %(space)s, %(score)s, created_at"
                " FROM asset WHERE id = %(id)s",
                label=label,
                source="hand" if score is None else "zero-shot",
                space="" if score is None else "tiny-00000000",
                score=score,
                id=asset_id,
            )
        if caption is not None:
            whose.rows(
                "INSERT INTO caption VALUES (%(owner)s, %(id)s, %(caption)s, '', 'm', 1, now())",
                owner=owner,
                id=asset_id,
                caption=caption,
            )
        with whose.worker.transaction() as connection:
            searchables.refresh(connection, owner, [asset_id])
        return asset_id

    def add_document(self, file: UUID, words: str, owner: str = "ada") -> UUID:
        """A document of the file with these words."""
        rows = self.vectors.rows(
            "INSERT INTO document_words (owner, collection_id, document_id, asset_id, part, words)"
            " VALUES (%(owner)s, gen_random_uuid(), gen_random_uuid(), %(file)s, 0,"
            " word_vector(plain_words(%(words)s), 'B')) RETURNING document_id",
            owner=owner,
            file=file,
            words=words,
        )
        return UUID(str(rows[0]["document_id"]))

    def add_cluster(self, name: str, members: Sequence[UUID], owner: str = "ada") -> UUID:
        """A cluster of that name with these members."""
        rows = self.vectors.rows(
            "WITH c AS (INSERT INTO clustering (owner, space_id) SELECT %(owner)s, id"
            " FROM embedding_space ON CONFLICT DO NOTHING) INSERT INTO cluster (owner, id, name)"
            " VALUES (%(owner)s, gen_random_uuid(), %(name)s) RETURNING id",
            owner=owner,
            name=name,
        )
        self.vectors.rows(
            "INSERT INTO joined (owner, edition, asset_id, cluster_id)"
            " SELECT %(owner)s, 1, unnest(%(members)s::uuid[]), %(id)s",
            owner=owner,
            members=list(members),
            id=rows[0]["id"],
        )
        return UUID(str(rows[0]["id"]))

    def trash(self, asset_id: UUID) -> None:
        self.vectors.rows("UPDATE asset SET trashed_at = now() WHERE id = %(id)s", id=asset_id)

    def embed(self, space: str, text: str) -> Sequence[float]:
        """What the text means; nothing in particular unless it was told."""
        self.embedded.append(text)
        direction = self.means.get(text, (0, 0, 0, 0, 0, 0, 1))
        return [*direction, *[0.0] * (DIMENSION - len(direction))]

    def search(self, text: str = "", owner: str = "ada", **asked: Any) -> Answer:
        return searching.search(self.vectors.app, owner, Asked(text, **asked), self.embed)

    def found(self, text: str = "", owner: str = "ada", **asked: Any) -> list[UUID]:
        return [result.asset_id for result in self.search(text, owner, **asked).results]
