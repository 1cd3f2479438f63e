"""Secrets and addresses of the network: keys, tokens, passwords, URLs that hold them, e-mail and IP addresses.

E-mail addresses, prefixed keys, tokens and PEM blocks have an unmistakable shape; IP addresses are parsed; passwords
and security codes need a cue and either a colon or a value that no word would be.
"""

from __future__ import annotations

import ipaddress
import re

from signalstream.ai.local.evidence import CHECKED, CUED, SHAPED, digits_in, matcher

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)"
    r"(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,4096}+\.[\w-]{5,4096}+\.[\w-]{0,4096}+", re.ASCII)
_KEY_PREFIXES = (
    r"sk-(?:[a-z]{2,12}-){0,3}[A-Za-z0-9_]{16,200}|[spr]k_(?:live|test)_[A-Za-z0-9]{10,200}|gh[opsur]_[A-Za-z0-9]{30,255}"
    r"|github_pat_\w{22,255}|glpat-[\w-]{20,64}|xox[abeoprs]-[A-Za-z0-9-]{10,200}|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|AIza[\w-]{35}|SG\.[\w-]{16,64}\.[\w-]{16,64}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{16,255}|hf_[A-Za-z0-9]{30,64}"
    r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|dop_v1_[a-f0-9]{64}|ya29\.[\w-]{20,255}"
)
_API_KEY = re.compile(rf"(?<![\w-])(?:{_KEY_PREFIXES})(?![\w])", re.ASCII)
_BEARER = re.compile(
    r"(?i)\b(?:bearer|api[ _-]?key|secret[ _-]?key|access[ _-]?(?:key|token)|client[ _-]?secret|auth[ _-]?token)"
    r"(?: is|\s?[:=])?\s{1,3}[\"']?([\w.~+/=-]{16,512})(?![\w])",
    re.ASCII,
)
_URL = re.compile(r"(?i)(?<![\w+.-])[a-z][a-z0-9+.-]{1,15}://[^\s/:@\x00]{1,64}:[^\s/@\x00]{1,128}@[^\s\x00]{1,512}")
_URL_QUERY = re.compile(
    r"(?i)(?<![\w+.-])https?://[^\s?\x00]{1,256}\?[^\s\x00]{0,256}?"
    r"(?<=[?&])(?:token|access_token|api_?key|key|secret|password|pwd|sig|signature|code)=[^\s\x00]{4,512}"
)
_PLAIN_URL = re.compile(
    r"(?i)(?<![\w@.+-])(?:https?://|ftp://|www\.)(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}(?::\d{1,5})?"
    r"(?:[/?#](?:[^\s\x00<>\"']{0,511}[^\s\x00<>\"'.,;:!?)])?)?"
)
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w](?:[\w.+%'-]{0,62}[\w+-])?@(?:\w(?:[\w-]{0,61}\w)?\.){1,6}[^\W\d_]{2,24}(?![\w@])"
)
_NUMBERED = "".join(
    rf"(?<!{word} )"
    for word in ("version", "release", "firmware", "build", "section", "chapter", "clause", "paragraph")
)
_IPV4 = re.compile(rf"(?i)(?<![\w.]){_NUMBERED}\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w]|\.\d)", re.ASCII)
_IPV6 = re.compile(r"(?i)(?<![\w:.])(?=[0-9a-f:]{0,5}:)[0-9a-f:]{2,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])")
_MAC = re.compile(
    r"(?i)(?<![\w:.-])(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2})"
    r"(?![\w:-]|\.\w)",
    re.ASCII,
)
_COORDINATES = re.compile(r"(?<![\w.,-])-?\d{1,2}\.\d{4,8}, ?-?\d{1,3}\.\d{4,8}(?![\w.])", re.ASCII)
_USERNAME = re.compile(
    r"(?i)\b(?:user ?name|user ?id|login(?: name| id)?|screen ?name|gamertag|nutzername|benutzername|usuario|"
    r"nom d'utilisateur|nome utente|handle)(?:\s?[:=]\s{0,3}|\s(?:is|es|est|ist|è|é)\s[\"']?)"
    r"(@?(?=[\w.-]{0,31}[\d_.@-])\w[\w.-]{1,30}\w)(?!\w)"
)
_HANDLE = re.compile(r"(?<![\w@./])@[A-Za-z_](?:[\w.]{1,28}\w)(?![\w@])", re.ASCII)
_ANSWER = re.compile(
    r"(?i)\b(?:security answer|secret answer|(?:name of )?(?:my |your )?first pet(?:'s name)?)"
    r"(?: is| was|:|=| es| ist)[\s\"']{1,3}([^\W\d_][\w'-]{1,30})"
)
_THIS_MACHINE = ("127.0.0.1", "::1")
_LOGIN_CUE = (
    r"(?:pass ?word|passphrase|passcode|passwd|pwd|pin(?: code| number)?|pincode|contraseña|contrasena|clave|"
    r"mot de passe|passwort|kennwort|senha|(?:one[- ]time|verification|login|otp)(?: code| password)?)"
)
_USER_WORDS = ("user", "login", "name", "gamertag", "usuario", "utilis", "utente", "handle")
_KEY_WORDS = (
    *("sk-", "k_live_", "k_test_", "gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "xox", "akia"),
    *("asia", "aiza", "sg.", "npm_", "pypi-", "hf_", "shpat_", "shpca_", "shppa_", "shpss_", "dop_v1_", "ya29."),
)
_LOGIN_WORDS = ("pass", "pwd", "pin", "clave", "contrase", "kennwort", "senha", "code", "otp", "login", "one", "verif")
_PASSWORD = re.compile(
    rf"(?i)\b{_LOGIN_CUE}(?:\s?[:=]\s{{0,3}}[\"']?|\s(?:is|was|es|est|ist|è|é)\s{{1,3}}:?\s?[\"'])"
    r"([^\s\"'\x00]{3,127}[^\s\"'\x00.,;:)])"
)
_PASSWORD_WORD = re.compile(
    rf"(?i)\b{_LOGIN_CUE}\s(?:(?:is|was|es|est|ist|è|é)\s{{1,3}}:?\s?)?([^\s\"'\x00]{{3,127}}[^\s\"'\x00.,;:)])"
)
_SECURITY_CODE = re.compile(
    r"(?i)\b(?:cvv2?|cvc2?|cvn|security code)(?: is| was)?[\s:=#]{1,3}(\d{3,4})(?!\w)", re.ASCII
)


def _is_unlike_a_word(value: str) -> bool:
    return any(character.isdigit() or character in "!@#$%^&*_=+" for character in value[:-1]) or value[-1].isdigit()


def _is_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not address.is_unspecified and value not in _THIS_MACHINE


def _tells_no_secret(value: str) -> bool:
    return _URL.match(value) is None and _URL_QUERY.match(value) is None


def _is_mixed(value: str) -> bool:
    return 0 < digits_in(value) < len(value)


SECRET_DETECTORS = (
    matcher("private_key", _PRIVATE_KEY, SHAPED, gate=("-----",)),
    matcher("jwt", _JWT, SHAPED, gate=("eyj",)),
    matcher("api_key", _API_KEY, SHAPED, gate=_KEY_WORDS),
    matcher("api_key", _BEARER, CUED, _is_mixed, ("bearer", "key", "secret", "token")),
    matcher("url_with_credentials", _URL, SHAPED, gate=("://",)),
    matcher("url_with_credentials", _URL_QUERY, SHAPED, gate=("://",)),
    matcher("url", _PLAIN_URL, SHAPED, _tells_no_secret, gate=("://", "www.")),
    matcher("mac_address", _MAC, SHAPED, gate=(":", "-", ".")),
    matcher("coordinates", _COORDINATES, SHAPED, gate=(".",), digits=10),
    matcher("username", _USERNAME, CUED, gate=_USER_WORDS),
    matcher("username", _HANDLE, CUED, gate=("@",)),
    matcher("security_answer", _ANSWER, CUED, gate=("security answer", "secret answer", "first pet")),
    matcher("email", _EMAIL, SHAPED, gate=("@",)),
    matcher("ip_address", _IPV4, CHECKED, _is_address, gate=(".",), digits=4),
    matcher("ip_address", _IPV6, CHECKED, _is_address, gate=(":",)),
    matcher("password", _PASSWORD, CUED, gate=_LOGIN_WORDS),
    matcher("password", _PASSWORD_WORD, CUED, _is_unlike_a_word, _LOGIN_WORDS),
    matcher("security_code", _SECURITY_CODE, CUED, gate=("cv", "security code"), digits=3),
)
