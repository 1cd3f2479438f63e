from __future__ import annotations

from signalstream.models.base import Model
from signalstream.models.sparing import MOST_SHAPES, FieldNames


class Part(Model):
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0


class Whole(Model):
    first: Part
    parts: tuple[Part, ...] = ()
    named: dict[str, Part]


def whole(**fields: int) -> Whole:
    part = {"a": 1, **fields}
    return Whole.model_validate({"first": part, "parts": [part, part], "named": {"one": part}})


def sets_of(*models: Whole) -> set[int]:
    parts = [part for model in models for part in (model.first, *model.parts, *model.named.values())]
    return {id(part.model_fields_set) for part in parts}


def test_models_of_a_type_with_the_same_fields_share_one_set_wherever_they_are() -> None:
    names, one, other = FieldNames(), whole(), whole()
    for model in (one, other):
        names.share(model)
    assert len(sets_of(one, other)) == 1
    assert one.model_fields_set is other.model_fields_set
    assert one == other == whole()


def test_what_was_given_and_what_was_not_stays_known() -> None:
    names, one, other = FieldNames(), whole(), whole(b=2)
    for model in (one, other, one):
        names.share(model)
    assert one.first.model_dump(exclude_unset=True) == {"a": 1}
    assert other.first.model_dump(exclude_unset=True) == {"a": 1, "b": 2}
    assert len(sets_of(one, other)) == 2


def test_a_changed_copy_does_not_change_what_others_share() -> None:
    names, one, other = FieldNames(), whole(), whole()
    for model in (one, other):
        names.share(model)
    copy = one.model_copy(update={"first": other.first.model_copy(update={"c": 3})})
    names.share(copy)
    assert copy.first.model_fields_set == {"a", "c"}
    assert one.first.model_fields_set == other.first.model_fields_set == {"a"}


def test_a_type_of_ever_new_shapes_takes_no_more_memory() -> None:
    names = FieldNames()
    shapes = [{letter: 1 for place, letter in enumerate("abcd") if number >> place & 1} for number in range(16)]
    models = [Part.model_validate(shape) for shape in shapes]
    for model in models:
        names.share(model)
    assert len(names._shared[Part]) == MOST_SHAPES
    assert [model.model_fields_set for model in models] == [set(shape) for shape in shapes]
