"""What each detector finds, what it leaves, in the spellings that people and programs use."""

from collections import Counter
from dataclasses import replace

import pytest
from watchkeeper.redaction import Redaction, read_policy
from watchkeeper.redaction.card import has_luhn_digit
from watchkeeper.redaction.iban import COUNTRIES, is_checked

ALL = Redaction(read_policy(True))

SECRETS = [
    "sk-proj-" + "Ab1" * 20,
    "sk-ant-api03-" + "xY9_" * 20,
    "gsk_" + "aB3" * 15,
    "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "AKIAIOSFODNN7EXAMPLE",
    "AIza" + "SyA1" * 9,
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "11ABCDE_" * 8,
    "glpat-" + "a1B2c" * 4,
    "xoxb-" + "123456789012-abcdefghijkl",
    "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "whsec_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "npm_" + "a1B2" * 9,
    "SG.abcdefghijklmnop123456.ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg",
    "123456789:AAabcdefghijklmnopqrstuvwxyz0123456",
    "wk_ab12.ABCDEFGHIJKLMNOPqrst",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKC\nabc+/=\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA",
]
PLACES = [
    ("postgres://app:{}@db.example.com:5432/x", "s3cr3t"),
    ("mongodb+srv://u:{}@cluster0.mongodb.net", "p%40ss"),
    ("redis://:{}@localhost:6379", "hunter2"),
    ("Server=x;User Id=sa;Password={};Encrypt=yes", "P@ssw0rd!"),
    ("password={}", "hunter2"),
    ('"password": "{}"', "Tr0ub4dor&3"),
    ("passwd = '{}'", "swordfish"),
    ("my password is {}.", "Tr0ub4dor&3"),
    ("export DB_PASSWORD={}", "hunter2x"),
    ("Passwort: {}", "geheim123"),
    ("пароль: {}", "Qwerty123!"),
    ("密码：{}", "abc12345"),  # noqa: RUF001 - as it is written there
    ("Authorization: Bearer {}", "abcdef0123456789"),
    ("Authorization: Basic {}", "dXNlcjpwYXNz"),
    ("{{'authorization': 'Bearer {}'}}", "abcdef0123456789"),
    ("X-API-Key: {}", "7f8a9b2c"),
    ("api_key='{}'", "0123456789abcdef"),
    ("aws_secret_access_key = {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AccountKey={};EndpointSuffix=x", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq=="),
    ("client_secret: {}", "8Q~abcDEF123_ghiJKL456"),
    ("the api key is {}", "9f86d081884c7d659a2feaa0c55ad015"),
    ("Cookie: {}", "session=abc123def456; theme=dark"),
]
NO_SECRETS = [
    "password must contain at least 8 characters",
    "Password: required",
    "password = getpass()",
    "connect(password=pwd, user=user)",
    "password = os.environ['X']",
    "password=password",
    "forgot my password, please reset it",
    "token: str",
    "token = tokenizer.encode(text)",
    "token_count: 123456789012",
    "primary key = 12345678901234",
    "OPENAI_API_KEY=<your key here>",
    "api_key: str = Field(...)",
    "the secret is patience",
    "a bearer of good news",
    "authorization: Optional[str] = None",
    'class="sk-loading-indicator-big"',
    "curl -H 'Authorization: Bearer $TOKEN_OF_MINE'",
    "compass=north",
    "cookie: chocolate chip",
    "https://example.com:8080/path@x",
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ",
]
OTHERS = [
    ("email", "write to O'Brien.x+news@mail.example.co.uk.", "write to [EMAIL]."),
    ("email", "<jane_doe@example.com>, (joe@x.org)", "<[EMAIL]>, ([EMAIL])"),
    ("email", "https://x.org/?to=joe%40x.org", "https://x.org/?to=[EMAIL]"),
    ("email", "joe&#64;x.org", "[EMAIL]"),
    ("email", "邮箱是joe@x.org请回复", "邮箱是[EMAIL]请回复"),
    ("email", "δοκιμή@παράδειγμα.ελ", "[EMAIL]"),
    ("email", '"joe doe"@x.org and root@[10.1.2.3]', '"joe doe"@x.org and [EMAIL]'),
    ("card", "4111 1111 1111 1111 5500-0000-0000-0004", "[CARD] [CARD]"),
    ("card", "1,4111111111111111,2027", "1,[CARD],2027"),
    ("card", "3782 822463 10005 exp 12/27", "[CARD] exp 12/27"),
    ("card", "order 4111111111111111", "order [CARD]"),
    ("card", "card 676214132596", "card [CARD]"),
    ("iban", "GB82 WEST 1234 5698 7654 32 please", "[IBAN] please"),
    ("iban", "NO9386011117947/DE89370400440532013000", "[IBAN]/[IBAN]"),
    ("ssn", "078-05-1120, SSN 078 05 1120, ssn: 078051120", "[SSN], SSN [SSN], ssn: [SSN]"),
    ("ip", "http://192.168.1.10:8080/24 ::ffff:10.1.2.3 [2001:db8::1]", "http://[IP]:8080/24 [IP] [[IP]]"),
    ("ip", "fe80::1%eth0 via 10.0.0.1.", "[IP] via [IP]."),
    ("phone", "+49 (0)30 123 45 67, 2024-05-06", "[PHONE], 2024-05-06"),
    ("phone", "tel:+14155550123;ext=5", "tel:[PHONE];ext=5"),
    ("phone", "Office: (212) 555-0123 x45", "Office: [PHONE]"),
    ("phone", "1,555-123-4567,x", "1,[PHONE],x"),
]  # fmt: skip
LOOKALIKES = [
    ("card", "４１１１　１１１１　１１１１　１１１１"),  # noqa: RUF001
    ("card", "4111\u00a01111\u00a01111\u00a01111"),
    ("card", "4111\u20111111\u20131111\u22121111"),
    ("card", "4\u200b1\u200b1\u200b1\u200b111111111111"),
    ("card", "٤١١١١١١١١١١١١١١١"),
    ("email", "joe\uff20example\uff0ecom"),
    ("email", "joe\u00ad@\u2060example.com"),
    ("iban", "DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00"),
    ("ssn", "078\u201305\u20131120"),
    ("ip", "10\u3002200\u300230\u300240"),
    ("phone", "+49\u00a030\u00a01234567"),
]


def redacted(text: str) -> tuple[str, Counter[str]]:
    hits = Counter[str]()
    return ALL.apply(text, hits), hits


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("frame", ["{}", "key {} end", 'x="{}"', "({}), and", "{}."])
def test_keys_and_tokens_are_known_by_their_form(secret: str, frame: str) -> None:
    text, hits = redacted(frame.format(secret))
    assert "[SECRET]" in text
    assert secret[-12:] not in text
    assert set(hits) == {"secret"}


@pytest.mark.parametrize(("frame", "value"), PLACES)
def test_secrets_are_known_by_where_they_stand(frame: str, value: str) -> None:
    assert redacted(frame.format(value))[0] == frame.format("[SECRET]")


@pytest.mark.parametrize("text", NO_SECRETS)
def test_talk_about_secrets_and_code_that_handles_them_is_left(text: str) -> None:
    assert redacted(text) == (text, {})


@pytest.mark.parametrize(("kind", "text", "expected"), OTHERS)
def test_values_are_taken_whole_and_nothing_beside_them(kind: str, text: str, expected: str) -> None:
    assert redacted(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "License 1234-5678-9012-3456",
        "Kundennummer 4711-0815, Tel: none",
        "my order number is 5551234567, the function call 20240101",
        "the number 4111-1111-1111-1112 is none",
        "Version 10.0.0.1 of the firmware, then 0.1.2.3 and 1.2.3.4.5",
        "Order 112-3456789-1234567 at 10.30 on 12.12.2024",
        "MAC 00:1B:44:11:3A:B7 at 12:34:56.789",
        "ISBN 978-3-16-148410-0, ISBN 0-306-40615-2",
        "GUID 3F2504E0-4F89-11D3-9A0C-0305E82C3301",
        "lat 37.7749 lon -122.4194, 0x7ffeefbff5c8",
        "image@2x.png, react@18.2.0, getty@tty1.service, git@github.com:x/y",
        "a@b.transpose() + c @ d.T",
    ],
)
def test_what_only_looks_like_a_value_is_left(text: str) -> None:
    assert redacted(text) == (text, {})


@pytest.mark.parametrize(("kind", "text"), LOOKALIKES)
def test_signs_that_only_look_different_hide_nothing(kind: str, text: str) -> None:
    assert redacted(text) == (f"[{kind.upper()}]", {kind: 1})


def test_check_digits_are_the_published_ones() -> None:
    assert has_luhn_digit("4111111111111111")
    assert not has_luhn_digit("4111111111111112")
    assert is_checked("GB82WEST12345698765432")
    assert not is_checked("GB83WEST12345698765432")
    assert sum(len(countries.split()) for countries in COUNTRIES.values()) > 100


def test_regions_make_their_telephone_numbers_known_without_a_word() -> None:
    assert redacted("60 56 85 91 or 13812345678")[1] == {}
    regional = Redaction(replace(read_policy(True), phone_regions=("DK", "CN")))
    assert regional.apply("60 56 85 91 or 13812345678") == "[PHONE] or [PHONE]"
