"""Results in pytest-benchmark's JSON, so that its tools can keep and compare history. Imports ``results``."""

from __future__ import annotations

import json
import math
from typing import Any

from benchmarks import stats
from benchmarks.results import Record, Results


def pytest_benchmark(results: Results) -> str:
    """The records as `pytest-benchmark compare` reads them: one benchmark per record, grouped by case.

    The format is that of pytest-benchmark 5; times are in seconds. Records of bytes are left out.
    """
    machine = results.machine
    branch = (results.commit or "").rstrip("+")
    found = {
        "machine_info": {
            "node": "",
            "processor": machine.get("processor", ""),
            "machine": machine.get("architecture", ""),
            "python_version": str(machine.get("python", "")).rpartition(" ")[2],
            "python_implementation": str(machine.get("python", "")).partition(" ")[0],
            "system": str(machine.get("system", "")).partition(" ")[0],
            "release": str(machine.get("system", "")).partition(" ")[2],
            "cpu": {"brand_raw": machine.get("processor", ""), "count": machine.get("cores")},
        },
        "commit_info": {
            "id": branch or "unversioned",
            "time": results.date,
            "dirty": (results.commit or "").endswith("+"),
            "project": "xpgrad",
        },
        "benchmarks": [_benchmark(record) for record in results.records if record.unit == "s"],
        "datetime": results.date,
        "version": "5.0.0",
    }
    return json.dumps(found, indent=1) + "\n"


def _benchmark(record: Record) -> dict[str, Any]:
    case = "-".join(part.replace(" ", "_") for part in (record.variant, str(record.size), record.device) if part)
    return {
        "group": f"{record.workload}[{case}]",
        "name": f"{record.workload}[{case}-{record.peer}]",
        "fullname": f"benchmarks/workloads/{record.workload}.py::{record.workload}[{case}-{record.peer}]",
        "params": {"variant": record.variant, "size": record.size, "device": record.device, "peer": record.peer},
        "param": f"{case}-{record.peer}",
        "extra_info": {"flops": record.flops, "bytes": record.bytes, "note": record.note},
        "options": {"disable_gc": False, "timer": "perf_counter", "warmup": True},
        "stats": _statistics(record),
    }


def _statistics(record: Record) -> dict[str, Any]:
    samples = sorted(record.samples)
    n = len(samples)
    mean = sum(samples) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in samples) / (n - 1)) if n > 1 else 0.0
    q1, q3 = stats.quantile(samples, 0.25), stats.quantile(samples, 0.75)
    near = [x for x in samples if q1 - 1.5 * (q3 - q1) <= x <= q3 + 1.5 * (q3 - q1)]
    outside = n - len(near)
    far = sum(abs(x - mean) > deviation for x in samples)
    return {
        "min": samples[0],
        "max": samples[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": n,
        "median": stats.median(samples),
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": outside,
        "stddev_outliers": far,
        "outliers": f"{far};{outside}",
        "ld15iqr": near[0],
        "hd15iqr": near[-1],
        "ops": 1 / mean,
        "total": sum(samples) * record.iterations,
        "data": record.samples,
        "iterations": record.iterations,
    }
