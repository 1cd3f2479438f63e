from __future__ import annotations

from signalstream.security.principal import SCOPES, Principal, Scope, local_principal


def test_without_authentication_everyone_is_the_local_holder_of_all_scopes():
    local = local_principal("acme")

    assert local == Principal("acme", SCOPES, "local", expires_at=None)
    assert all(local.may(scope) for scope in Scope)


def test_admin_is_a_right_of_its_own_and_includes_no_other():
    operator = Principal("acme", frozenset({"admin"}), "k1")

    assert operator.may(Scope.ADMIN)
    assert not any(operator.may(scope) for scope in Scope if scope is not Scope.ADMIN)
