"""Sealed bytes open with their key, beside their context, and not otherwise."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchkeeper_collector.errors import ConfigurationError, SealedError
from watchkeeper_collector.sealing import OVERHEAD_BYTES, KeyChain, load_key_file, open_sealed, read_keys

OLD, NEW = "1:" + "ab" * 32, "7:" + "cd" * 32
CHAIN = read_keys(OLD, "The test")


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_was_sealed_opens_beside_its_context_alone(plain: bytes, context: bytes) -> None:
    sealed = CHAIN.seal(plain, context)
    assert len(sealed) == len(plain) + OVERHEAD_BYTES
    assert bytes(open_sealed(CHAIN, sealed, context)) == plain
    with pytest.raises(SealedError, match="does not open"):
        open_sealed(CHAIN, sealed, context + b"x")


@given(st.integers(min_value=14, max_value=14 + 15 + 20), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    sealed = bytearray(CHAIN.seal(b"a prompt and its answer", b""))
    sealed[min(place, len(sealed) - 1)] ^= change
    with pytest.raises(SealedError, match="does not open"):
        open_sealed(CHAIN, bytes(sealed), b"")


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    both = read_keys(f"{OLD}\n{NEW}\n", "The test")
    assert both.newest == 7
    assert open_sealed(both, CHAIN.seal(b"old", b""), b"") == b"old"
    with pytest.raises(SealedError, match="the encryption key '7'"):
        open_sealed(CHAIN, both.seal(b"new", b""), b"")


def test_without_keys_what_is_plain_passes_and_what_is_sealed_does_not() -> None:
    assert open_sealed(None, b"\x0a\x01x" * 20, b"") == b"\x0a\x01x" * 20
    with pytest.raises(SealedError, match="Put it back"):
        open_sealed(None, CHAIN.seal(b"x", b""), b"")


def test_the_same_text_is_sealed_to_other_bytes_each_time() -> None:
    assert CHAIN.seal(b"same", b"") != CHAIN.seal(b"same", b"")


@pytest.mark.parametrize("text", ["", "# nothing", "1:abcd", "256:" + "ab" * 32, f"{OLD},{OLD}", "ab" * 32])
def test_wrong_keys_are_refused_in_words_that_show_none(text: str) -> None:
    with pytest.raises(ConfigurationError, match="openssl rand -hex 32") as error:
        read_keys(text, "The test")
    assert "abab" not in error.value.message


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# made in March\n{OLD}\n\n{NEW}\n", "utf-8")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_key_file(path)
    path.chmod(0o600)
    assert load_key_file(path) == KeyChain({1: b"\xab" * 32, 7: b"\xcd" * 32}, 7)
    assert "abab" not in repr(load_key_file(path))
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_key_file(tmp_path / "none")
