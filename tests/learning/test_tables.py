"""Tables: every shape of CSV that users bring, and one clear message for each that is wrong."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import InputError, TaskError
from quorate.learning.tables import (
    Dataset,
    Standardisation,
    TableForm,
    encode_table,
    read_table,
    read_tables,
)

HEART = Path(__file__).parents[2].parent / "shared" / "data" / "heart"
NAMED = b"age,kind,result\n30,A,B\n40,B,M\n50,A,M\n"
FORM = TableForm(label="result", rule="== M", one_hot=("kind",))


def one(data: bytes, form: TableForm, source: str = "hill.csv"):
    return read_tables({source: data}, form)[0]


def test_read__header_names_categories_text_label():
    table = one(NAMED, FORM)
    assert table.columns == ("age", "kind=B")
    assert table.data.features.tolist() == [[30, 0], [40, 1], [50, 0]]
    assert table.data.labels.tolist() == [0, 1, 1]
    assert table.dropped == 0


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("stated", [True, False])
def test_read__any_separator__found_or_stated(mark, stated):
    data = "\n".join(mark.join(row) for row in (["1.5", "2", "0"], ["-3e1", ".5", "1"]))
    form = TableForm(label=2, separator=mark if stated else "")
    table = one(data.encode(), form)
    assert table.data.features.tolist() == [[1.5, 2.0], [-30.0, 0.5]]
    assert table.columns == ("0", "1")


def test_read__runs_of_spaces_windows_lines_and_a_byte_order_mark__read():
    data = b"\xef\xbb\xbf 1   2 0\r\n\r\n 3 4   1\r\n"
    assert one(data, TableForm(label=2)).data.features.tolist() == [[1, 2], [3, 4]]


def test_read__quoted_cells__hold_separators():
    data = b'a,"b, c",y\n1,2,0\n3,4,1\n'
    assert one(data, TableForm(label="y")).columns == ("a", "b, c")


@pytest.mark.parametrize(
    ("first", "header", "rows"),
    [
        (b"x,y", None, 2),
        (b"842302,M", None, 3),
        (b"x,y", True, 2),
        (b"7,1", True, 2),
        (b"7,1", False, 3),
    ],
)
def test_read__header_or_none__found_or_stated(first, header, rows):
    data = first + b"\n1,0\n2,1\n"
    form = TableForm(label=1, rule="!= 0", header=header)
    assert len(one(data, form).data.labels) == rows


def test_read__first_line_with_a_missing_cell__is_a_row():
    assert one(b"?,M\n1,0\n2,1\n", TableForm(label=1, rule="!= 0")).dropped == 1


def test_read__missing_cells__rows_dropped_and_counted_only_for_kept_columns():
    data = b"a,b,c,y\n1,?,3,0\n?,2,3,1\n1,2,,1\n1,2,3,?\n5,6,7,1\n"
    table = one(data, TableForm(label="y", drop=("b",)))
    assert table.columns == ("a", "c")
    assert table.data.features.tolist() == [[1, 3], [5, 7]]
    assert table.dropped == 3


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        ("> 1", [0, 0, 1]), (">= 1", [0, 1, 1]), ("< 1", [1, 0, 0]), ("<= 1", [1, 1, 0]),
        ("== 1.0", [0, 1, 0]), ("!= 1", [1, 0, 1]), (">0", [0, 1, 1]),
    ],
)  # fmt: skip
def test_read__label_rules__as_written(rule, due):
    assert one(b"5,0\n5,1\n5,2\n", TableForm(label=1, rule=rule)).data.labels.tolist() == due


def test_read__categories__numbers_by_value_joined_over_all_parties():
    files = {"a.csv": b"2,1,0\n10,1,1\n", "b.csv": b"2.0,1,1\n3,1,0\n"}
    tables = read_tables(files, TableForm(label=2, one_hot=(0,)))
    assert [table.columns for table in tables] == [("1", "0=3", "0=10")] * 2
    assert tables[0].data.features.tolist() == [[1, 0, 0], [1, 0, 1]]
    assert tables[1].data.features.tolist() == [[1, 0, 0], [1, 1, 0]]


def test_encode__a_category_nobody_declared__refused():
    raw = read_table(NAMED, "hill.csv", FORM)
    with pytest.raises(InputError, match="kind has 'B', unknown"):
        encode_table(raw, {"kind": ("A",)})


@pytest.mark.parametrize(
    ("data", "form", "error", "words"),
    [
        (b"", FORM, InputError, "hill.csv: the file is empty"),
        (b" \n\n", FORM, InputError, "the file is empty"),
        (b"a,result\n\xff,1\n", FORM, InputError, "byte 9 is not UTF-8"),
        (b"1,2,0\n1,2\n", TableForm(label=2, separator=","), InputError, "line 2 has 2 cells"),
        (b"1,2,0\n3,x,1\n", TableForm(label=2), InputError, "line 2, column 1: 'x' is not a"),
        (b"1,2,0\n3,nan,1\n", TableForm(label=2), InputError, "'nan' is not a number"),
        (b"1,2,0\n3,1e999,1\n", TableForm(label=2), InputError, "'1e999' is not a number"),
        (b"1,2,0\n3,1_0,1\n", TableForm(label=2), InputError, "'1_0' is not a number"),
        (b"1,2,0\n3,2,0\n", TableForm(label=2), InputError, "all 2 complete rows are of one cl"),
        (b"1,2,0\n3,2,2\n", TableForm(label=2), InputError, "line 2, label 2: '2' is not 0 or 1"),
        (b"1,2,0\n3,2,B\n", TableForm(label=2), InputError, "'B' is not 0 or 1"),
        (b"1,A\n3,B\n", TableForm(label=1, rule="> 0"), InputError, "'A' is not a number"),
        (b"1,?\n?,1\n", TableForm(label=1), InputError, "no row is complete"),
        (NAMED, TableForm(label="outcome"), TaskError, "column 'outcome' in hill.csv"),
        (NAMED, TableForm(label=3), TaskError, "column 3 in"),
        (NAMED, TableForm(label=-1), TaskError, "column -1 in"),
        (NAMED, TableForm(label=True), TaskError, "column True in"),
        (NAMED, TableForm(label="result", drop=("size",)), TaskError, "its columns are age, kind"),
        (NAMED, TableForm(label="result", drop=("age", "kind")), TaskError, "no feature is left"),
        (NAMED, TableForm(label="result", drop=("result",)), TaskError, "label or a one-hot"),
        (NAMED, TableForm(label="result", one_hot=("result",)), TaskError, "one-hot"),
        (b"a,a,y\n1,2,0\n", TableForm(label="y"), InputError, "stands twice"),
        (b'1,"2\n', TableForm(label=0, separator=","), InputError, "hill.csv"),
        (b"A,0\nA,1\n", TableForm(label=1, one_hot=(0,)), InputError, "no feature is left"),
    ],
)
def test_read__bad_table__one_clear_message(data, form, error, words):
    with pytest.raises(error) as caught:
        one(data, form)
    assert words in str(caught.value)


@pytest.mark.parametrize("rule", ["M", "=", "=> 1", "~ 3"])
def test_form__unreadable_rule__task_error(rule):
    with pytest.raises(TaskError, match="label rule"):
        TableForm(label=0, rule=rule)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (b"age,size,result\n1,2,B\n2,3,M\n", "differ in kind, size"),
        (b"kind,age,result\nA,1,B\nB,2,M\n", "differ in their order"),
        (b"age,result\n1,B\n2,M\n", "differ in kind"),
    ],
)
def test_read__parties_with_different_columns__refused_by_name(other, words):
    form = TableForm(label="result", rule="== M")
    with pytest.raises(InputError) as caught:
        read_tables({"hill.csv": NAMED, "dale.csv": other}, form)
    assert words in str(caught.value)
    assert "hill.csv and dale.csv" in str(caught.value)


@given(st.binary(max_size=200))
def test_read__strangers_bytes__an_input_error_or_a_table(data):
    try:
        table = one(data, TableForm(label=1, rule="!= 0"))
    except InputError:
        return
    assert np.isfinite(table.data.features).all()
    assert set(table.data.labels.tolist()) == {0, 1}


def test_standardisation__own_rows__sample_deviation():
    features = np.array([[1.0, 5.0], [3.0, 5.0]])
    found = Standardisation.of(features).apply(Dataset(features, np.array([0, 1])))
    assert found.features[:, 0] == pytest.approx([-(0.5**0.5), 0.5**0.5])
    assert found.features[:, 1].tolist() == [0.0, 0.0]  # a constant column stays finite
    with pytest.raises(InputError):
        Standardisation.of(features[:1])


def test_heart__four_hospitals__thirteen_features_and_the_known_rows():
    if not HEART.is_dir():
        pytest.skip("shared/data/heart is absent")
    files = {path.name: path.read_bytes() for path in sorted(HEART.glob("*.data"))}
    form = TableForm(label=13, rule="> 0", drop=(10, 11, 12), one_hot=(2, 6))
    tables = read_tables(files, form)
    assert [len(table.data.labels) for table in tables] == [303, 261, 46, 130]
    assert {table.data.features.shape[1] for table in tables} == {13}
    assert {table.columns for table in tables} == {tables[0].columns}
    assert [table.dropped for table in tables] == [0, 33, 77, 70]


def test_separator__any_one_character__read():
    data = b"1:2:0\n3:4:1\n5:6:0\n"
    table = read_tables({"a": data}, TableForm(label=2, header=False, separator=":"))[0]
    assert table.data.features.tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize("separator", ["ab", "1", ".", "-", "\n", '"'])
def test_separator__part_of_numbers_or_longer__refused(separator):
    with pytest.raises(TaskError):
        TableForm(label=2, separator=separator)
