"""Hold what is sent and answered against a vendor's OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
import yaml
from openapi_core import OpenAPI
from openapi_core.contrib.starlette import StarletteOpenAPIRequest, StarletteOpenAPIResponse  # noqa: F401

from shared import shared_file
