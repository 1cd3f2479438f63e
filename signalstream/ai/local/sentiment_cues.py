"""What VADER does not know about support: published cues, on its own scale of -4 (worst) to 4 (best).

VADER reads English opinions. Customers state facts ("on hold for two hours"), are polite while they complain
("please help") and write other languages; these lists speak for them.
"""

from __future__ import annotations

from signalstream.core.text import cue

# Words that are good news in a review and mean nothing in a support request: VADER does not count them here.
UNCOUNTED = (
    "please|help|helping|helps|support|supported|supporting|supports|care|dear|credit|credits|share|shared|sharing|"
    "secure|security|interest|interested|like|want|wants|hope|greetings|yes|ok|agree|agreement|important|thanks|thank|"
    "thx|regards|kind|best regards|value|trust|solution|solve|solved|solves|resolve|resolved|certain|certainly|"
    "number|warranty|gift|join|free|true|chance|top|united|active|play|clear"
)

COMPLAINTS = (
    cue(
        "waiting",
        -2.0,
        "on hold|still waiting|been waiting|waiting for|no reply|no response|still no|nobody answers",
    ),
    cue(
        "repeated contact",
        -2.0,
        "second time|third time|fourth time|3rd time|again and again|multiple times|several times",
    ),
    cue(
        "wrong charge",
        -2.5,
        "charged twice|charged me twice|double charge*|overcharge*|billed twice|charged again",
    ),
    cue("cancelled", -1.5, "cancelled my|canceled my|was cancelled|was canceled|been cancelled|got cancelled"),
    cue(
        "broken",
        -2.0,
        "broken|doesn't work|does not work|not working|isn't working|stopped working|keeps crashing|crash*",
    ),
    cue(
        "missing or late",
        -1.5,
        "never arrived|hasn't arrived|not arrived|not received|haven't received|missing|delayed|late",
    ),
    cue(
        "blocked",
        -1.8,
        "locked out|can't log in|cannot log in|can't access|cannot access|unable to|can't use|can't get",
    ),
    cue(
        "error", -1.2, "error|errors|fails|failed|failing|bug|wrong|incorrect|damaged|defective|faulty|problem*|issue*"
    ),
    cue("money back", -0.8, "refund*|money back"),
    cue("fraud", -2.5, "fraud*|scam*|hacked|stolen|unauthorized|unauthorised"),
    cue("legal threat", -2.5, "lawyer|attorney|legal action|lawsuit|sue you"),
    cue(
        "leaving",
        -1.8,
        "cancel my account|close my account|switching to|never again|leaving you|cancel my subscription",
    ),
    cue(
        "complaint (es)",
        -2.2,
        "no funciona*|sigo esperando|nadie responde|cobrado dos veces|roto|rota|problema*|no puedo",
    ),
    cue(
        "complaint (fr)",
        -2.2,
        "ne fonctionne pas|ne marche pas|toujours pas|en panne|deux fois|cassé*|problème*|ne peux pas",
    ),
    cue(
        "complaint (de)",
        -2.2,
        "funktioniert nicht|geht nicht|immer noch nicht|defekt|kaputt|doppelt|problem*|fehler*|keine antwort",
    ),
    cue(
        "complaint (it)",
        -2.2,
        "non funziona|nessuno risponde|due volte|rotto|rotta|problema|non riesco|sto ancora aspettando",
    ),
    cue(
        "complaint (pt)",
        -2.2,
        "não funciona|ninguém responde|duas vezes|quebrad*|não consigo|não chegou|continuo esperando",
    ),
)
ANGER = (
    cue(
        "anger",
        -3.0,
        "unacceptable|ridiculous|outrageous|furious|disgust*|pathetic|appalling|livid|fed up|sick of|angry|shame on",
    ),
    cue(
        "contempt",
        -3.0,
        "worst|useless|incompetent|a joke|liars|terrible|horrible|awful|garbage|rubbish|idiots|wtf",
    ),
    cue(
        "anger (es)",
        -3.2,
        "inaceptable|indignante|vergüenza|harto|harta|furios*|pésim*|horrible|estafa*|enfadad*|enojad*",
    ),
    cue(
        "anger (fr)",
        -3.2,
        "inacceptable|scandaleux|honteux|furieux|furieuse|ai marre|horrible|arnaque*|inadmissible|colère",
    ),
    cue(
        "anger (de)",
        -3.2,
        "inakzeptabel|unverschämt*|frechheit|wütend|saftladen|katastrophe|sauer|schrecklich|unfassbar",
    ),
    cue("anger (it)", -3.2, "inaccettabile|vergogn*|schifo|furios*|pessim*|truffa*|arrabbiat*|orribile"),
    cue("anger (pt)", -3.2, "inaceitável|absurdo|vergonha|péssimo|péssima|furios*|irritad*|horrível"),
    cue("angry emoji", -2.5, "😡|🤬|😠|👿"),
)
THANKS = (
    cue("thanks", 1.5, "thanks|thank you|thx|ty|cheers|appreciate|appreciated|grateful|much obliged"),
    cue("thanks (es)", 1.5, "gracias|muchas gracias|agradezco|agradecid*"),
    cue("thanks (fr)", 1.5, "merci|merci beaucoup|je vous remercie"),
    cue("thanks (de)", 1.5, "danke|vielen dank|dankeschön|danke schön"),
    cue("thanks (it)", 1.5, "grazie|grazie mille|ringrazio"),
    cue("thanks (pt)", 1.5, "obrigado|obrigada|agradeço"),
)
DELIGHT = (
    cue(
        "solved",
        2.0,
        "works now|working now|that fixed it|that worked|problem solved|all sorted|is fixed now|resolved now",
    ),
    cue(
        "delight",
        2.5,
        "amazing|awesome|fantastic|brilliant|love it|love this|wonderful|excellent|perfect|delighted|impressed",
    ),
    cue(
        "delight (es)",
        2.8,
        "excelente|perfecto|genial|encantad*|maravillos*|fantástico|ya funciona|estupendo|increíble",
    ),
    cue("delight (fr)", 2.8, "excellent|parfait|génial|ravi|ravie|formidable|super|magnifique|ça marche"),
    cue(
        "delight (de)",
        2.8,
        "ausgezeichnet|perfekt|toll|großartig|super|begeistert|wunderbar|funktioniert jetzt|hervorragend",
    ),
    cue("delight (it)", 2.8, "eccellente|perfetto|fantastico|ottimo|ottima|meraviglios*|bravissimi|ora funziona"),
    cue("delight (pt)", 2.8, "excelente|perfeito|ótimo|ótima|maravilhos*|adorei|incrível|parabéns"),
)
CONFUSION = (
    cue(
        "confusion",
        0.0,
        "confused|confusing|don't understand|do not understand|not sure|unclear|no idea|makes no sense|what does",
    ),
    cue(
        "confusion",
        0.0,
        "how do i|how can i|where do i|where can i|don't know how|can't figure|lost here|what am i supposed",
    ),
    cue("confusion (es)", 0.0, "no entiendo|confundid*|no sé cómo|no comprendo|cómo puedo"),
    cue("confusion (fr)", 0.0, "ne comprends pas|perdu|confus|comment faire|pas clair|je ne sais pas"),
    cue("confusion (de)", 0.0, "verstehe nicht|verstehe ich nicht|verwirrt|unklar|weiß nicht|wie kann ich"),
    cue("confusion (it)", 0.0, "non capisco|confus*|non so come|come posso"),
    cue("confusion (pt)", 0.0, "não entendo|confus*|não sei como|como posso"),
)
URGENCY = (
    cue(
        "time pressure",
        0.0,
        "urgent|urgently|asap|as soon as possible|immediately|right away|right now|emergency|by today",
    ),
    cue(
        "time pressure",
        0.0,
        "by tonight|by tomorrow|deadline|urgente|cuanto antes|urgence|au plus vite|dringend|sofort|eilig|subito",
    ),
    cue(
        "time pressure",
        0.0,
        "il prima possibile|imediatamente|inmediatamente|immédiatement|o mais rápido possível",
    ),
)
EXTRA_VALENCES = (*COMPLAINTS, *ANGER, *DELIGHT)
