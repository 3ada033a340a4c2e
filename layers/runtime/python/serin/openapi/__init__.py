"""The OpenAPI 3.1 description of a set of models, made from their manifests alone.

Source: the OpenAPI Specification 3.1.1, whose schemas are JSON Schema 2020-12.
"""

from serin.openapi.answers import error_responses
from serin.openapi.curl import curl_line
from serin.openapi.document import openapi_document
from serin.openapi.examples import example_inference_request, example_request

__all__ = ["curl_line", "error_responses", "example_inference_request", "example_request", "openapi_document"]
