"""The arithmetic of the report: medians, ratios, what counts."""

from statistics import median

# A proxy whose core was less busy than this was not the one who limited the rate.
SATURATED = 0.9


def good(runs: list[dict]) -> list[dict]:
    """The runs that may be counted: no failed call, no token list that ran out."""
    return [run for run in runs if run["valid"]]


def middle(runs: list[dict], key: str) -> float:
    return median(run[key] for run in runs)


def best(runs: list[dict], key: str = "rate") -> float:
    return max(run[key] for run in runs)


def rate_ratio(ours: list[dict], theirs: list[dict]) -> float:
    """How many times their rate ours is: the median over rounds, each round by itself."""
    return median(a["rate"] / b["rate"] for a, b in paired(ours, theirs))


def best_ratio(ours: list[dict], theirs: list[dict]) -> float:
    """The same of the best round of each."""
    return best(ours) / best(theirs)


def cpu_ratio(ours: list[dict], theirs: list[dict]) -> float:
    """How many times our CPU time a call theirs is."""
    return median(b["cpu_us"] / a["cpu_us"] for a, b in paired(ours, theirs))


def paired(ours: list[dict], theirs: list[dict]) -> list[tuple[dict, dict]]:
    """Round by round; who was measured in fewer rounds is compared in those."""
    return list(zip(ours, theirs))


def limited(runs: list[dict]) -> bool:
    """Whether something else than the proxy's core set the rate: load generator, server, or other work on the machine."""
    return middle(runs, "core_use") < SATURATED


def deciding_ratio(ours: list[dict], theirs: list[dict]) -> tuple[float, str]:
    """The ratio that a target is held against, and what of: the rate, or the CPU a call where a rate says nothing."""
    if limited(ours) or limited(theirs):
        return cpu_ratio(ours, theirs), "CPU a call, since a core was not full"
    return rate_ratio(ours, theirs), "rate"


def added(runs: list[dict], direct: list[dict], key: str) -> float:
    """What is added to the time of a call, in microseconds: the median over rounds."""
    return median(a[key] - b[key] for a, b in paired(runs, direct))


def growth(rows: dict[str, list[dict]], key: str = "cpu_us") -> float:
    """How much more the last costs than the first, as a share."""
    runs = list(rows.values())
    return middle(good(runs[-1]), key) / middle(good(runs[0]), key) - 1


def both(runs: list[dict], others: list[dict]) -> list[tuple[dict, dict]]:
    """The rounds of which either run counts."""
    return [(a, b) for a, b in paired(runs, others) if a["valid"] and b["valid"]]


def slower(pairs: list[tuple[dict, dict]], key: str = "p99") -> float:
    """How many times the time of the second the first takes: the median over rounds."""
    return median(a[key] / b[key] for a, b in pairs)


def neighbour_cost(pairs: list[tuple[dict, dict]]) -> float:
    """Microseconds of the processor for each call of a neighbour: what was used beyond what was used without one."""
    return median((a["cpu"] - b["cpu"]) / a["neighbour"]["sent"] for a, b in pairs) * 1e6
