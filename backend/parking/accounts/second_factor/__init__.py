"""The second factor of a sign-in: an authenticator app (TOTP), and recovery codes for the day on which it is lost."""
