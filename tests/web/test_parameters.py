from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from signalstream.core.keys import is_tenant_id
from signalstream.security.principal import local_principal
from signalstream.web.authentication import PRINCIPAL
from signalstream.web.parameters import limit_of, tenant_of
from signalstream.web.problems import ProblemError
from tests.web.conftest import make_settings


def request(**query: str) -> object:
    made = make_mocked_request("GET", str(URL("/").with_query(query)))
    made[PRINCIPAL] = local_principal("nobody-yet")
    return made


@given(st.integers(1, 500))
def test_a_limit_within_its_bounds_is_taken(limit: int) -> None:
    assert limit_of(request(limit=str(limit)), default=50, highest=500) == limit


@given(st.integers(max_value=0) | st.integers(min_value=501))
def test_a_limit_out_of_its_bounds_is_refused(limit: int) -> None:
    with pytest.raises(ProblemError, match="limit"):
        limit_of(request(limit=str(limit)), default=50, highest=500)


def test_without_a_limit_the_default_counts() -> None:
    assert limit_of(request(), default=50, highest=500) == 50


def test_the_body_and_the_query_may_both_name_the_tenant_when_they_agree() -> None:
    settings = make_settings(default_tenant=None)
    assert tenant_of(request(tenant_id="acme"), settings, "acme") == "acme"
    assert tenant_of(request(), settings, "acme") == "acme"
    with pytest.raises(ProblemError, match="tenant_id"):
        tenant_of(request(tenant_id="acme"), settings, "other")


@given(st.text().filter(lambda text: not is_tenant_id(text)))
def test_what_is_no_tenant_id_is_refused(text: str) -> None:
    with pytest.raises(ProblemError, match="tenant_id"):
        tenant_of(request(tenant_id=text), make_settings())


@given(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True))
def test_the_tenant_of_the_query_goes_before_the_default(tenant: str) -> None:
    assert tenant_of(request(tenant_id=tenant), make_settings()) == tenant
