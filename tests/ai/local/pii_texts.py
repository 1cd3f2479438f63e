"""Support messages with invented personal data whose places are known: names and addresses of many countries.

``made`` fills sentences that people write to a support desk; everything in them is invented, the numbers that have
check digits pass them. ``CLEAN`` are messages without personal data, among them words that look like names.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from stdnum import iban, luhn

from signalstream.ai.evaluation.pii import LabelledEntity, LabelledText

GIVEN = """
Emily Oluwaseun Priya Mateus Siobhan Yusuf Ingrid Haruto Fatima Giulia Tomasz Aroha Chloe Dmitri Lucía Femke Nadia
Kwame Leila Anders Zsófia Rajesh Marisol Hannah Bogdan Aisha Pierre Sakura Viktor Noor Caitlin Emre Paloma Jonas Wei
Thandiwe Björn Margaret Kofi Elif Tiago Svetlana Darius Meera Agnieszka Callum Ximena Ravi Ottilie Hassan
""".split()  # noqa: SIM905 - a list of words reads as one
FAMILY = """
Whitfield Adeyemi Raghunathan Carvalho Gallagher Demir Lindqvist Nakamura Haddad Ricci Kowalczyk Ngata Beaumont
Sokolov Fuentes Vermeulen Petrova Mensah Karimi Halvorsen Szabó Banerjee Ortega Schreiber Ionescu Rahman Lefèvre
Tanaka Marković Bakker Doherty Yildiz Echeverría Brandt Zhang Dlamini Sjöberg Thatcher Asante Aksoy Moura Ivanenko
Stanley Iyer Wiśniewska Fraser Villanueva Menon Krause Siddiqui
""".split()  # noqa: SIM905 - a list of words reads as one
ADDRESSES = """\
14 Larkspur Crescent, Bristol BS8 3QT
2207 Cottonwood Lane, Boise, ID 83702
Flat 3, 81 Camberwell Grove, London SE5 8JE
Lindenstraße 48, 50674 Köln
17 rue des Cordeliers, 44000 Nantes
Calle de Alcalá 212, 3º B, 28028 Madrid
Via Garibaldi 9, 40124 Bologna
Rua do Almada 77, 4050-036 Porto
Keizersgracht 391, 1016 EJ Amsterdam
ul. Długa 15/4, 31-147 Kraków
Storgatan 22, 111 29 Stockholm
548 Wellington Road, Apt 6B, Toronto, ON M5V 1E3
9 Banksia Drive, Byron Bay NSW 2481
Flat 402, Sai Residency, MG Road, Pune 411001
Avenida Paulista 1578, São Paulo, 01310-200
P.O. Box 4410, Tucson, AZ 85717
3120 N Kedzie Ave Unit 2, Chicago IL 60618
Bahnhofplatz 3, 8001 Zürich
Nørrebrogade 56, 2200 København
66 Grafton Street, Dublin 2
1-12-5 Jingumae, Shibuya-ku, Tokyo 150-0001
Apt 14, 250 Queen Street, Auckland 1010
Mariahilfer Straße 101/2/8, 1060 Wien
Rue Neuve 45, 1000 Bruxelles
77 Boulevard Saint-Germain 75005 Paris"""
PHONES = """\
(503) 555-0142
503-555-0199
+1 206 555 0173
07700 900461
+44 20 7946 0812
+49 30 901820
0151 23456789
+33 6 12 34 56 78
06 98 76 54 32
+34 612 345 678
+91 98200 12345
+61 412 345 678
+55 11 91234-5678
020 7946 0321
+31 6 12345678"""
SENTENCES = """\
Hi, this is {name}. My parcel never arrived at {address}, can you check?
my name is {name} and i still havent received the refund
{name} here - please call me back on {phone}
Could you change my e-mail to {email}? Thanks, {given}
The invoice should go to {name}, {address}.
I moved last week. New address: {address}
I spoke with {name} yesterday and he promised a callback at {phone}.
Please update the contact: {name}, {email}, {phone}
My card {card} was charged twice!!
you charged {card} again, please refund
IBAN {iban} is where the refund has to go.
Send the money to {iban}, account holder {name}
My SSN is {ssn}, is that enough to verify me?
Login attempts from {ip} keep happening, not me.
Dear support, {name} ({email}) cannot log in since Monday.
Ship it to my daughter {name}, {address}, she is home all day
We live at {address} and the driver could not find us.
Regards,\\n{name}\\n{address}\\n{phone}
Customer: {name}\\nPhone: {phone}\\nEmail: {email}
Is {given} working today? She helped me with my last ticket.
{given} told me to write here again
can {given} {family} from billing get back to me
Agent: Am I speaking with {name}? Customer: yes, that's me
Please cancel the booking for {name} and {name}.
Hello {given}, thanks for the quick answer!
the account belongs to my late father, {name}
You can reach me at {email} or {phone} after five.
my husband {name} is also on the contract
I want to talk to {name}'s manager.
Please deliver to {address} instead of {address}.
it's me again, {given}. still no news?
tell {given} that the replacement works"""
CLEAN = """\
How do I reset my password?
Why was I charged twice this month?
My order still has not arrived.
I love the new app, great work!
Can I use Apple Pay or Google Pay with a Visa card?
The Samsung TV will not turn on.
What are your opening hours on Friday?
Is there a fee for SEPA or SWIFT transfers?
I am very disappointed with DHL.
The item was 49.99 but I paid 59.99.
Please cancel my subscription before 31/12/2026.
Does Amazon Prime cover this?
Good morning, I have a question about my invoice.
My MacBook shows error 0x80070057.
How long does delivery take?
The update from version 2.4.1 to 2.5.0 broke sync.
I need it by tomorrow at 10:30.
Thanks a lot, have a nice day!
hello there
ugh still waiting
Can I get a refund for a gift card?
WHY DOES NOBODY ANSWER
My flight on Lufthansa was cancelled.
Is the Black Friday discount still valid?
the screen of my iphone is broken
I want to speak to a manager.
Which countries do you support?
Can I change the currency to dollars?
The ATM swallowed my Mastercard.
ok bye"""
_SLOT = re.compile(r"\{(\w+)\}")
TYPES = {"given": "name", "family": "name", "card": "credit_card", "ip": "ip_address"}


def clean() -> list[str]:
    """Return messages without personal data."""
    return CLEAN.splitlines()


def made(count: int, seed: int = 1, *, lower: bool = False) -> list[LabelledText]:
    """Return ``count`` messages with their entities, the same ones for the same seed."""
    chance = random.Random(seed)
    sentences = SENTENCES.splitlines()
    return [_filled(sentences[number % len(sentences)], chance, lower) for number in range(count)]


def _filled(sentence: str, chance: random.Random, lower: bool) -> LabelledText:
    text, found = "", []
    parts = [*_SLOT.split(sentence.replace("\\n", "\n")), ""]
    for part, slot in zip(parts[::2], parts[1::2], strict=True):
        text += part
        if slot:
            value = _VALUES[slot](chance)
            found.append(LabelledEntity(type=TYPES.get(slot, slot), start=len(text), end=len(text) + len(value)))
            text += value
    lowered = text.lower() if lower else text
    assert len(lowered) == len(text), text
    return LabelledText(text=lowered, entities=tuple(found))


def _one(lines: str) -> Callable[[random.Random], str]:
    values = lines.splitlines()
    return lambda chance: chance.choice(values)


def _name(chance: random.Random) -> str:
    middle = chance.choice(["", "", "", f" {chance.choice('ABDEJKMR')}."])
    return f"{chance.choice(GIVEN)}{middle} {chance.choice(FAMILY)}"


def _card(chance: random.Random) -> str:
    start = chance.choice(["4", "51", "52", "54", "37", "34"])
    size = 15 if start in {"37", "34"} else 16
    body = start + "".join(chance.choices("0123456789", k=size - 1 - len(start)))
    digits = body + luhn.calc_check_digit(body)
    grouped = " ".join(digits[place : place + 4] for place in range(0, size, 4))
    return chance.choice([digits, grouped if size == 16 else f"{digits[:4]} {digits[4:10]} {digits[10:]}"])


def _iban(chance: random.Random) -> str:
    country, body = chance.choice([("DE", "".join(chance.choices("0123456789", k=18))), ("AT", "20111" + "0" * 11)])
    number = f"{country}00{body}"
    number = country + iban.calc_check_digits(number) + body
    spaced = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    return chance.choice([number, spaced])


def _email(chance: random.Random) -> str:
    who = f"{chance.choice('abcdefgh')}{chance.choice(['lopez', 'meyer', 'okafor', 'novak'])}{chance.randint(1, 99)}"
    return f"{who}@{chance.choice(['mail.example', 'post.example.org', 'shop-mail.example.co.uk'])}"


_VALUES: dict[str, Callable[[random.Random], str]] = {
    "name": _name,
    "given": lambda chance: chance.choice(GIVEN),
    "family": lambda chance: chance.choice(FAMILY),
    "address": _one(ADDRESSES),
    "phone": _one(PHONES),
    "email": _email,
    "card": _card,
    "iban": _iban,
    "ssn": lambda chance: f"{chance.randint(101, 665)}-{chance.randint(10, 99)}-{chance.randint(1000, 9999)}",
    "ip": lambda chance: ".".join(str(chance.randint(11, 223)) for _ in range(4)),
}
