"""The checker itself must be able to fail: a small contract, right and wrong calls."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from batonpass.testing.serving import served
from contract import ContractChecked

CONTRACT = """
    openapi: 3.0.3
    info: {title: Kettle, version: "1"}
    servers:
    - url: https://{account}.kettle.example
      variables: {account: {default: demo}}
    paths:
      /cups:
        post:
          parameters:
          - {name: X-Key, in: header, required: false, schema: {type: string, maxLength: 5}}
          requestBody:
            required: true
            content:
              application/json:
                schema: {type: object, required: [size], properties: {size: {type: integer}}}
          responses:
            "201":
              description: filled
              content:
                application/json:
                  schema: {type: object, required: [id], properties: {id: {type: integer}}}
    """


async def fill(request: Request) -> Response:
    told = await request.json()
    match told:
        case {"answer": answer, "status": int(status)}:
            return JSONResponse(answer, status)
        case _:
            return JSONResponse({"id": 1}, 201)


@pytest.fixture
def checked(tmp_path: Path) -> ContractChecked:
    path = tmp_path / "kettle.yaml"
    path.write_text(dedent(CONTRACT))
    app = Starlette(
        routes=[
            Route(path, fill, methods=["POST"])
            for path in ("/cups", "/pots", "/_emulator/x", "/oauth/tokens")
        ]
    )
    return ContractChecked(app, path)


async def post(checked: ContractChecked, path: str, json: object, **headers: str) -> httpx.Response:
    async with served(checked) as url, httpx.AsyncClient() as http:
        return await http.post(
            url + path, json=json, headers={name.replace("_", "-"): v for name, v in headers.items()}
        )


async def test_a_right_call_passes_unchanged_and_without_a_violation(checked: ContractChecked):
    response = await post(checked, "/cups", {"size": 2})

    assert (response.status_code, response.json()) == (201, {"id": 1})
    assert (checked.checked, checked.violations) == (1, [])


@pytest.mark.parametrize(
    ("json", "headers", "said"),
    [
        pytest.param({}, {}, "'size' is a required property", id="missing property"),
        pytest.param({"size": "big"}, {}, "size: 'big' is not of type 'integer'", id="wrong type"),
        pytest.param({"size": 1}, {"X_Key": "too-long"}, "X-Key", id="wrong header"),
    ],
)
async def test_a_wrong_request_is_a_violation(
    checked: ContractChecked, json: object, headers: dict[str, str], said: str
):
    await post(checked, "/cups", json, **headers)

    assert len(checked.violations) == 1
    assert checked.violations[0].startswith("POST /cups: request: ")
    assert said in checked.violations[0]


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        pytest.param({"id": "one"}, 201, "id: 'one' is not of type 'integer'", id="wrong type"),
        pytest.param({}, 201, "'id' is a required property", id="missing property"),
        pytest.param({"id": 1}, 418, "418", id="undocumented status"),
    ],
)
async def test_a_wrong_answer_is_a_violation(
    checked: ContractChecked, answer: object, status: int, said: str
):
    await post(checked, "/cups", {"size": 1, "answer": answer, "status": status})

    assert len(checked.violations) == 1
    assert checked.violations[0].startswith("POST /cups: answer: ")
    assert said in checked.violations[0]


async def test_a_path_that_the_contract_does_not_know_is_a_violation(checked: ContractChecked):
    await post(checked, "/pots", {"size": 1})

    assert checked.violations
    assert "/pots" in checked.violations[0]


@pytest.mark.parametrize("path", ["/_emulator/x", "/oauth/tokens"])
async def test_what_no_contract_describes_is_passed_by(checked: ContractChecked, path: str):
    response = await post(checked, path, {})

    assert response.status_code == 201
    assert (checked.checked, checked.violations) == (0, [])
