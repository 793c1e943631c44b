"""XLSForms with mistakes, and files that are no forms: everything wrong is named, and nothing is opened blindly."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from questionnaires import standard
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion
from questionnaires.services import publish_standard
from questionnaires.xlsform.reading import Outcome, document_of
from questionnaires.xlsform.wording import csv_of, sentence, table_of
from questionnaires.xlsform.workbooks import MAX_BYTES, read_workbook
from questionnaires.xlsform.writing import workbook_of
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM, SignIn
from tests.uploads.test_spreadsheets import bomb, workbook
from uploads.spreadsheets import WorkbookRefused

type Rows = Sequence[Sequence[str]]

HEAD = ("type", "name", "label::日本語 (ja)", "hint::日本語 (ja)", "relevant", "constraint", "required")
SETTINGS = (("form_title", "form_id", "default_language"), ("確認", "example", "日本語 (ja)"))
CHOICES = (("list_name", "name", "label::日本語 (ja)"), ("funds", "salary", "給与"), ("funds", "other", "その他"))


def book(survey: Rows, choices: Rows = CHOICES, settings: Rows = SETTINGS, **more: Rows) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        for name, rows in {"survey": survey, "choices": choices, "settings": settings, **more}.items():
            sheet = made.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, cell)
    return file.getvalue()


def cells(rows: Rows) -> list[tuple[int, Sequence[str]]]:
    return [(number, row) for number, row in enumerate(rows, start=1)]


def read(*rows: Sequence[str], head: Sequence[str] = HEAD, choices: Rows = CHOICES) -> Outcome:
    survey = [head, *[[*row, *[""] * (len(head) - len(row))] for row in rows]]
    return document_of({"survey": cells(survey), "choices": cells(choices), "settings": cells(SETTINGS)})


def wrong(outcome: Outcome) -> set[tuple[str, str]]:
    """Cell, or row, and code of every error."""
    return {(one.cell or str(one.row), one.code) for one in outcome.errors}


GROUP = ("begin group", "first", "はじめに", "理由")
END = ("end group", "")


def test_a_form_from_elsewhere_becomes_pages() -> None:
    outcome = read(
        GROUP, ("select_one funds", "fund", "収入"), END,
        ("integer", "monthly", "毎月の額", "", "${fund} = 'other'", ". > 0 and . <= 100", "yes"),
        ("image", "paper", "書類"),
        ("start", "start"),
    )  # fmt: skip
    assert outcome.errors == ()
    assert outcome.document is not None
    pages = outcome.document["pages"]
    assert [page["id"] for page in pages] == ["first", "page_monthly", "page_paper"]
    assert pages[1]["show_if"] == {"===": [{"var": "fund"}, "other"]}
    assert pages[1]["questions"][0]["constraints"] == {"min": 1, "max": 100}
    assert pages[2]["questions"][0]["accepts"] == ["photo"]
    assert {one.code for one in outcome.findings} == {"page_of_its_own", "metadata"}


def test_every_mistake_is_named_at_once_with_its_cell() -> None:
    outcome = read(
        GROUP,
        ("text", "Name", "お名前"),
        ("geopoint", "place", "場所"),
        ("select_one nothing", "fund", "収入"),
        ("integer", "monthly", "", "", "", "${fund} + 1", "perhaps"),
        ("text", "monthly", "もう一度"),
        ("text", "remark", "備考", "", "${fund} = 'x'"),
        END,
        ("begin group", "second", "つぎ", "理由", "${nobody} = 'x'"),
        ("note", "n1", "説明"),
        ("begin group", "inside", "なか"),
        END,
    )
    assert outcome.document is None
    assert wrong(outcome) == {
        ("B3", "bad_name"),
        ("A4", "unknown_type"),
        ("A5", "no_such_list"),
        ("C6", "no_words"),
        ("F6", "not_read"),
        ("G6", "yes_or_no"),
        ("B7", "name_twice"),
        ("E8", "relevant_in_group"),
        ("E10", "unknown_name"),
        ("A12", "group_in_group"),
    }


def test_conditions_that_go_in_a_circle_are_refused() -> None:
    outcome = read(
        ("text", "a", "あ", "", "${b} = 'x'"),
        ("text", "b", "い", "", "${a} = 'x'"),
        ("text", "c", "う", "", "${c} = 'x'"),
    )
    assert {("E2", "asked_later"), ("E4", "asked_later")} <= wrong(outcome)


def test_calculations_that_go_in_a_circle_are_refused() -> None:
    head = (*HEAD, "calculation")
    outcome = read(
        (*GROUP,), ("text", "a", "あ"), END,
        ("calculate", "p", "", "", "", "", "", "${q} = 'true'"),
        ("calculate", "q", "", "", "", "", "", "${p} = 'true'"),
        head=head,
    )  # fmt: skip
    assert [code for _, code in wrong(outcome)] == ["invalid"]


def test_choices_are_looked_at_one_by_one() -> None:
    choices = (
        ("list_name", "name", "label::日本語 (ja)", "label::Klingon (tlh)"),
        ("funds", "a b", "空白", ""),
        ("funds", "x", "", ""),
        ("funds", "x", "二つめ", ""),
        ("Bad List", "y", "い", ""),
    )
    outcome = read(GROUP, ("select_one funds", "fund", "収入"), END, choices=choices)
    codes = {(one.sheet, one.cell, one.code) for one in outcome.errors}
    assert codes == {
        ("choices", "D1", "unknown_language"),
        ("choices", "B2", "bad_value"),
        ("choices", "C3", "no_words"),
        ("choices", "B4", "value_twice"),
        ("choices", "A5", "bad_name"),
    }


def test_a_question_for_a_secret_is_refused_from_a_workbook_too() -> None:
    outcome = read(GROUP, ("text", "code", "暗証番号を入力してください"), END)
    assert [(one.row, one.code) for one in outcome.errors] == [(3, "invalid")]


def test_every_finding_has_a_sentence() -> None:
    outcome = read(
        ("text", "Name", "お名前"),
        ("geopoint", "p", "場所"),
        ("text", "", ""),
        ("begin group", "g", ""),
        ("text", "a", "あ", "", "${z}=1"),
    )
    with translation.override("en"):
        for one in outcome.findings:
            said = sentence(one)
            assert said
            assert "%(" not in said


def test_the_list_of_errors_opens_in_a_spreadsheet_and_holds_no_formula() -> None:
    outcome = read(("=cmd|' /C calc'!A0", "Name", "お名前"))
    with translation.override("en"):
        written = csv_of(table_of(outcome.findings))
    rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"))))
    assert rows[0] == ["Sheet", "Cell", "Column", "Kind", "What is wrong"]
    assert len(rows) == len(outcome.findings) + 1
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "@")]


def refused(data: bytes) -> str:
    with pytest.raises(WorkbookRefused) as why:
        read_workbook(data)
    return why.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_workbook"),
        (b"type,name\n", "not_a_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_or_locked"),
        (workbook({"xl/vbaProject.bin": b"\0"}), "macros"),
        (workbook({"xl/externalLinks/externalLink1.xml": "<x/>"}), "external"),
        (b"P" * (MAX_BYTES + 1), "too_many_bytes"),
        (book([HEAD])[:-200], "not_a_workbook"),
    ],
    ids=["empty", "csv", "xls", "macros", "links", "large", "torn"],
)
def test_what_is_no_honest_workbook_is_not_opened(data: bytes, code: str) -> None:
    """F3."""
    assert refused(data) == code


def test_a_bomb_is_not_unpacked() -> None:
    """F3."""
    assert refused(bomb(300)) == "too_large"


def test_sheets_have_their_names_and_limits() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        made.add_worksheet("質問").write_string(0, 0, "type")
    assert refused(file.getvalue()) == "no_survey"
    many = [HEAD, *[("text", f"q{number}", "問い") for number in range(10_000)]]
    assert refused(book(many)) == "too_many_rows"
    assert refused(book([[f"c{number}" for number in range(200)]])) == "too_many_columns"
    assert refused(book([HEAD, ("text", "a", "あ" * 5_000)])) == "cell_too_long"


def test_a_form_that_other_tools_refuse_is_refused_here() -> None:
    """pyxform finds what nobody here looked for: words that speak of a question there is not."""
    survey = [("type", "name", "label::日本語 (ja)"), GROUP[:3], ("text", "a", "あ"), ("text", "b", "い ${c}"), END]
    workbook_read = read_workbook(book(survey))
    assert "${c}" in workbook_read.pyxform or "'c'" in workbook_read.pyxform
    outcome = document_of(workbook_read.sheets, pyxform=workbook_read.pyxform)
    assert [one.code for one in outcome.errors] == ["pyxform"]


# -- the pages


def send(client: Client, data: bytes, **more: str) -> str:
    file = SimpleUploadedFile("form.xlsx", data)
    response = client.post(reverse("questionnaire-import"), {"file": file, **more})
    assert response.status_code in (200, 422)
    return response.content.decode()


@pytest.fixture
def writer(in_tenant: Tenant, officer: User, staff_client: SignIn) -> Client:
    officer.language = "en"
    officer.save(update_fields=["language"])
    return staff_client(officer)


def test_a_dry_look_keeps_nothing_and_a_draft_is_made_of_it(writer: Client) -> None:
    document = standard.document("residence-card")
    page = send(writer, workbook_of(document), audience="INDIVIDUAL")
    assert "What it would become" in page
    with transaction.atomic():
        assert not Questionnaire.objects.exists()
    take = reverse("questionnaire-import-take")
    assert writer.post(take, {"document": json.dumps(document), "audience": "INDIVIDUAL"}).status_code == 302
    with transaction.atomic():
        draft = QuestionnaireDraft.objects.select_related("questionnaire").get()
        assert draft.document == document
        assert draft.questionnaire.name == "在留カードの更新"


def test_mistakes_are_shown_with_a_list_to_download(writer: Client) -> None:
    page = send(writer, book([HEAD, GROUP, ("geopoint", "p", "場所"), END]))
    assert "A3" in page
    assert "There is no kind of question for the type “geopoint”." in page
    signed = page.split('name="signed" value="')[1].split('"')[0]
    listed = writer.post(reverse("questionnaire-import-errors"), {"signed": signed})
    assert "geopoint" in listed.content.decode("utf-8-sig")
    assert listed.headers["Content-Type"].startswith("text/csv")
    assert writer.post(reverse("questionnaire-import-errors"), {"signed": signed + "x"}).status_code == 404


def test_a_refused_workbook_says_what_to_do(writer: Client) -> None:
    assert "This is no Excel workbook (xlsx)." in send(writer, b"type,name")
    assert "Please save it without them (xlsx)" in send(writer, workbook({"xl/vbaProject.bin": b"\0"}))
    assert "The workbook is larger than 2 MB" in send(writer, b"P" * (MAX_BYTES + 1))


def test_a_version_in_force_is_handed_out_and_comes_back_the_same(
    writer: Client, auditor: User, staff_client: SignIn
) -> None:
    with transaction.atomic():
        publish_standard(actor=SYSTEM, now=NOW)
        version = QuestionnaireVersion.objects.get(questionnaire__key="company")
    reader = staff_client(auditor)
    file = reader.get(reverse("questionnaire-version-workbook", args=[version.pk]))
    assert file.headers["Content-Disposition"] == 'attachment; filename="company-v1.xlsx"'
    assert document_of(read_workbook(file.content).sheets).document == version.document
    assert zipfile.is_zipfile(io.BytesIO(file.content))
    assert reader.get(reverse("questionnaire-import")).status_code == 403, "who may not write takes nothing in"
