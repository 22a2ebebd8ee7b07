"""API tokens: long-lived secrets with which programs act for an account, within their scopes and lots."""
