"""The code tables: complete, and classed as the callers rely on."""

from __future__ import annotations

import pytest

from zalo.errors import (
    OA_ERRORS,
    OAUTH_ERRORS,
    ZNS_ERRORS,
    ConsumedRefreshToken,
    ErrorClass,
    NotSent,
    PerhapsSent,
    Refused,
    ResumeAt,
    Scope,
    Table,
    ZaloError,
    lookup,
)

TOKEN_FAMILY = {-216, -220, -124, 216, -401, 401}

# Frozen copies of the codes Zalo documents, so that none gets lost in an edit.
OA_CODES = {
    *(-32, -100, -200, -201, -204, -205, -209, -210, -211, -212, -213, -214, -216, -217, -218, -219, -220, -221),
    *(-223, -224, -227, -230, -232, -233, -234, -235, -237, -238, -240, -241, -242, -244, -248, -249),
    *(-320, -321, -403, -1340, -1341, 404),
}
ZNS_CODES = {
    *(-100, -101, -102, -103, -104, -105, -106, -107, -108, -109, -1091, -110, -111, -112, -1121, -1122, -1123),
    *(-1124, -113, -1131, -114, -115, -116, -117, -118, -119, -120, -1201, -1202, -121, -122, -123, -124, -1241),
    *(-125, -126, -127, -128, -129, -130, -131, -132, -133, -134, -135, -1351, -136, -137, -138, -1381, -139),
    *(-140, -141, -142, -143, -144, -1441, -145, -146, -147, -1471, -1472, -148, -149, -1491, -150, -151, -152),
    *(-153, -158, -159, -160, -161, -162),
}
OAUTH_CODES = {-14002, -14003, -14004, -14005, -14012, -14014, -14018, -14024, 404}
TABLES = [(Table.OA, OA_ERRORS), (Table.ZNS, ZNS_ERRORS), (Table.OAUTH, OAUTH_ERRORS)]


def test_every_documented_code_is_known_and_nothing_is_made_up() -> None:
    """Beside them only the token family and the rate limit, which may come from any host."""
    assert set(OA_ERRORS) == OA_CODES | TOKEN_FAMILY
    assert set(ZNS_ERRORS) == ZNS_CODES | TOKEN_FAMILY | {-32}
    assert set(OAUTH_ERRORS) == OAUTH_CODES | TOKEN_FAMILY | {-32}


@pytest.mark.parametrize("table", Table)
@pytest.mark.parametrize("code", sorted(TOKEN_FAMILY))
def test_a_token_code_is_one_on_every_host(table: Table, code: int) -> None:
    """Zalo's hosts use each other's codes in production."""
    assert lookup(table, code).error_class is ErrorClass.TOKEN


@pytest.mark.parametrize("table", Table)
def test_an_unknown_code_is_never_called_harmless(table: Table) -> None:
    """UNKNOWN is never repeated blindly."""
    assert lookup(table, -99999).error_class is ErrorClass.UNKNOWN


def test_what_comes_later_says_when_and_nothing_else_does() -> None:
    """A LATER code without a time would wait for ever."""
    for _, table in TABLES:
        for info in table.values():
            assert (info.resume is not None) == (info.error_class is ErrorClass.LATER), info


def test_what_is_remembered_as_an_opt_out() -> None:
    """Refusals of a person that hold for the future."""
    remembered = {(table, code) for table, infos in TABLES for code in infos if infos[code].remember_optout}
    assert remembered == {(Table.OA, -217), (Table.OA, -244), (Table.ZNS, -139), (Table.ZNS, -141)}


@pytest.mark.parametrize(
    ("table", "code", "resume", "scope"),
    [
        (Table.OA, -32, ResumeAt.NEXT_MINUTE, Scope.OA),
        (Table.OA, -234, ResumeAt.NIGHT_END, Scope.OA),
        (Table.ZNS, -133, ResumeAt.NIGHT_END, Scope.TEMPLATE),
        (Table.ZNS, -144, ResumeAt.NEXT_DAY, Scope.OA),
        (Table.ZNS, -1441, ResumeAt.NEXT_MONTH, Scope.OA),
        (Table.ZNS, -147, ResumeAt.NEXT_DAY, Scope.TEMPLATE),
        (Table.ZNS, -1471, ResumeAt.NEXT_MONTH, Scope.RECIPIENT),
        (Table.ZNS, -1472, ResumeAt.NEXT_DAY, Scope.RECIPIENT),
    ],
)
def test_when_and_for_whom_a_limit_ends(table: Table, code: int, resume: ResumeAt, scope: Scope) -> None:
    """One person's limit must not hold up the OA."""
    info = lookup(table, code)
    assert (info.error_class, info.resume, info.scope) == (ErrorClass.LATER, resume, scope)


@pytest.mark.parametrize(
    ("table", "code", "expected"),
    [
        (Table.OA, -100, ErrorClass.FIX),
        (Table.ZNS, -100, ErrorClass.TRANSIENT),
        (Table.OA, -213, ErrorClass.RECIPIENT),
        (Table.OA, -218, ErrorClass.RECIPIENT),
        (Table.OA, -224, ErrorClass.GLOBAL),
        (Table.OA, -321, ErrorClass.GLOBAL),
        (Table.ZNS, -115, ErrorClass.GLOBAL),
        (Table.ZNS, -126, ErrorClass.FIX),
        (Table.ZNS, -118, ErrorClass.RECIPIENT),
        (Table.ZNS, -131, ErrorClass.TEMPLATE),
        (Table.ZNS, -1122, ErrorClass.FIX),
        (Table.OAUTH, -14014, ErrorClass.TOKEN),
    ],
)
def test_classes_that_decide_over_money_and_people(table: Table, code: int, expected: ErrorClass) -> None:
    """The same number may mean different things on different hosts."""
    assert lookup(table, code).error_class is expected


def test_the_two_meanings_of_223_are_told_apart_by_its_text() -> None:
    """A missing permission stops the OA, a used-up article allowance only waits."""
    missing = lookup(Table.OA, -223, "Official Account has not authorized this API")
    used_up = lookup(Table.OA, -223, "Your OA has reach the limit quota create article")
    assert missing.error_class is ErrorClass.GLOBAL
    assert (used_up.error_class, used_up.resume) == (ErrorClass.LATER, ResumeAt.NEXT_MONTH)


def test_tables_cannot_be_changed_by_a_caller() -> None:
    """They are shared by everything in the process."""
    with pytest.raises(TypeError):
        OA_ERRORS[-1] = OA_ERRORS[-32]  # type: ignore[index]


def test_the_tree_is_split_by_whether_it_was_sent() -> None:
    """Callers decide by class alone."""
    for kind in (NotSent, PerhapsSent, Refused):
        assert issubclass(kind, ZaloError)
    assert not issubclass(NotSent, PerhapsSent)
    assert issubclass(ConsumedRefreshToken, Refused)


def test_zalos_own_words_are_not_part_of_the_error_text() -> None:
    """They may name a person; logs print the error."""
    refused = Refused(Table.ZNS, -108, "phone 84901234567 is invalid")
    assert "8490" not in str(refused) + repr(refused)
    assert refused.message == "phone 84901234567 is invalid"
