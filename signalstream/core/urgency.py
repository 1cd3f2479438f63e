"""Urgency by a published rubric: how soon someone must act, with reasons, as a floor for every analyst.

Critical  safety · fraud or a breach · legal steps · outage or loss of data
High      the customer is blocked · a deadline · repeated contact · anger · wrong charges · about to leave
Medium    something does not work, is missing, late or wrong · money is owed
Low       everything else

The highest rule that matches decides. Rules look for signs and never for their absence: words added after a message
can raise its urgency and never lower it, whatever they claim. Earlier messages of the customer count in full; only
where the newest message says that the matter is solved do they count one level lower, and Critical never does: a
person closes that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from signalstream.core.text import folded, phrase_pattern
from signalstream.models.intelligence import Urgency


@dataclass(frozen=True)
class UrgencyRule:
    """One line of the rubric. ``reason`` is shown; it never quotes the text."""

    level: Urgency
    reason: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class UrgencyVerdict:
    """The level and why, strongest reason first. Low has no reasons."""

    urgency: Urgency
    reasons: tuple[str, ...]


def _rule(level: Urgency, reason: str, phrases: str) -> UrgencyRule:
    return UrgencyRule(level, reason, phrase_pattern(phrases))


_SAFETY = (
    "on fire|caught fire|a fire|fire hazard|flames|smoke|burnt|burned|explod*|gas leak|injur*|electric shock|"
    "electrocut*|bleeding|hospital|ambulance|suicid*|kill myself|hurt myself|harm myself|self harm|allergic reaction|"
    "poison*|sparks|carbon monoxide|chest pain|can't breathe|cannot breathe|overdose|"
    "incendio|humo|herid*|incendie|fumée|blessé*|brennt|feuer|rauch|verletzt*|stromschlag|selbstmord|"
    "fumo|ferit*|incêndio|fumaça|ferid*"
)
_FRAUD = (
    "fraud*|scam*|hacked|hacker*|hijack*|stolen|identity theft|unauthorized|unauthorised|didn't authorize|"
    "didn't authorise|did not authorize|did not authorise|data breach|security breach|breached|phish*|compromised|"
    "data leak|data leaked|leaked my|i did not make this|i didn't make this|wasn't me|it was not me|"
    "someone else logged|someone logged in|someone is using my|someone used my|account takeover|"
    "estafa*|robad*|hackead*|no autorizad*|frauduleu*|arnaque*|piraté*|volée|non autorisé*|betrug*|betrüg*|gehackt|"
    "gestohlen|missbrauch*|frode|truffa*|rubat*|hackerat*|non autorizzat*|golpe|roubad*|clonad*|não autorizad*"
)
_LEGAL = (
    "solicitor*|"
    "lawyer*|attorney*|lawsuit*|legal action|take you to court|small claims|sue you|will sue|going to sue|i'll sue|"
    "suing|see you in court|ombudsman|trading standards|report you to|police|abogad*|denuncia*|demandar*|policía|"
    "avocat*|porter plainte|en justice|anwalt*|rechtsanwalt*|anzeige erstatten|vor gericht|polizei|avvocat*|polizia|"
    "advogad*|procon|processar*"
)
_OUTAGE = (
    "outage*|production is down|production down|prod is down|site is down|website is down|system is down|"
    "systems are down|service is down|server is down|servers are down|everything is down|completely down|"
    "for all users|all our users|nobody can|no one can|data loss|lost all|all our data|all of our data|data is gone|"
    "deleted all|wiped all|"
    "está caído|caída del servicio|nadie puede|en panne|hors service|personne ne peut|ausfall|systemausfall|"
    "niemand kann|datenverlust|fuori servizio|nessuno riesce|fora do ar|ninguém consegue"
)
_BLOCKED = (
    "locked out|can't log in|cannot log in|cant log in|can't login|cannot login|can't sign in|cannot sign in|"
    "unable to log in|unable to login|unable to sign in|unable to access|can't access|cannot access|cant access|"
    "can't get into|can't use|cannot use|unable to use|unable to pay|can't pay|can't work|cannot work|"
    "account is suspended|account suspended|account is locked|account locked|account blocked|account is blocked|"
    "stranded|stuck at|no puedo entrar|no puedo acceder|no puedo iniciar|bloquead*|impossible de me connecter|"
    "peux pas me connecter|peux plus me connecter|"
    "je ne peux pas accéder|bloqué*|nicht anmelden|nicht einloggen|gesperrt|kein zugriff|keinen zugriff|"
    "non riesco ad accedere|non riesco a entrare|bloccat*|não consigo entrar|não consigo acessar"
)
_REPEATED = (
    "second time|third time|fourth time|fifth time|2nd time|3rd time|4th time|again and again|over and over|"
    "multiple times|several times|many times|still waiting|yet again|still no reply|still no response|still no answer|"
    "no one answers|nobody answers|nobody replies|no reply|no response|keeps happening|keep calling|called twice|"
    "emailed twice|for weeks|for months|on hold|passed around|been ignored|ignoring me|"
    "sigo esperando|otra vez|tercera vez|varias veces|nadie responde|nadie contesta|troisième fois|plusieurs fois|"
    "toujours pas|personne ne répond|sans réponse|zum dritten mal|schon wieder|immer noch nicht|mehrmals|keine antwort|"
    "niemand antwortet|seit wochen|seit monaten|warte seit|attends depuis|espero desde|"
    "terza volta|ancora una volta|nessuno risponde|sto ancora aspettando|terceira vez|"
    "várias vezes|ninguém responde|continuo esperando"
)
_ANGER = (
    "unacceptable|ridiculous|outrageous|furious|disgust*|worst|pathetic|appalling|livid|fed up|sick of|sick and tired|"
    "had enough|angry|shame on|disgrace*|terrible|horrible|incompetent|useless|a joke|liars|inaceptable|indignante|"
    "vergüenza|harto|harta|pésim*|inacceptable|scandaleux|honteux|furieux|furieuse|ai marre|inakzeptabel|unverschämt*|"
    "frechheit|wütend|saftladen|katastrophe|inaccettabile|vergogn*|schifo|furios*|pessim*|inaceitável|absurdo|vergonha"
)
_CHARGES = (
    "charged twice|charged me twice|charged three times|double charge*|double-charged|charged again|overcharge*|"
    "billed twice|charged without|wrongly charged|cobrado dos veces|doble cobro|cobraron dos veces|facturé deux fois|"
    "débité deux fois|prélevé deux fois|doppelt abgebucht|zweimal abgebucht|doppelt berechnet|addebitato due volte|"
    "cobrado duas vezes|cobraram duas vezes"
)
_LEAVING = (
    "cancel my account|close my account|cancel everything|switch to a competitor|"
    "your competitor*|switching to|leaving you|never again|"
    "last chance|cerrar mi cuenta|fermer mon compte|konto kündigen|chiudere il mio account|encerrar minha conta"
)
_DEFECT = (
    "broken|broke|doesn't work|does not work|not working|isn't working|stopped working|won't work|won't turn on|"
    "won't load|won't open|won't start|error*|crash*|fail*|bug|bugs|problem*|issue*|missing|never arrived|"
    "hasn't arrived|not arrived|not received|haven't received|didn't receive|late|delayed|wrong|incorrect|damaged|"
    "defective|faulty|no funciona*|roto|rota|no ha llegado|ne fonctionne pas|ne marche pas|cassé*|pas reçu|"
    "funktioniert nicht|geht nicht|defekt|kaputt|fehler*|nicht angekommen|non funziona|rotto|rotta|non è arrivato|"
    "não funciona|quebrad*|não chegou|erro|errore"
)
_MONEY = (
    "refund*|money back|charged|overdue|invoice|payment|reembols*|devolución|rembours*|rückerstattung|erstattung|"
    "geld zurück|rimbors*|estorno"
)
_SOLVED = phrase_pattern(
    "works now|working now|it works again|is fixed now|that fixed it|that worked|problem solved|all sorted|sorted now|"
    "resolved now|issue is resolved|ya funciona|solucionado|c'est réglé|funktioniert jetzt|hat geklappt|erledigt|"
    "ora funziona|risolto|resolvido"
)
_URGENT = phrase_pattern(
    "urgent|urgently|asap|as soon as possible|immediately|right away|emergency|time sensitive|time-sensitive|deadline|"
    "urgente|urgentemente|cuanto antes|lo antes posible|inmediatamente|d'urgence|au plus vite|immédiatement|dringend|"
    "sofort|eilig|so schnell wie möglich|subito|immediatamente|il prima possibile|imediatamente|o mais rápido possível|"
    "срочно|紧急|至急"
)
_NOT_BEFORE = "".join(
    rf"(?<!{word} )" for word in ("not", "nothing", "isn't", "no es", "pas", "nicht", "non e", "nao e")
)
_TIME_LEFT = (
    r"(?<!\w)(?:(?:need|needs|needed|must|required|due)(?: [^ ]{1,20}){0,6} "
    r"(?:today|tonight|tomorrow|this evening|this afternoon|end of day|end of the day)"
    r"|(?:by|before) (?:today|tonight|tomorrow|noon|midnight|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|(?:in|within) (?:the next )?(?:an|one|two|three|a few|\d{1,2}) (?:hour|minute)s?)(?!\w)"
)

RUBRIC = (
    _rule(Urgency.CRITICAL, "safety", _SAFETY),
    _rule(Urgency.CRITICAL, "fraud or a security breach", _FRAUD),
    _rule(Urgency.CRITICAL, "legal steps", _LEGAL),
    _rule(Urgency.CRITICAL, "outage or loss of data", _OUTAGE),
    _rule(Urgency.HIGH, "the customer is blocked", _BLOCKED),
    UrgencyRule(Urgency.HIGH, "a deadline", re.compile(f"{_NOT_BEFORE}{_URGENT.pattern}|{_TIME_LEFT}")),
    _rule(Urgency.HIGH, "repeated contact", _REPEATED),
    _rule(Urgency.HIGH, "anger", _ANGER),
    _rule(Urgency.HIGH, "wrong charges", _CHARGES),
    _rule(Urgency.HIGH, "about to leave", _LEAVING),
    _rule(Urgency.MEDIUM, "something does not work or is missing", _DEFECT),
    _rule(Urgency.MEDIUM, "money is owed or disputed", _MONEY),
)


def assess_urgency(newest: str, earlier: Sequence[str] = ()) -> UrgencyVerdict:
    """Judge the customer's ``newest`` message and those before it. Reasons of earlier messages say so."""
    text = folded(newest)
    hits = {rule.reason: rule.level for rule in RUBRIC if rule.pattern.search(text)}
    before = folded("\n".join(earlier))
    solved = _SOLVED.search(text) is not None
    for rule in RUBRIC if before else ():
        if rule.reason not in hits and rule.pattern.search(before):
            hits[f"{rule.reason} (earlier)"] = _aged(rule.level, solved=solved)
    return _verdict(hits)


def is_solved(text: str) -> bool:
    """Say whether a customer's message says that the matter is solved."""
    return _SOLVED.search(folded(text)) is not None


def _aged(level: Urgency, *, solved: bool) -> Urgency:
    if not solved or level is Urgency.CRITICAL:
        return level
    return list(Urgency)[max(level.rank - 1, 0)]


def _verdict(hits: dict[str, Urgency]) -> UrgencyVerdict:
    urgency = max(hits.values(), key=lambda level: level.rank, default=Urgency.LOW)
    ordered = sorted(hits.items(), key=lambda hit: -hit[1].rank)
    return UrgencyVerdict(urgency, tuple(reason for reason, level in ordered if level is not Urgency.LOW))


def at_least(urgency: Urgency, floor: Urgency) -> Urgency:
    """Return the higher of the two: what any analyst says, held up by the rubric's floor."""
    return max(urgency, floor, key=lambda level: level.rank)
