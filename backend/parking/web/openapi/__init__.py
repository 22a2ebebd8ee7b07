"""The OpenAPI document and what views add to it."""
