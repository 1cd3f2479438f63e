"""Categories: what a conversation touches on, whatever its intent. Several may hold."""

from __future__ import annotations

from signalstream.core.text import Cue, cue

CATEGORIES: tuple[Cue, ...] = (
    cue(
        "billing",
        1,
        "charge*|invoice*|bill|billing|payment*|refund*|factura*|facture*|rechnung*|fattura|fatura|cobro|reembols*",
    ),
    cue(
        "delivery",
        1,
        "delivery|deliver*|shipping|shipped|parcel|package|arrived|courier|pedido|envío|livraison|colis|lieferung|"
        "paket|consegna|entrega",
    ),
    cue("login", 1, "log in|login|sign in|password|locked out|2fa|contraseña|mot de passe|passwort|senha|anmelden"),
    cue("security", 1, "fraud*|hacked|stolen|phish*|unauthorized|scam*|breach*|fraude|gehackt|betrug*|truffa|golpe"),
    cue(
        "technical",
        1,
        "error|crash*|bug|not working|doesn't work|app|website|no funciona|funktioniert nicht|ne fonctionne pas|"
        "non funziona",
    ),
    cue("cancellation", 1, "cancel*|unsubscribe|résilier|kündig*|disdire|disdetta"),
    cue("product", 1, "broken|damaged|defective|quality|feature*|product|defekt|kaputt|roto|cassé|rotto|quebrado"),
    cue(
        "service quality",
        1,
        "rude|on hold|nobody answers|no reply|manager|supervisor|unacceptable|nadie responde|keine antwort|"
        "personne ne répond",
    ),
    cue("legal", 1, "lawyer*|legal|court|gdpr|attorney*|abogado|avocat|anwalt|avvocato|advogado"),
)
