"""Runs in the environment of another library: reads draws, prints for each whether any column is flagged."""

import json
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped,unused-ignore]


def main(library: str, path: str) -> None:
    warnings.simplefilter("ignore")
    draws = np.load(path)
    names = [str(name) for name in draws["names"]]
    judge = {"Evidently": evidently, "NannyML": nannyml}[library]
    flags = []
    for place in range((len(draws.files) - 1) // 2):
        before, after = (
            pd.DataFrame(draws[f"{place}:{side}"], columns=names) for side in ("before", "after")
        )
        flags.append(bool(judge(before, after)))
    print(json.dumps(flags))


def evidently(before: Any, after: Any) -> bool:
    """Any column that its drift preset calls drifted, with everything as it is by default."""
    from evidently import DataDefinition, Dataset, Report  # type: ignore[import-not-found,unused-ignore]
    from evidently.presets import DataDriftPreset  # type: ignore[import-not-found,unused-ignore]

    definition = DataDefinition(numerical_columns=list(before.columns))
    current, reference = (Dataset.from_pandas(frame, data_definition=definition) for frame in (after, before))
    result = Report([DataDriftPreset()]).run(current, reference).dict()
    return any(
        metric["value"]["count"] > 0
        for metric in result["metrics"]
        if isinstance(metric["value"], dict) and "count" in metric["value"]
    )


def nannyml(before: Any, after: Any) -> bool:
    """Any alert of the univariate calculator on the new data as one chunk, the reference in its ten."""
    import nannyml as nml  # type: ignore[import-not-found,unused-ignore]

    size = len(after)
    calculator = nml.UnivariateDriftCalculator(
        column_names=list(before.columns), chunk_size=max(1, size // 10)
    )
    calculator.fit(before)
    results = calculator.calculate(after).filter(period="analysis").to_df()
    alerts = [column for column in results.columns if column[-1] == "alert"]
    return bool(results[alerts].to_numpy().any())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
