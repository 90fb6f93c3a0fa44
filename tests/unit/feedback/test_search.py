"""The search for single characters on a real PostgreSQL; the ranking of terms has its own integration test."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateSchema

from services.feedback.domain.knowledge import Entry
from services.feedback.domain.terms import entry_terms, terms
from services.feedback.store import metadata, save_review, search
from services.feedback.store.tables import entries
from shared.db import create_engine, insert_rows
from shared.settings import Settings
from tests.unit.feedback.builders import MONDAY

TEXTS = {
    "often": ("水管漏水，接头也漏", "换接头"),
    "once": ("水箱漏水", "换密封圈"),
    "solution": ("水箱坏了", "查出漏点并补好"),
    "word": ("漏", "换密封圈"),
    "other": ("空调不制冷", "请客户打[电话]"),
}


pytestmark = pytest.mark.slow  # on a real PostgreSQL


@pytest.fixture
async def published(database_url: str) -> AsyncIterator[AsyncConnection]:
    """Yield a connection that sees the entries of `TEXTS` published, and one draft with the same words."""
    engine = create_engine(Settings(database_url=database_url))
    async with engine.connect() as connection:
        await connection.execute(CreateSchema("feedback", if_not_exists=True))
        await connection.run_sync(metadata.create_all)
        for state, texts in (("published", TEXTS), ("draft", {"draft": TEXTS["often"]})):
            for key, (problem, solution) in texts.items():
                row = {"id": key, "state": state, "revision": 1, "category": "after_sales", "work_order_ids": []}
                row |= {"scenario": "", "similar_to": None, "useful": 0, "useless": 0}
                row |= {"key_phrases": [], "problem": problem, "solution": solution, "length": 0.0, "reason": None}
                await insert_rows(connection, entries, [row | {"drafted_at": MONDAY, "changed_at": MONDAY}])
                if state == "published":
                    await save_review(
                        connection,
                        Entry(key, "published", 1, "after_sales", (), problem, solution),
                        edited=False,
                        found_by=entry_terms(problem, solution),
                        reason=None,
                        by="service-supervisor",
                        now=MONDAY,
                    )
        yield connection
        await connection.rollback()
    await engine.dispose()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("漏", ["often", "once", "word", "solution"]),
        ("请问漏怎么办？", ["often", "once", "word", "solution"]),
        ("漏 坏", ["solution"]),
        ("电", []),
        ("雪", []),
        ("的", []),
        ("空调制冷", ["other"]),
    ],
)
async def test_a_single_character_finds_the_entries_that_contain_it(
    published: AsyncConnection, asked: str, found: list[str]
) -> None:
    """R-FB-04: published ones, the fullest first; a mask of personal data is no word of an entry."""
    hits = await search(published, terms(asked), 10)
    assert [hit.entry_id for hit in hits] == found
    assert all(0 < hit.score <= 1 for hit in hits)
    assert [hit.entry_id for hit in await search(published, terms(asked), 1)] == found[:1]


def test_traditional_and_simplified_characters_meet() -> None:
    """R-FB-04: who writes 電視機維修 finds what was written of 电视机维修."""
    assert terms("電視機開不了機，維修進度") == terms("电视机开不了机，维修进度")
    assert terms("壞") == terms("坏")
    assert terms("請問怎麼退貨") == terms("请问怎么退货")
