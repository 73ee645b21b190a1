"""Tags of an OA's people; every change is also told by webhook."""

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, text_of
from sandbox.zalo_side.directory import find_person
from sandbox.zalo_side.events import tag_event
from sandbox.zalo_side.people import Person

DONE: JsonObject = {"error": 0, "message": "Success"}


def _tell(call: Call, name: str, tag: str, person: Person | None) -> None:
    user_id, by_app = (person.user_id, person.user_id_by_app) if person else (None, None)
    app_id = call.world.app.app_id
    call.world.emit(call.oa.oa_id, tag_event(name, app_id, call.oa.oa_id, tag, user_id, call.now, by_app))


async def tag_user(call: Call) -> JsonObject:
    """Tag a person; the tag is made when it is new."""
    body = await call.body()
    person, tag = find_person(call, text_of(body, "user_id")), text_of(body, "tag_name")
    call.oa.people.note_tags([tag])
    if tag not in person.tags:
        person.tags = (*person.tags, tag)
        _tell(call, "add_user_to_tag", tag, person)
    return DONE


async def untag_user(call: Call) -> JsonObject:
    body = await call.body()
    person, tag = find_person(call, text_of(body, "user_id")), text_of(body, "tag_name")
    if tag in person.tags:
        person.tags = tuple(name for name in person.tags if name != tag)
        _tell(call, "remove_user_from_tag", tag, person)
    return DONE


async def remove_tag(call: Call) -> JsonObject:
    """Delete a tag from everybody and from the list."""
    tag = text_of(await call.body(), "tag_name")
    people = call.oa.people
    if tag not in people.tag_names:
        raise Refusal(-201, "tag_name is invalid!")
    del people.tag_names[tag]
    for person in people:
        if tag in person.tags:
            person.tags = tuple(name for name in person.tags if name != tag)
    _tell(call, "remove_tag", tag, None)
    return DONE


async def list_tags(call: Call) -> JsonObject:
    return success(list(call.oa.people.tag_names))
