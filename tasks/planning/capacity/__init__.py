"""Capacity expansion: one module a kind of need, named as its part of the form. Each has `facts_script(part)`, read-only shell for the host;
`parse(output)`, which understands its answer; and `expand(part, facts)`, which says what is done on that host. All pure."""
