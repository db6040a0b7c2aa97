"""SQL that people write: one ``SELECT`` over the caller's own rows, checked twice before it runs.

The engine's own formatter makes the text canonical first (no comments, one way of quoting), so that
everything after it looks at the same text: a parser of ours, which finds the tables, then the engine's
parser, whose tree is held against lists of what is allowed, then the engine itself in a session that writes
nothing. Each table shows the rows of the caller's project only.
"""
