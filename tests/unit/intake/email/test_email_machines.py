"""Mail that no person wrote is known as such, and what it answers is found (R-NT-07, ADR 0040)."""

import pytest

from shared.events import Thread
from tests.unit.intake.email.mails import contact, letter


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-generated", "Precedence: bulk", "Precedence: list", "List-Id: <a.b>", "List-Unsubscribe: <mailto:a@b>",
        "X-Auto-Response-Suppress: All", "Feedback-ID: 1:2",
    ],
)  # fmt: skip
def test_what_machines_send_on_their_own_is_a_contact_that_no_machine_answers(header: str) -> None:
    """R-NT-07: somebody may have to read it."""
    assert contact(letter("x", header)).details["auto_submitted"] in {"auto-generated", "list"}


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Precedence: first-class", "X-Priority: 1", "X-Mailer: Foxmail", "X-Autoreply: no"]
)
def test_a_person_is_answered(header: str) -> None:
    """R-NT-01: what says that it is not automatic is not."""
    assert "auto_submitted" not in contact(letter("x", header)).details


def test_a_random_id_before_our_domain_is_not_ours() -> None:
    """R-IN-01: Thunderbird writes such Message-IDs, and at a large provider customers have the domain that we have."""
    mail = letter("空调坏了").replace(b"<1@example.org>", b"<e9d6c0f0-5a1b-4c1d-9a53-2f6c1f0c9c11@example.com>")
    assert contact(mail).text == "空调坏了"


@pytest.mark.parametrize(
    "subject",
    [
        "自动回复没有用",
        "Automatic reply does not work",
        "Auto parts",
        "不在办公室的时候怎么联系",
        "Out of office chairs",
    ],
)
def test_a_subject_about_automatic_answers_is_none(subject: str) -> None:
    """R-NT-01: customers write about them, too."""
    assert "auto_submitted" not in contact(letter("x", f"Subject: {subject}")).details


def test_what_a_mail_answers() -> None:
    """ADR 0040: In-Reply-To first, then References from the nearest on; the numbers in the subject."""
    mail = letter(
        "x",
        "In-Reply-To: <c@x>",
        "References: <a@x> <b@x>\r\n <c@x>",
        "Subject: =?utf-8?B?5Zue5aSN?=: [XR20261123001] xr20261123002 AXR20261123003",
    )
    thread = contact(mail).thread
    assert thread is not None
    assert thread.message_id == "1@example.org"
    assert thread.answers == ("c@x", "b@x", "a@x")
    assert thread.numbers == ("XR20261123001", "XR20261123002")


def test_an_answer_to_a_mail_of_ours_names_its_work_order() -> None:
    """ADR 0042: by the Message-ID that the mail had, whatever became of its subject."""
    ours = "0193d3f0-0000-5000-8000-0123456789ab.XR20261123001@example.com"
    thread = contact(letter("x", f"In-Reply-To: <{ours}>", "Subject: thanks")).thread
    assert thread is not None
    assert thread.numbers == ("XR20261123001",)
    theirs = ours.replace("example.com", "house.example")  # another house counts as we do
    assert contact(letter("x", f"In-Reply-To: <{theirs}>")).thread == Thread(
        message_id="1@example.org", answers=(theirs,)
    )


def test_references_without_end_are_cut() -> None:
    """R-IN-08: at most twenty, the nearest."""
    thread = contact(letter("x", "References: " + " ".join(f"<{i}@x>" for i in range(500)))).thread
    assert thread is not None
    assert thread.answers == tuple(f"{i}@x" for i in range(499, 479, -1))
