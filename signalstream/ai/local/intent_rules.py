"""The eight intents of the wire contract, as weighted cues.

A weight is how telling a cue is: 3 names the wish, 2 the matter, 1 hints at it.
"""

from __future__ import annotations

from signalstream.core.text import Cue, cue

GENERAL = "General Inquiry"

INTENTS: dict[str, tuple[Cue, ...]] = {
    "Refund Request": (
        cue(
            "asks for a refund",
            3,
            "refund*|money back|reimburse*|give me back|chargeback|want my money|return my money",
        ),
        cue(
            "asks for a refund",
            3,
            "reembols*|devuelv* mi dinero|devolución|rembours*|rückerstattung|erstattung|geld zurück",
        ),
        cue("asks for a refund", 3, "rimbors*|estorno|dinheiro de volta|devolver o dinheiro"),
        cue(
            "wants to return",
            2,
            "return this|return it|return the|send it back|devolver|renvoyer|zurückschicken|restituire",
        ),
    ),
    "Cancellation": (
        cue(
            "wants to cancel",
            3,
            "cancel my|cancel the|cancel our|want to cancel|like to cancel|need to cancel|please cancel",
        ),
        cue(
            "wants to cancel",
            3,
            "unsubscribe|terminate my|close my account|end my subscription|stop my subscription",
        ),
        cue(
            "wants to cancel",
            3,
            "cancelar|dar de baja|darme de baja|résilier|annuler|kündigen|kündigung|stornieren",
        ),
        cue("wants to cancel", 3, "disdire|annullare|cancellare|disdetta|cancelamento|encerrar minha conta"),
        cue("speaks of cancelling", 1, "cancel|cancellation|cancelling|canceling"),
    ),
    "Billing Inquiry": (
        cue(
            "disputes a charge",
            3,
            "charged twice|double charge*|overcharge*|charged me|billed twice|why was i charged|wrong amount",
        ),
        cue(
            "disputes a charge",
            3,
            "cobrado dos veces|cobraron|facturé deux fois|prélevé|débité|abgebucht|addebitat*|cobrad* duas",
        ),
        cue(
            "billing",
            2,
            "invoice*|bill|bills|billing|charged|charge|charges|statement|receipt|payment*|factura*|cargo|cobro",
        ),
        cue("billing", 2, "facture*|paiement|rechnung*|zahlung*|fattura*|pagamento*|fatura*|cobrança*|boleto"),
        cue(
            "price",
            1,
            "price*|pricing|cost|costs|fee|fees|discount*|coupon*|promo code|precio*|prix|preis*|prezzo|preço*",
        ),
        cue(
            "means of payment",
            1,
            "credit card|debit card|paypal|direct debit|tarjeta|carte bancaire|kreditkarte|cartão",
        ),
    ),
    "Account Issue": (
        cue(
            "cannot get in",
            3,
            "can't log in|cannot log in|can't login|cannot login|can't sign in|unable to log in|locked out",
        ),
        cue(
            "cannot get in",
            3,
            "can't access my account|cannot access my account|reset my password|forgot my password|account locked",
        ),
        cue(
            "cannot get in",
            3,
            "no puedo entrar|no puedo iniciar sesión|no puedo acceder|impossible de me connecter|nicht einloggen",
        ),
        cue(
            "cannot get in",
            3,
            "nicht anmelden|non riesco ad accedere|não consigo entrar|não consigo acessar|olvidé mi contraseña",
        ),
        cue(
            "account was taken over",
            3,
            "hacked|someone else logged|unauthorized login|account takeover|suspended|hackead*|gehackt",
        ),
        cue(
            "account",
            2,
            "my account|log in|login|sign in|password|two-factor|2fa|verification code|username|my profile",
        ),
        cue(
            "account",
            2,
            "mi cuenta|contraseña|mon compte|mot de passe|mein konto|passwort|mio account|minha conta|senha",
        ),
        cue(
            "changes data",
            2,
            "change my email|update my address|change my address|update my email|change my phone|delete my data",
        ),
    ),
    "Technical Issue": (
        cue(
            "does not work",
            3,
            "doesn't work|does not work|not working|isn't working|stopped working|won't load|won't start|won't open",
        ),
        cue(
            "does not work",
            3,
            "won't turn on|keeps crashing|crashes|crashed|crashing|no funciona*|ne fonctionne pas|ne marche pas",
        ),
        cue(
            "does not work",
            3,
            "funktioniert nicht|geht nicht|stürzt ab|non funziona|não funciona|se cierra|en panne|está caído",
        ),
        cue(
            "error",
            2,
            "error|errors|error message|bug|bugs|glitch*|freezes|frozen|timeout|timed out|blank screen|fehlermeldung|"
            "a 500|a 502|a 503|a 504",
        ),
        cue("outage", 3, "outage*|is down|are down|been down|went down|offline|ausfall|caído|fora do ar|hors service"),
        cue(
            "device or software",
            1,
            "app|website|site|the update|install*|browser|router|wifi|wi-fi|screen|battery|sync*|api|server",
        ),
        cue("broken", 2, "broken|defective|faulty|roto|rota|cassé*|kaputt|defekt|rotto|quebrad*"),
    ),
    "Feature Request": (
        cue(
            "asks for a feature",
            3,
            "feature request|would be great if|would be nice if|would love to see|please add|could you add",
        ),
        cue(
            "asks for a feature",
            3,
            "can you add|suggestion|i suggest|wish you had|wish there was|it would help if|add support for",
        ),
        cue(
            "asks for a feature",
            3,
            "sería genial|sugerencia|podrían añadir|ce serait bien|suggestion|pourriez-vous ajouter",
        ),
        cue(
            "asks for a feature",
            3,
            "wäre toll|vorschlag|wünsche mir|sarebbe bello|suggerimento|seria ótimo|sugestão",
        ),
        cue(
            "feature",
            1,
            "feature|features|dark mode|integration|roadmap|funcionalidad|fonctionnalité|funktion|funzionalità",
        ),
    ),
    "Complaint": (
        cue(
            "complains",
            3,
            "complaint|complain|unacceptable|ridiculous|outrageous|disgust*|worst|terrible service|horrible service",
        ),
        cue(
            "complains",
            3,
            "queja|inaceptable|indignante|plainte|inacceptable|scandaleux|honteux|beschwerde|unverschämt*|frechheit",
        ),
        cue("complains", 3, "reclamo|inaccettabile|vergogn*|reclamação|inaceitável|péssim*"),
        cue(
            "is upset",
            2,
            "furious|angry|fed up|disappointed|frustrated|frustrating|sick of|rude|unprofessional|harto|harta|"
            "enfadad*|enojad*|wütend",
        ),
        cue(
            "asks for a manager",
            2,
            "manager|supervisor|speak to someone|escalate|gerente|responsable|vorgesetzte*|responsabile",
        ),
        cue(
            "contacted before",
            1,
            "third time|second time|again and again|nobody answers|no one answers|still waiting|on hold|no reply",
        ),
        cue(
            "order went wrong",
            1,
            "late|never arrived|hasn't arrived|damaged|wrong item|missing|delayed|no ha llegado|pas reçu|"
            "sigue sin llegar|sigue sin aparecer|tenía que llegar|nicht angekommen|non è arrivato|não chegou",
        ),
    ),
    GENERAL: (
        cue(
            "asks for information",
            1,
            "how do i|how can i|where can i|what are|what is|do you|can i|could you tell me|opening hours",
        ),
        cue(
            "asks for information",
            1,
            "information|question|wondering|would like to know|when will|cómo puedo|pregunta|comment",
        ),
        cue(
            "asks for information",
            1,
            "question|horaires|wie kann ich|frage|öffnungszeiten|come posso|domanda|como posso|pergunta",
        ),
        cue(
            "asks for the state of an order",
            1,
            "where is my order|track*|delivery|shipping|dónde está mi pedido|où est ma commande",
        ),
    ),
}
