"""Texts that a sender may write to become markup: HTML, Markdown, Streamlit's and Plotly's own signs."""

HOST = "evil.example"
PAYLOADS = (
    "<script>alert(1)</script>",
    f"<img src=x onerror=fetch('//{HOST}')>",
    f"<svg/onload=location='//{HOST}'>",
    f'"><iframe src="https://{HOST}"></iframe>',
    "<a href='javascript:alert(1)'>click</a>",
    f"<style>@import 'https://{HOST}/x.css'</style>",
    f"![pixel](https://{HOST}/p.png)",
    f"[click](javascript:alert(1)) [ref]: https://{HOST}",
    f"https://{HOST}/auto www.{HOST} mail@{HOST}",
    f"<https://{HOST}>",
    ":red[colour] :material/home: :smile:",
    "$\\\\frac{1}{2}$ `code` **bold** _it_ ~~no~~ # head",
    "%{customdata[0]} %{x} {{template}} ${shell}",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    '=HYPERLINK("https://evil.example")',
    "\u202egnp.exe\u202c and \x1b[31mred\x1b[0m \x00nul",
    "&lt;b&gt;entities&lt;/b&gt; &#x3C;i&#x3E;",
)
