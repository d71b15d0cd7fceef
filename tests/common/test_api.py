from __future__ import annotations

import pytest
from django.db import OperationalError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from common.api import StrictSerializer, flatten, problem_response
from common.errors import Conflict, InvalidInput
from common.filtering import refuse_unknown


class Size(StrictSerializer, serializers.Serializer):
    quantity = serializers.DecimalField(max_digits=9, decimal_places=2)


class Rule(StrictSerializer, serializers.Serializer):
    symbol = serializers.CharField()
    size = Size(required=False)
    id = serializers.CharField(read_only=True)


def errors_of(data: object) -> dict[str, list[str]]:
    serializer = Rule(data=data)
    assert not serializer.is_valid()
    return flatten(serializer.errors)


def test_an_unknown_field_is_named_with_the_nearest_known_one() -> None:
    assert errors_of({"symbol": "AAPL", "sizee": {}}) == {"sizee": ["Unknown field. Did you mean 'size'?"]}


def test_an_unknown_field_far_from_any_lists_the_known_ones() -> None:
    assert errors_of({"symbol": "AAPL", "zzz": 1}) == {"zzz": ["Unknown field. Known: symbol, size."]}


def test_nested_unknown_fields_are_dotted() -> None:
    assert errors_of({"symbol": "AAPL", "size": {"quantitiy": 1}}) == {
        "size.quantitiy": ["Unknown field. Did you mean 'quantity'?"]
    }


def test_a_field_we_keep_ourselves_cannot_be_set() -> None:
    assert "id" in errors_of({"symbol": "AAPL", "id": "x"})


def test_a_list_where_an_object_belongs_is_refused() -> None:
    assert "non_field_errors" in errors_of([1])


def test_domain_errors_become_problem_json() -> None:
    answer = problem_response(InvalidInput({"trigger_params.price": "-5: use a price above 0."}), {})
    assert answer is not None
    assert answer.status_code == 400
    assert answer.data["errors"] == {"trigger_params.price": ["-5: use a price above 0."]}
    answer = problem_response(Conflict("It is cancelled already."), {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (409, "conflict")


def test_a_silent_database_is_503_with_retry_after() -> None:
    answer = problem_response(OperationalError("canceling statement due to lock timeout"), {})
    assert answer is not None
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def test_a_bug_is_not_hidden() -> None:
    assert problem_response(ZeroDivisionError(), {}) is None


def test_unknown_query_parameters_are_refused_with_a_hint() -> None:
    request = Request(APIRequestFactory().get("/?statuss=active"))
    with pytest.raises(ValidationError) as refused:
        refuse_unknown(request, {"status", "page"})
    assert "Did you mean 'status'?" in str(refused.value.detail)
