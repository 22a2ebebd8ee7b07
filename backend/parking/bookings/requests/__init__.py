"""What a driver asks for: the window, the lot and the account; and why it cannot be had."""
