"""Conditions of rules: text → tokens → syntax tree → checked expression of `opsbot.domain.expr`.

The grammar is closed; nothing is ever evaluated as Python::

    condition  = both { "or" both }
    both       = term { "and" term }
    term       = "not" term | "(" condition ")" | value [ OP value ]
    value      = NUMBER | NAME | FUNCTION "(" NAME "," NUMBER ")"
    OP         = ">" | ">=" | "<" | "<=" | "==" | "!="
    FUNCTION   = "avg" | "min" | "max" | "increase" | "rate" | "slope"
"""
