"""Boxes typed in an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmap.errors import BadParameterError
from webmap.geo.bbox import parse_bbox, widen


def test_a_box_is_west_south_east_north() -> None:
    assert parse_bbox("3.2,50.2,3.6,50.6") == (3.2, 50.2, 3.6, 50.6)
    assert parse_bbox(" -180, -90 ,180,90") == (-180, -90, 180, 90)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "3.2,50.2,3.6",
        "3.2,50.2,3.6,50.6,1",
        "a,b,c,d",
        "3.6,50.2,3.2,50.6",
        "3.2,50.6,3.6,50.2",
        "nan,50.2,3.6,50.6",
        "3.2,50.2,inf,50.6",
        "-181,0,0,1",
        "0,0,1,91",
        "700000,7000000,710000,7010000",
        "<script>,1,2,3",
    ],
)
def test_anything_else_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(BadParameterError, match="attendu ouest,sud,est,nord") as refused:
        parse_bbox(text)
    assert refused.value.status == 400


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    try:
        west, south, east, north = parse_bbox(text)
    except BadParameterError as error:
        assert len(str(error)) < 300  # noqa: PT017 - either outcome is right, each with its own assertion
    else:
        assert -180 <= west <= east <= 180
        assert -90 <= south <= north <= 90


@given(st.tuples(*[st.floats(-85, 85, allow_nan=False)] * 4), st.integers(0, 8))
def test_a_wider_box_holds_the_box(box: tuple[float, float, float, float], decimals: int) -> None:
    west, south, east, north = widen(box, decimals)
    assert west <= box[0] <= west + 1.1 * 10**-decimals
    assert south <= box[1] <= south + 1.1 * 10**-decimals
    assert east >= box[2] >= east - 1.1 * 10**-decimals
    assert north >= box[3] >= north - 1.1 * 10**-decimals
