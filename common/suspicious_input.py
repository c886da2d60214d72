"""Telling text that looks like an attack on a database from what people write.

Nothing is stopped by it: values reach the database as parameters, so no text can become a statement. It lets staff see
that somebody is trying. How often it errs, either way: `benchmarks/suspicious_input.py`.
"""

import re
import unicodedata
from urllib.parse import unquote

LONGEST_TEXT = 4000

_CLOSED_COMMENT = re.compile(r"/\*(?!!).{0,200}?\*/", re.DOTALL)
_CONDITIONAL_COMMENT = re.compile(r"/\*!\d{0,6}|\*/")  # MySQL runs what stands in /*! … */
_SPACE = re.compile(r"[\s\x00-\x1f]+")

Q = r"['\"`]"
END = rf"\s?\)*\s?(?:;|--|\#|/\*|{Q}|$)"
COMPARED = r"\s?(?:<|>|!?=|\b(?:not\s)?(?:like|rlike|regexp|in|between)\b|\bis\s(?:not\s)?null\b)"
NUMBER = r"[\d.*+/-]{1,20}"
NAME = r"[\w.\"]{1,60}"

# The first that fits is told, so what is most telling stands first. No text makes them slow: what repeats is bounded,
# or of one sign.
PATTERNS = {
    "union": (
        r"\bunion[\s(]{1,5}(?:(?:all|distinct)[\s(]{1,5})?select\b"
        r"[\s(]{0,5}(?:[\d'\"*@]|null\b|\w{1,40}\s?[,(:|]|.{1,80}\bfrom\b|$)",
    ),
    "waiting": (
        r"\bpg_sleep(?:_for|_until)?\s?\(",
        r"\bsleep\(\s?[\d.@(]",
        r"\bbenchmark\s?\(\s?\d+\s?,",
        r"\bwaitfor\s(?:delay|time)\s?'",
        r"\bdbms_(?:pipe|lock)\.",
        r"\brandomblob\s?\(",
    ),
    "catalogue": (
        r"\binformation_schema\.|\bmysql\.(?:user|db)\b|\bv\$version\b|@@\w",
        r"\bpg_(?:catalog|shadow|user|tables|class|database|stat_activity|read_file|ls_dir|sleep)\b",
        r"\bsqlite_(?:master|schema|version)\b|\bsys(?:objects|columns|databases)\b|\bfrom\s(?:all|user)_tables\b",
        r"\bxp_(?:cmdshell|dirtree|regread|fileexist)\b|\bsp_(?:executesql|oacreate|password)\b",
        r"\butl_(?:http|inaddr)\.|\bload_file\s?\(|\binto\s(?:out|dump)file\b|\blo_(?:import|export)\s?\(",
    ),
    "statement": (
        r"(?:;|\()\s?(?:drop|alter|create|truncate)\s(?:table|database|schema|user|role|view|function|index)\b",
        r"\b(?:drop|truncate)\s(?:table|database|schema)\s(?:if\sexists\s)?[\w.]{1,60}\s?(?:;|--|cascade\b)",
        r";\s?(?:shutdown|commit|rollback)\s?(?:;|--|$)|\bdeclare\s@\w{1,40}\s(?:n?var)?char",
        r"\bexec(?:ute)?\s?\(\s?@|\bexec(?:ute)?\s(?:immediate\s'|master\.)|;\s?exec(?:ute)?\s\w{1,40}[.(\s]",
        r";\s?select\s?(?:[\d('\"*@]|\w{1,40}\s?[,(])|;\s?grant\s\w{1,20}\son\b|;\s?call\s\w{1,40}\(",
        rf"\binsert\sinto\s{NAME}\s?(?:\([^)]{{1,80}}\)\s?)?(?:values\s?\(|select\b)",
        rf"\bupdate\s{NAME}\sset\s{NAME}\s?=|\bdelete\sfrom\s{NAME}\s?(?:where\b|;|--)",
        rf"\bcopy\s{NAME}\s(?:from|to)\s(?:'|program\b|stdin\b|stdout\b)",
    ),
    "subquery": (
        r"\(\s?select\s?(?:top\s\d|[\d('\"*@]|null\b|\w{1,40}\s?\(|current_|.{1,80}\bfrom\s\w)",
        rf"(?:;|{Q}|\d)\s?select\s.{{1,100}}\bfrom\s\w",
        r"\bselect\s(?:\*|\w{1,40}\([^)]{0,40}\)).{0,60}\sfrom\s\w",
        r"\bselect\s.{1,80}\sfrom\s[\w.]{1,60}\s?(?:;|--|where\s.{1,40}(?:[=<>]|like\b)|limit\s\d|union\b)",
        r"\bselect\s(?:version|user|database|current_database|pg_sleep|sleep)\s?\(|^\s?select\scurrent_user",
        r"\bcase\swhen\b.{1,60}\bthen\b.{1,60}\b(?:else|end)\b",
    ),
    "function": (
        r"\b(?:ascii|ord|len|length|substr|substring|mid|left|right|char|chr|concat|concat_ws|group_concat|hex|count)"
        r"\(\s?(?:\(|select\b|version\b|user\b|database\b|current_|password\b|0x|@@|\d{2,3}\s?[,)]|char\(|chr\()",
        r"\bconvert\(\s?int\b|\bcast\(.{1,60}\bas\s(?:int|integer|numeric|n?char|n?varchar|text)\b",
        r"\bif\(.{1,40}[=<>].{1,40},",
        r"\b(?:extractvalue|updatexml|xmltype|query_to_xml|make_set|elt)\s?\(|\bexp\(\s?~",
        r"\b0x[0-9a-f]{8,}\b|\bprocedure\sanalyse\b",
    ),
    "condition": (
        rf"{Q}\s?\)*\s?(?:\b(?:or|and|xor|having|div)\b|\|\||&&)"
        rf"\s?\(*\s?(?:not\s)?{Q}?[\w.@()+*/-]{{0,40}}{Q}?\)*{COMPARED}",
        rf"{Q}\s?\)*\s?(?:\b(?:or|and|xor)\b|\|\||&&)\s?\(*\s?(?:not\s)?(?:true|false|null|\d+|''){END}",
        rf"(?:\w{Q}|^{Q}\s)\)*\s?(?:not\s)?(?:like|rlike|regexp|in|between|similar\sto)\s?\(*{Q}",
        rf"^-?\d+{Q}?\s?\)*\s?(?:\b(?:or|and|xor|having|div)\b|\|\||&&)"
        rf"\s?\(*(?:not\s)?\(*{NUMBER}\)*\s?(?:<|>|!?=|like\b)\s?\(*\d",
        rf"(?:^|[\s)\d])(?:(?:or|and|having)\b|\|\||&&)\s?\(*({Q}?)(\w{{1,20}})\1\)*\s?=\s?\(*\1\2\b",
        r"^\s?(?:or|and)\s(?:not\s)?(?:true|false)\s?(?:--|\#|$)|\bisnull\(1/0",
        rf"{Q}\s?(?:or|and)\s?(?:{Q}$|''\s?[-+*&^%]|\"\"\s?[-+*&^%])",
        rf"^-?\d+\)*\s(?:or|and)\s(?:not\s)?(?:true|false){END}",
    ),
    "order_probe": (
        rf"(?:{Q}|^\d+)\s?\)*\s?(?:order|group)\sby\s\(?\d+(?:\s?,\s?\d+)*{END}",
        rf"(?:{Q}|\bgroup\sby\s{NAME})\s?\)*\s?(?:having|limit|offset)\s\d+(?:\s?[=;\#]|\soffset\b|--)",
    ),
    "concatenation": (
        r"'\s?(?:\|\||[+*%&=<>-]|&&|<>|!=)\s?'|^\"[-+*&^]\"$",
        r"'\s?(?:\|\||\+)\s?\(?\w{1,40}\s?\(",
    ),
    "cut_off": (
        rf"^[^'\"`]{{0,200}}{Q}\s?\)*\s?;?\s?(?:--|\#|/\*)",
    ),
}  # fmt: skip
_COMPILED = [(name, re.compile("|".join(patterns))) for name, patterns in PATTERNS.items()]


def check_sql_injection(text: str) -> str | None:
    """The name of the first of `PATTERNS` that `text` fits, or None.

    Looks at the first 4,000 characters, past letters' case, comments, full-width signs and percent encoding.
    """
    plain = _plain(text[:LONGEST_TEXT])
    return next((name for name, pattern in _COMPILED if pattern.search(plain)), None)


def _plain(text: str) -> str:
    if "%" in text:
        text = unquote(unquote(text))
    text = unicodedata.normalize("NFKC", text).lower()
    if "/*" in text:
        text = _CONDITIONAL_COMMENT.sub(" ", _CLOSED_COMMENT.sub(" ", text))
    return _SPACE.sub(" ", text)
