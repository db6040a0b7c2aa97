"""The mark: a lighthouse's lamp that looks both ways."""

from pathlib import Path

IMAGES = Path(__file__).with_name("images")
ICON = str(IMAGES / "icon.svg")
LOGO = str(IMAGES / "logo.svg")
