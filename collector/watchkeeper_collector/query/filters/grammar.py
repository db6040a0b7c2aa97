"""The grammar, in lark's notation. Side by side means AND, which binds tighter than OR."""

GRAMMAR = r"""
start: any_of?

any_of: all_of (_OR all_of)*
all_of: _item (_AND? _item)*
_item: negated | term | free_text | group
negated: (_MINUS | _NOT) _item
group: _OPEN any_of _CLOSE
term: FIELD (condition | _OPEN condition (_OR condition)* _CLOSE)
condition: COMPARISON? value
value: QUOTED | WORD
free_text: value

FIELD.3: /[A-Za-z_][A-Za-z0-9_]*(\.("([^"\\]|\\.)+"|[^\s:()"]+))?:/
_OR.2: /OR(?![^\s()"])/
_AND.2: /AND(?![^\s()"])/
_NOT.2: /NOT(?![^\s()"])/
_MINUS.2: /-(?=[^\s)])/
COMPARISON.2: />=|<=|>|<|=/
QUOTED: /"([^"\\]|\\.)*"/
WORD: /(?!(?:OR|AND|NOT)(?![^\s()"]))[^\s()"]+/
_OPEN: "("
_CLOSE: ")"
%ignore /\s+/
"""
"""Terminals with a number go before those without, so that ``OR`` is no word to search for."""
