"""Signed-in browsers: refresh tokens, access tokens, cookies."""
