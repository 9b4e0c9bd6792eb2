"""Domains that are nobody's own: they say nothing of a company. Data, for matching companies (docs/matching.md).

Belongs here: the short lists that every company needs; a company adds its own under `matching:` in its config.
Does not belong here: how matching is done (dbt_project/macros/matching.sql).
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Whoever has an address here works anywhere; a web site here is a page on somebody else's site.
SHARED_DOMAINS: tuple[str, ...] = _words(
    "aol.com att.net comcast.net duck.com fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net "
    "googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.fr icloud.com laposte.net libero.it live.com mac.com mail.com "
    "mail.ru me.com msn.com naver.com orange.fr outlook.com outlook.de outlook.fr pm.me proton.me protonmail.com qq.com "
    "163.com 126.com rediffmail.com t-online.de uol.com.br verizon.net wanadoo.fr web.de yahoo.co.in yahoo.co.jp "
    "yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com zoho.com facebook.com instagram.com "
    "linkedin.com twitter.com x.com youtube.com linktr.ee google.com "
)

# Under these, the label before the suffix is the registered name (a short extract of the Public Suffix List).
NAME_SUFFIXES: tuple[str, ...] = _words(
    "ac.uk co.uk gov.uk ltd.uk org.uk plc.uk ac.jp co.jp ne.jp or.jp com.au net.au org.au co.nz co.za co.in co.id co.il "
    "co.kr co.th com.ar com.br com.cn com.co com.hk com.mx com.my com.pe com.ph com.pl com.sg com.tr com.tw com.ua com.vn "
    "com.eg com.sa blogspot.com github.io herokuapp.com myshopify.com netlify.app vercel.app webflow.io wixsite.com "
    "wordpress.com "
)
