"""Individuals: how a table of persons or firms gives itself away. Margins are taken, rows of individuals never."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

ENOUGH = 20  # fewer rows than this may all be different, or all have one subject, by chance
MOST = 0.8

HEADINGS = {
    "identifies individuals": (
        r"(.*[_ -])?(id|uid|uuid|guid|ssn|passport|证件|账号|卡号)|.*(身份证|编号|证件号).*",
        r"统一社会信用代码|uscc|id[_ ]?(card|number|no)",
    ),
    "holds names": (
        r"(first|last|full|family|given|person|company|firm)?[_ -]?name|surname",
        r"姓名|名字|企业名称|法定代表人",
    ),
    "holds contact details": (
        r"(.*[_ -])?(phone|mobile|telephone|tel|e-?mail|wechat|address)",
        r"电话|手机.*|邮箱|微信.*|住址|地址",
    ),
    "holds dates of birth": (r"(birth[_ -]?(date|day)|date[_ -]?of[_ -]?birth|dob)", r"出生日期|生日"),
}
VALUES = {
    "holds 18-digit numbers, as citizen ids are": r"\d{17}[\dXx]",
    "holds unified social credit codes": r"[159Y][1239]\d{6}[0-9A-HJ-NPQRTUWXY]{10}",
    "holds mobile numbers": r"(\+?86[- ]?)?1[3-9]\d{9}",
    "holds e-mail addresses": r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}",
}
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)


def telltales(columns: Mapping[str, Sequence[str]], counted: str | None) -> Iterator[tuple[str, str]]:
    """Yield each column of a table, with its values as text, that looks like individuals, and why.

    `counted` is the column that holds counts, or None where there is none.
    """
    for name, values in columns.items():
        heading = name.strip().lower()
        found = [what for what, patterns in HEADINGS.items() if any(re.fullmatch(p, heading) for p in patterns)]
        if name != counted:
            found += [what for what, pattern in VALUES.items() if any(re.fullmatch(pattern, v) for v in values)]
            found += ["holds names of persons"] * names(values) + ["has another number in each row"] * numbered(values)
        if found:
            yield name, found[0]
    if counted and len(columns[counted]) >= ENOUGH and set(columns[counted]) == {"1"}:
        yield counted, "is 1 in every row, so a row is one individual"


def names(values: Sequence[str]) -> bool:
    """Tell whether most values are a common surname and one or two more characters, nearly all different.

    >>> names(["王小明", "李静", "张伟"]), names(["男", "女", "未知"])
    (True, False)
    """
    alike = [v for v in values if 2 <= len(v) <= 3 and v[0] in SURNAMES and re.fullmatch(r"[\u4e00-\u9fff]+", v)]
    return len(alike) >= max(3, MOST * len(values)) and len(set(alike)) >= MOST * len(alike)


def numbered(values: Sequence[str]) -> bool:
    """Tell whether a column numbers its rows with whole numbers of five or more digits."""
    return len(values) >= ENOUGH and len(set(values)) == len(values) and all(re.fullmatch(r"\d{5,}", v) for v in values)
