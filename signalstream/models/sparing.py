"""Models that are kept, in less memory.

pydantic gives each model a set of the names of the fields that were given: 216 bytes for up to four names, 728 for
more, as much as the rest of a small model. What is kept is frozen and nested, and models of a type nearly always have
the same fields, so here they share one set. It also leaves the garbage collector less to look at.
"""

from __future__ import annotations

from pydantic import BaseModel

MOST_SHAPES = 8  # of one type; a model with yet another set of names keeps its own


class FieldNames:
    """The sets that models of a type share."""

    def __init__(self) -> None:
        self._shared: dict[type[BaseModel], list[set[str]]] = {}

    def share(self, model: BaseModel) -> None:
        """Let ``model``, which must be frozen, and all models in it share their sets.

        A model that has a shared set already is not looked into again: its parts were shared with it.
        """
        names = model.__pydantic_fields_set__
        shapes = self._shared.setdefault(type(model), [])
        for shape in shapes:
            if shape is names:
                return
        self._adopt(model, names, shapes)
        for part in model.__dict__.values():
            self._look_into(part)

    @staticmethod
    def _adopt(model: BaseModel, names: set[str], shapes: list[set[str]]) -> None:
        for shape in shapes:
            if shape == names:
                object.__setattr__(model, "__pydantic_fields_set__", shape)
                return
        if len(shapes) < MOST_SHAPES:
            shapes.append(names)

    def _look_into(self, part: object) -> None:
        if isinstance(part, BaseModel):
            self.share(part)
        elif isinstance(part, (tuple, list)):
            for each in part:
                self._look_into(each)
        elif isinstance(part, dict):
            for each in part.values():
                self._look_into(each)
