"""Whether the account can be reached with these credentials, said without quoting them."""

from __future__ import annotations

import pytest

from batonpass.domain.errors import BatonpassError, ConfigurationError, CredentialsRefusedError, RefusedError
from batonpass.ports import Probe
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.emulator import Fault


class AccessContract(Basis):
    """`Probe`."""

    @holds(Probe.check_access, "A few cheap authenticated reads")
    async def test_good_credentials_name_the_account(self) -> None:
        async with self.opened() as made:
            access = await made.to(Probe).check_access()

            assert access.account.strip()
            assert made.emulator.ledger == []
            assert 1 <= len(made.emulator.calls) <= 10, "one read for each scope at most"

    @holds(Probe.check_access, "Raises `CredentialsRefusedError` on a wrong key")
    async def test_refused_credentials_are_told_from_everything_else(self) -> None:
        async with self.opened() as made:
            made.emulator.next_call(Fault.UNAUTHORISED, times=20)

            with pytest.raises(CredentialsRefusedError):
                await made.to(Probe).check_access()

    @holds(Probe.check_access, "Raises `CredentialsRefusedError` on a wrong key")
    async def test_a_missing_scope_is_forbidden_and_not_a_wrong_key(self) -> None:
        async with self.opened() as made:
            self.lose_a_scope(made.emulator)

            with pytest.raises(RefusedError) as refused:
                await made.to(Probe).check_access()

            assert refused.value.code == "forbidden"

    async def test_each_wrong_secret_is_refused_and_not_quoted(self) -> None:
        async with self.opened() as made:
            login = made.login
        secrets = [
            key for key in login if key in self.manifest.settings.secret_keys() and "webhook" not in key
        ]
        assert secrets, "login() holds a secret, or nothing would be checked"

        for key in secrets:
            wrong = self.another(login[key])
            refusals = (CredentialsRefusedError, RefusedError, ConfigurationError)
            with pytest.raises(refusals) as refused:
                async with self.opened(login={**login, key: wrong}) as made:
                    await made.to(Probe).check_access()

            assert isinstance(refused.value, BatonpassError)
            assert wrong not in str(refused.value)
