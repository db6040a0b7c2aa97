"""What the shop sells and what is said in it, from ``shop.toml``."""

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    price: int
    category: str
    detail: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What people ask about one thing, and what the assistant says.

    Newer releases add to the system prompt, and so refuse a share of the questions: ``refused``.
    """

    system: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    follow_ups: tuple[str, ...] = ()
    system_addition: str = ""
    refused: float = 0.0


@dataclass(frozen=True, slots=True)
class Shop:
    products: tuple[Product, ...]
    topics: Mapping[str, Topic]


@dataclass(frozen=True, slots=True)
class Subject:
    """What one conversation is about; fills the placeholders of its texts."""

    product: Product
    other: Product
    order: str

    def fill(self, text: str) -> str:
        product = self.product
        return text.format(
            name=product.name,
            other=self.other.name,
            price=product.price,
            detail=product.detail,
            order=self.order,
        )


@cache
def load_shop() -> Shop:
    content = tomllib.loads(files(__package__).joinpath("shop.toml").read_text("utf-8"))
    products = tuple(Product(**product) for product in content.pop("products"))
    return Shop(products, {name: _read_topic(topic) for name, topic in content.items()})


def _read_topic(content: Mapping[str, Any]) -> Topic:
    return Topic(
        system=content["system"],
        system_addition=content.get("system_addition", ""),
        refused=content.get("refused", 0.0),
        questions=tuple(content["questions"]),
        answers=tuple(content["answers"]),
        follow_ups=tuple(content.get("follow_ups", ())),
    )


def choose_subject(rng: random.Random, shop: Shop) -> Subject:
    product, other = rng.sample(shop.products, 2)
    return Subject(product, other, f"W-{rng.randrange(100_000, 999_999)}")
