"""The product on several machines: each host is a network namespace of this one."""
