# ruff: noqa: RUF001 - as people write in these languages
"""Sentences of many languages and uses, with values in them, and sentences full of numbers that are none."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.sdk.redaction.values import MAKERS, bare_phone

FRAMES = (
    "{}",
    "{}.",
    "Here it is: {}",
    "({})",
    "Please use {} from now on, thanks!",
    "I sent {} yesterday; did you see it?",
    "“{}”, she said.",
    "| 3 | {} | open |",
    '{{"value": "{}", "ok": true}}',
    "<td>{}</td>",
    "user_input='{}'",
    "2024-05-06 10:11:12 INFO received {} in 12 ms",
    "Guten Tag, hier ist es: {}. Mit freundlichen Grüßen",
    "Bonjour, voici : {} — merci d'avance.",
    "Hola, aquí lo tienes: {}, gracias.",
    "Ecco: {}; grazie!",
    "Segue: {}, obrigado.",
    "Alstublieft: {}.",
    "Proszę, oto {}",
    "Вот: {}, спасибо",
    "これです：{}。",
    "请看：{}，谢谢。",
    "이것입니다: {}",
    "إليك: {}",
)
WORDS: Mapping[str, Sequence[str]] = {
    "email": (
        "mail me at {}",
        "E-Mail: {}",
        "Correo: {}",
        "cc {} please",
        "邮箱是{}",
        "mailto:{}?subject=hi",
    ),
    "card": (
        "my card is {}",
        "Kreditkarte {}",
        "carte bancaire {}",
        "charge {} exp 12/27",
        "卡号{}",
        "cc {} cvv 123",
    ),
    "iban": (
        "IBAN {}",
        "Kontonummer {}",
        "transfer to {} today",
        "mon compte {}",
        "IBAN: {}, BIC: COBADEFFXXX",
    ),
    "ssn": ("SSN: {}", "her social security number is {}", "ssn={}", "SSN {} (verified)"),
    "ip": (
        "from {} port 22",
        "client {} disconnected",
        "http://{}/index",
        "IP-Adresse {}",
        "ping {}",
        "src={} dst=x",
    ),
    "phone": (
        "call me at {}",
        "Tel.: {}",
        "Handy {}",
        "téléphone : {}",
        "mi móvil es {}",
        "тел. {}",
        "电话：{}",
        "電話番号は{}です",
        "전화 {}",
        "WhatsApp {}",
        "Ligue para {}",
        "tel:{}",
        "numer telefonu {}",
        "fax {}",
    ),
}


@dataclass(frozen=True)
class Sentence:
    text: str
    kind: str
    start: int
    end: int


def labelled(kind: str, count: int, random: Random) -> Iterator[Sentence]:
    """Half of them with a word that says what the value is."""
    for number in range(count):
        frame = random.choice(WORDS[kind] if number % 2 else FRAMES)
        yield placed(frame, kind, MAKERS[kind](random))


def named_phones(count: int, random: Random) -> Iterator[Sentence]:
    for _ in range(count):
        yield placed(random.choice(WORDS["phone"]), "phone", bare_phone(random))


def placed(frame: str, kind: str, value: str) -> Sentence:
    text = frame.format(value)
    start = text.index(value)
    return Sentence(text, kind, start, start + len(value))


def number(random: Random, digits: int) -> str:
    return str(random.randrange(10 ** (digits - 1), 10**digits))


def isbn(random: Random) -> str:
    digits = "978" + number(random, 9)
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    return random.choice((f"{digits}{check}", f"978-{digits[3]}-{digits[4:8]}-{digits[8:12]}-{check}"))


def moment(random: Random) -> str:
    day = f"{random.randint(1970, 2030)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    clock = f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"
    return random.choice(
        (day, f"{day} {clock}", f"{day}T{clock}.{number(random, 6)}Z", f"{day}T{clock}+02:00")
    )


def other_date(random: Random) -> str:
    day, month, year = random.randint(1, 28), random.randint(1, 12), random.randint(1950, 2030)
    return random.choice((f"{day:02}.{month:02}.{year}", f"{month}/{day}/{year}", f"{day}-{month:02}-{year}"))


def version(random: Random) -> str:
    return ".".join(str(random.randint(0, 20)) for _ in range(random.choice((3, 4))))


def digest(random: Random) -> str:
    return hashlib.new(random.choice(("md5", "sha1", "sha256")), number(random, 9).encode()).hexdigest()


NOTHING: Sequence[tuple[str, Callable[[Random], str]]] = (
    ("Your order {} has shipped.", lambda r: number(r, r.randint(6, 12))),
    ("Order no. {}, invoice INV-2024-0012", lambda r: f"{number(r, 3)}-{number(r, 7)}-{number(r, 7)}"),
    ("Ticket #{} was closed", lambda r: number(r, r.randint(5, 10))),
    ("Tracking number: 1Z999AA1{}", lambda r: number(r, 10)),
    ("Upgrade to version {} of the driver", version),
    ("Released v{} today", version),
    ("pip install package=={}", version),
    ("see section {} of the manual", version),
    ("Mozilla/5.0 Chrome/{}.0.0.0 Safari/537.36", lambda r: str(r.randint(80, 140))),
    ("It happened at {}", moment),
    ("[{}] ERROR worker-3 failed after 3 retries", moment),
    ("Born on {} in Oslo", other_date),
    ("Meeting on {} from 10:30 to 11:45", other_date),
    ("epoch {}", lambda r: number(r, r.choice((10, 13)))),
    ("created_at={} ms", lambda r: str(r.randrange(1_600_000_000_000, 1_800_000_000_000))),
    ("request {} took 17 ms", lambda r: str(uuid.UUID(int=r.getrandbits(128), version=4))),
    ("trace {}", lambda r: f"{r.getrandbits(128):032x}"),
    ("commit {}", digest),
    ("sha256:{}", digest),
    ("ISBN {}", isbn),
    ("EAN {}", lambda r: number(r, 13)),
    ("It costs ${}.", lambda r: f"{r.randint(1, 999):,}.{r.randint(0, 99):02}"),
    ("Der Preis: {} €", lambda r: f"{r.randint(1, 999)}.{r.randint(100, 999)},{r.randint(10, 99)}"),
    ("Revenue grew to {} dollars", lambda r: f"{r.randrange(10**9):,}"),
    ("The population is {}.", lambda r: f"{r.randrange(10**6, 10**9):,}".replace(",", r.choice(" ,."))),
    ("at {}", lambda r: f"{r.uniform(-90, 90):.6f}, {r.uniform(-180, 180):.6f}"),
    ("GPS: {}", lambda r: f"{r.uniform(0, 90):.4f}° N {r.uniform(0, 180):.4f}° E"),
    ("{} is not divisible by 7", lambda r: number(r, r.randint(4, 12))),
    ("{}", lambda r: f"{number(r, 5)} × {number(r, 4)} = {number(r, 9)}"),
    ("{}", lambda r: " + ".join(number(r, r.randint(1, 6)) for _ in range(6))),
    ("pi is {}", lambda _: "3.14159265358979323846264338327950288"),
    ("0.{}", lambda r: number(r, 16)),
    ("[{}]", lambda r: ", ".join(number(r, r.randint(1, 4)) for _ in range(12))),
    ("{}", lambda r: " ".join(number(r, 2) for _ in range(9))),
    ("{}", lambda r: "\t".join(number(r, r.randint(1, 7)) for _ in range(8))),
    ("for i in range({}): total += data[i]", lambda r: number(r, 7)),
    ("x = 0x{}", lambda r: f"{r.getrandbits(64):016X}"),
    ("timeout={}, retries=3, size=1048576", lambda r: number(r, 5)),
    ("npm install react@{}", lambda r: f"{r.randint(0, 20)}.{r.randint(0, 20)}.{r.randint(0, 20)}"),
    ("uses: actions/checkout@v{}", lambda r: f"{r.randint(1, 6)}.{r.randint(0, 9)}.{r.randint(0, 9)}"),
    ("logo@{}x.png", lambda r: str(r.randint(2, 4))),
    ("git clone git@github.com:acme/repo{}.git", lambda r: number(r, 2)),
    ("@decorator\ndef f{}(): ...", lambda r: number(r, 1)),
    ("Thanks @user{}!", lambda r: number(r, 3)),
    ("std::vector<int> v{};", lambda r: number(r, 2)),
    ("aa:bb:cc:dd:ee:{}", lambda r: f"{r.randrange(256):02x}"),
    ("from {} to 12:30:00", lambda r: f"{r.randint(0, 23):02}:{r.randint(10, 59)}:{r.randint(10, 59)}"),
    ("@@ -{},7 +1234,9 @@ def f():", lambda r: number(r, 4)),
    ("Vol. 12 ({}), pp. 1234-1245", lambda r: str(r.randint(1950, 2024))),
    ("doi:10.1000/{}", lambda r: number(r, 6)),
    ("Flight LH{} at gate B12", lambda r: number(r, 4)),
    ("ZIP {} Springfield", lambda r: number(r, 5)),
    ("{} tokens, 0.0123 USD", lambda r: number(r, r.randint(3, 7))),
    ("id={}", lambda r: number(r, r.randint(6, 19))),
    ("The score was {}.", lambda r: f"{r.randint(0, 9)}-{r.randint(0, 9)}"),
    ("Seasons {} were good", lambda r: f"{r.randint(1980, 1999)}-{r.randint(2000, 2020)}"),
    ("password must have at least {} characters", lambda r: str(r.randint(8, 16))),
    ("max_tokens: {}", lambda r: number(r, 4)),
    ('{{"password": "string", "token": "string", "n": {}}}', lambda r: number(r, 3)),
    ("token = tokens[{}]", lambda r: number(r, 2)),
    ("password = getpass(); retries = {}", lambda r: number(r, 1)),
    ("The secret of cooking is {} minutes of patience", lambda r: number(r, 2)),
    ("Set OPENAI_API_KEY=<your-key> and run step {}", lambda r: number(r, 1)),
    ("class=\"sk-loading-indicator-{}\"", lambda r: r.choice("abc")),
    ("Bearer authentication is described in RFC {}", lambda r: number(r, 4)),
)  # fmt: skip


def nothing(count: int, random: Random) -> Iterator[str]:
    """Sentences without a value, each of the forms in turn."""
    for place in range(count):
        frame, make = NOTHING[place % len(NOTHING)]
        yield frame.format(make(random))
