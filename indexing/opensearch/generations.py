"""Generations on the server: made, announced, swapped and dropped by aliases, each step whole or not at all."""

import uuid
from collections.abc import Mapping
from typing import Any

from indexing.opensearch.connection import Conflict, Connection, Missing
from indexing.opensearch.layout import MAPPING, SETTINGS, Names, fill_alias
from indexing.search import Condition, Rebuild
from indexing.search_errors import RebuildLost, SearchError, SearchUnavailable

_PROGRESS = "progress"
"""Id of the record that says how far a rebuild is."""


class Generations:
    """The indexes of one prefix and their aliases; knows nothing of documents."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self.names = Names(prefix)
        self._connection = connection

    # --------------------------------------------------------------------------------------------------------- looking

    def _aliases(self) -> dict[str, set[str]]:
        """All generations with their aliases."""
        answer: Mapping[str, Any] = self._connection.ask(
            lambda client: client.indices.get_alias(index=self.names.all_generations)
        )
        return {name: set(found["aliases"]) for name, found in answer.items() if self.names.is_generation(name)}

    def _bearer(self, alias: str) -> str | None:
        return next((name for name, aliases in self._aliases().items() if alias in aliases), None)

    def serving(self) -> str | None:
        """The generation that serves."""
        return self._bearer(self.names.serving)

    def building(self) -> str | None:
        """The generation under construction."""
        return self._bearer(self.names.building)

    def targets(self) -> list[str]:
        """The aliases that a change must go through: the one under construction first, then the one that serves."""
        there = set().union(*self._aliases().values())
        return [alias for alias in (self.names.building, self.names.serving) if alias in there]

    def require_building(self, rebuild: str) -> None:
        """Raises RebuildLost where this is not the rebuild under way."""
        if self.building() != rebuild:
            raise RebuildLost(f"The rebuild {rebuild} is not the one under way.")

    def condition(self) -> Condition:
        """What the server says of the generation that serves, without reading documents.

        Raises SearchUnavailable where its data are not (yet) there: only the operator knows whether they come back.
        """
        aliases = self._aliases()
        serving = [name for name, found in aliases.items() if self.names.serving in found]
        if not serving:
            others = any(self.names.serves_another_version(alias) for found in aliases.values() for alias in found)
            return Condition.OUTDATED if others else Condition.ABSENT
        if len(serving) > 1:
            return Condition.DAMAGED
        (name,) = serving
        try:
            found = self._connection.ask(lambda client: client.indices.get(index=name))[name]
            health = self._connection.ask(lambda client: client.cluster.health(index=name))
        except Missing:
            return Condition.ABSENT
        if found["mappings"].get("_meta") != MAPPING["_meta"]:
            return Condition.OUTDATED
        if set(found["mappings"]["properties"]) != set(MAPPING["properties"]):
            return Condition.DAMAGED
        if health["status"] == "red":
            raise SearchUnavailable("OpenSearch has not got the data of the index (status red).")
        return Condition.READY

    # -------------------------------------------------------------------------------------------------------- changing

    def begin(self) -> str:
        """Make an empty generation and let puts reach it; an unfinished one before it is dropped."""
        name = self.names.new_generation()
        body = {"settings": SETTINGS, "mappings": MAPPING, "aliases": {fill_alias(name): {}}}
        self._connection.ask(lambda client: _create(client, name, body))
        former = self.building()
        actions: list[dict[str, Any]] = []
        if former is not None:
            actions.append({"remove": {"index": former, "alias": self.names.building}})
        # A second write index of one alias is refused: of two that start at once, one hears of it.
        actions.append({"add": {"index": name, "alias": self.names.building, "is_write_index": True}})
        try:
            self._swap_aliases(actions)
        except SearchUnavailable:
            self.drop(name)
            raise
        except (Missing, Conflict, SearchError) as error:
            self.drop(name)
            raise SearchUnavailable("Another rebuild began at the same moment.") from error
        self._sweep()
        return name

    def swap(self, rebuild: str) -> None:
        """Let a generation serve instead of the one that does, in one step; then drop the others.

        Raises Missing or Conflict where it is no longer the one under construction.
        """
        self.refresh(self.names.building)
        actions: list[dict[str, Any]] = [
            {"remove": {"index": rebuild, "alias": self.names.building, "must_exist": True}},
            {"remove": {"index": rebuild, "alias": fill_alias(rebuild), "must_exist": True}},
            *(
                {"remove": {"index": name, "alias": alias}}
                for name, aliases in self._aliases().items()
                for alias in aliases
                if alias == self.names.serving or self.names.serves_another_version(alias)
            ),
            {"add": {"index": rebuild, "alias": self.names.serving, "is_write_index": True}},
        ]
        self._swap_aliases(actions)
        self._drop_signs()
        self._sweep()

    def drop(self, name: str) -> None:
        """Delete a generation; fine if it is gone."""
        self._connection.ask(lambda client: client.indices.delete(index=name, params={"ignore_unavailable": "true"}))

    def refresh(self, alias: str) -> None:
        """Let all that was written be seen."""
        self._connection.ask(lambda client: client.indices.refresh(index=alias))

    def _swap_aliases(self, actions: list[dict[str, Any]]) -> None:
        self._connection.ask(lambda client: client.indices.update_aliases(body={"actions": actions}))

    def _drop_signs(self) -> None:
        """Take signs of removal and the mark of progress out; they match no question, so that this may fail."""
        query = {"query": {"bool": {"must_not": [{"exists": {"field": "scope"}}]}}}
        params = {"conflicts": "proceed", "refresh": "true"}
        self._connection.ask(lambda client: client.delete_by_query(index=self.names.serving, body=query, params=params))

    def _sweep(self) -> None:
        """Drop generations that no alias gives a task: given up, replaced, or left behind by a kill."""
        tasks = {self.names.serving, self.names.building}
        for name, aliases in self._aliases().items():
            if not any(alias in tasks or self.names.serves_another_version(alias) for alias in aliases):
                self.drop(name)

    # -------------------------------------------------------------------------------------------------------- progress

    def note_progress(self, rebuild: str, upto: str, filled: int) -> None:
        """Keep how far a rebuild is, in the generation itself."""
        known = self.progress(rebuild)
        mark = {"revision": 0, "mark": True, "upto": upto, "done": known.done + filled}
        self._connection.ask(
            lambda client: client.index(
                index=fill_alias(rebuild), id=_PROGRESS, body=mark, params={"require_alias": "true"}
            )
        )

    def progress(self, rebuild: str) -> Rebuild:
        """How far a rebuild is."""
        try:
            found = self._connection.ask(lambda client: client.get(index=fill_alias(rebuild), id=_PROGRESS))
        except Missing:
            return Rebuild(rebuild, None, 0)
        return Rebuild(rebuild, uuid.UUID(hex=found["_source"]["upto"]), int(found["_source"]["done"]))


def _create(client: Any, name: str, body: dict[str, Any]) -> Any:
    return client.indices.create(index=name, body=body, params={"wait_for_active_shards": "1"})
