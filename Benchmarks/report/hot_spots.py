"""What stacks say: who uses the time himself, and in whose calls it is spent."""

from collections import Counter

from .tables import table


def page(part: dict) -> str:
    stacks: dict[str, int] = part["stacks"]
    total, own, inside, places = sum(stacks.values()), Counter(), Counter(), Counter()
    for stack, count in stacks.items():
        frames = stack.split(";")
        own[frames[-1]] += count
        places[frames[-1].rsplit(" [", 1)[-1].rstrip("]")] += count
        for frame in set(frames):
            inside[frame] += count
    ours = Counter({name: count for name, count in inside.items() if name.endswith("[martlet]")})

    def listed(counter: Counter, length: int) -> str:
        return table(["", "%"], [[f"`{name}`", f"{count / total * 100:.1f}"] for name, count in counter.most_common(length)])

    return "\n\n".join([
        "# Where the time goes",
        "<!-- Made by make bench. -->",
        f"{total:,} samples of Martlet on one core under warm modern calls, {part['cpu_us']:.1f} µs a call. "
        "[flame.svg](flame.svg) shows them as a flame graph: orange is the program, blue the Swift runtime, red the kernel.",
        "## By object", listed(places, 12),
        "## By function, its own time", listed(own, 40),
        "## By function of the program, with everything that it calls", listed(ours, 60),
    ]) + "\n"
