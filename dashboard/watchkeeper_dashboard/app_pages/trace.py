"""One trace: what happened when, what was said, what it cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from watchkeeper_dashboard import copying, plain, units
from watchkeeper_dashboard.charts.waterfall import DEEPEST, build_waterfall, facts_of
from watchkeeper_dashboard.client import Question, path_of
from watchkeeper_dashboard.conversation import show_conversation
from watchkeeper_dashboard.feedback import show_feedback
from watchkeeper_dashboard.frame import show_page
from watchkeeper_dashboard.panels import chips, facts, panel
from watchkeeper_dashboard.places import link
from watchkeeper_dashboard.states import box, note, section
from watchkeeper_dashboard.view import View
from watchkeeper_dashboard.visit import Visit

MOST_SPANS = 200
CHART_PX = 560
CALLS = ("llm", "embedding", "reranker")
SPAN = "trace_span"


def show(visit: Visit, view: View) -> None:
    trace_id = st.query_params.get("id", "")
    if not trace_id:
        box("No trace was chosen", "Open one from the list of traces.")
        link("All traces", "traces", view, icon=":material/arrow_back:")
        return
    tree = visit.ask(tree=_tree_question(trace_id))["tree"]
    _show_head(visit, view, tree)
    selected = _selected(tree["spans"])
    left, right = st.columns((1.3, 1), gap="small")
    with left, panel("Spans"):
        _show_waterfall(tree)
        _show_ways(view, tree, selected)
    with right, panel("Span"), section(visit, "span"):
        selected = _choose_span(tree["spans"], selected)
        _show_span(visit, trace_id, selected)
    with section(visit, "feedback"):
        show_feedback(visit, trace_id, selected)


def _tree_question(trace_id: str) -> Question:
    wanted = st.query_params
    parameters = {"parent": wanted.get("below") or "roots", "limit": MOST_SPANS}
    return Question(path_of("traces", trace_id), parameters | {"cursor": wanted.get("after") or None})


def _show_head(visit: Visit, view: View, tree: Mapping[str, Any]) -> None:
    mark = ":red[:material/error:] " if tree["error_count"] else ""
    with st.container(horizontal=True, vertical_alignment="center", key="trace_head"):
        st.subheader(f"{mark}{plain.markdown(plain.short(tree['name'], 90))}", anchor=False, width="stretch")
        _show_neighbours(view, tree["neighbours"])
        with st.popover("Copy", icon=":material/content_copy:"):
            copying.show(visit, tree)
    chips(
        [
            ("trace", tree["trace_id"]),
            ("started", units.local_time(tree["timestamp"], visit.zone, with_zone=True)),
            ("service", tree["service_name"]),
            *(("release", release) for release in tree["releases"]),
            *(("environment", name) for name in tree["environments"]),
            *(("model", model) for model in tree["models"]),
        ]
    )
    _show_figures(tree)
    with st.container(horizontal=True, gap="small"):
        for user in tree["users"][:3]:
            link(
                f"User {plain.markdown(plain.short(user, 40))}",
                "user",
                view,
                icon=":material/person:",
                user=user,
            )
        for session in tree["sessions"][:3]:
            label = f"Session {plain.markdown(plain.short(session, 40))}"
            link(label, "session", view, icon=":material/forum:", session=session)


def _show_neighbours(view: View, neighbours: Mapping[str, Any]) -> None:
    for label, name, icon in (
        ("Before", "previous_trace_id", ":material/chevron_left:"),
        ("After", "next_trace_id", ":material/chevron_right:"),
    ):
        if neighbours[name]:
            link(label, "trace", view, icon=icon, id=neighbours[name])


def _show_figures(tree: Mapping[str, Any]) -> None:
    tokens = (tree["input_tokens"] or 0) + (tree["output_tokens"] or 0)
    unpriced = f"{tree['unpriced_call_count']} without a price" if tree["unpriced_call_count"] else ""
    figures = (
        ("Duration", units.duration_ms(tree["duration_ms"]), "From the first start to the last end", ""),
        ("Cost", units.usd(tree["cost_usd"]), "Of its calls; duplicates count once", unpriced),
        ("Tokens", units.count(tokens), "Read and written", ""),
        ("Calls", units.count(tree["call_count"]), "Requests to models", ""),
        ("Spans", units.count(tree["span_count"]), "Steps, duplicates too", ""),
        ("Errors", units.count(tree["error_count"]), "Spans that failed", ""),
    )
    with st.grid(6, gap="xsmall", min_column_width=150, key="figures"):
        for title, value, tip, extra in figures:
            st.metric(
                title,
                value.replace("$", "\\$"),
                help=tip,
                border=True,
                delta=extra or None,
                delta_color="off",
                delta_arrow="off",
            )


def _selected(spans: Sequence[Mapping[str, Any]]) -> str:
    """The span that was chosen, else the first that failed, else the first call, else the first."""
    ids = {span["span_id"] for span in spans}
    wanted = st.session_state.get(SPAN) or st.query_params.get("span")
    if wanted in ids:
        return str(wanted)
    liked = [
        *(span["span_id"] for span in spans if span["is_error"] and span["kind"] in CALLS),
        *(span["span_id"] for span in spans if span["kind"] == "llm"),
        *(span["span_id"] for span in spans if span["kind"] in CALLS),
        *(span["span_id"] for span in spans),
    ]
    return liked[0] if liked else ""


def _show_waterfall(tree: Mapping[str, Any]) -> None:
    spans = tree["spans"]
    start = units.read_time(tree["timestamp"])
    figure = build_waterfall(spans, round(start.timestamp() * 1e9), tree["duration_ms"])
    is_long = figure.layout.height > CHART_PX
    with st.container(height=CHART_PX if is_long else "content", border=False, key="waterfall"):
        st.plotly_chart(
            figure,
            key="spans",
            config={"displayModeBar": False, "responsive": True},
            on_select=_take_span,
            selection_mode="points",
            alt="The spans of the trace over time; the list beside it holds the same.",
        )
    note(
        "Framed: the critical path. Striped: recorded twice, counted once. Red: failed. A click opens a span."
    )


def _show_ways(view: View, tree: Mapping[str, Any], selected: str) -> None:
    """To the other parts of a trace that is too long for one page."""
    spans, trace_id, parent = tree["spans"], tree["trace_id"], tree["parent"]
    after = st.query_params.get("after")
    if not (tree["next_cursor"] or after or parent != "roots"):
        return
    note(f"{len(spans):,} of the trace's {tree['span_count']:,} spans.")
    chosen = next((span for span in spans if span["span_id"] == selected), None)
    below = {} if parent == "roots" else {"below": parent}
    with st.container(horizontal=True, gap="small", key="ways"):
        if below or after:
            link("From the start", "trace", view, icon=":material/first_page:", id=trace_id)
        if chosen and chosen["child_count"]:
            label = f"Below {plain.markdown(plain.short(chosen['span_name'], 30))}"
            link(label, "trace", view, icon=":material/south_east:", id=trace_id, below=selected)
        if cursor := tree["next_cursor"]:
            icon = ":material/chevron_right:"
            link("Further spans", "trace", view, icon=icon, id=trace_id, after=cursor, **below)


def _take_span() -> None:
    points = st.session_state["spans"]["selection"]["points"]
    if points and points[0].get("customdata"):
        st.session_state[SPAN] = points[0]["customdata"][0]


def _choose_span(spans: Sequence[Mapping[str, Any]], selected: str) -> str:
    by_id = {span["span_id"]: span for span in spans}
    st.session_state[SPAN] = selected
    chosen = st.selectbox(
        "Span",
        list(by_id),
        format_func=lambda span_id: _in_list(by_id[span_id]),
        key=SPAN,
        label_visibility="collapsed",
    )
    st.query_params["span"] = chosen
    return str(chosen)


def _in_list(span: Mapping[str, Any]) -> str:
    indent = "\u2003" * min(span["depth"], DEEPEST)
    mark = "✕ " if span["is_error"] else ""
    return f"{indent}{mark}{plain.short(span['span_name'], 60)}  ({facts_of(span)})"


def _show_span(visit: Visit, trace_id: str, span_id: str) -> None:
    span = visit.ask(span=Question(path_of("traces", trace_id, "spans", span_id)))["span"]
    if span["is_error"]:
        box(span["error_type"] or "Failed", span["error_message"] or span["status_message"], "bad")
    said, about, attributes, events = st.tabs(["Conversation", "Facts", "Attributes", "Events"])
    with said:
        show_conversation(span)
    with about:
        facts(_facts(span, visit))
    with attributes:
        st.json(
            {
                "span": span["attributes"],
                "resource": span["resource_attributes"],
                "scope": span["scope_attributes"],
            }
        )
    with events:
        _show_events(span, visit)


def _show_events(span: Mapping[str, Any], visit: Visit) -> None:
    if not span["events"] and not span["links"]:
        note("This span has neither events nor links.")
    for event in span["events"]:
        note(f"{units.clock_time(event['timestamp'], visit.zone)}  {event['name']}")
        st.json(event["attributes"], expanded=False)
    for linked in span["links"]:
        note(f"Linked to span {linked['span_id']} of trace {linked['trace_id']}")


def _facts(span: Mapping[str, Any], visit: Visit) -> list[tuple[str, str]]:
    return [
        ("Kind", _joined(span["kind"], span["operation"])),
        ("Provider", span["provider"]),
        ("Model", span["response_model"]),
        ("Asked for", span["request_model"]),
        ("Started", units.local_time(span["timestamp"], visit.zone, with_zone=True)),
        ("Duration", units.duration_ms(span["duration_ms"])),
        *_usage(span),
        ("Finish reason", span["finish_reason"]),
        ("Status", _joined(span["status_code"], str(span["error_status"] or ""))),
        ("Service", span["service_name"]),
        ("Agent", span["agent_name"]),
        ("Tool", span["tool_name"]),
        ("Prompt", _joined(span["prompt_name"], span["prompt_version"])),
        ("Feature", span["feature"]),
        ("Release", span["release"]),
        ("User", span["user_id"]),
        ("Session", span["session_id"]),
        ("Taken over", ", ".join(span["inherited"])),
        ("Duplicate of", span["duplicate_of"]),
        ("Written by", _joined(span["scope_name"], span["scope_version"], span["convention"])),
        ("Response id", span["response_id"]),
        ("Span", span["span_id"]),
    ]


def _usage(span: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was used, as far as it is known."""
    numbers = (
        ("First token", span["time_to_first_token_ms"], units.duration_ms),
        ("Tokens read", span["input_tokens"], units.count),
        ("… from cache", span["cache_read_tokens"], units.count),
        ("… into cache", span["cache_write_tokens"], units.count),
        ("Tokens written", span["output_tokens"], units.count),
        ("… reasoning", span["reasoning_tokens"], units.count),
    )
    known = [(name, render(value)) for name, value, render in numbers if value is not None]
    cost = f"{units.usd(span['cost_usd'])} ({span['cost_source']})" if span["cost_source"] else ""
    return [*known, ("Cost", cost)]


def _joined(*texts: str) -> str:
    return " · ".join(filter(None, texts))


show_page(show)
