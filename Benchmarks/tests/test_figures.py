"""python3 -m unittest discover -s Benchmarks/tests: the arithmetic that decides about targets."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.call import tool_call
from harness.load import Values
from report.figures import (
    added, best_ratio, both, cpu_ratio, deciding_ratio, good, growth, neighbour_cost, rate_ratio, slower)
from report.targets import verdicts


def run(rate: float, *, cpu: float = 10, use: float = 1, valid: bool = True, p99: float = 0) -> dict:
    return {"rate": rate, "cpu_us": cpu, "core_use": use, "valid": valid, "p99": p99}


class Figures(unittest.TestCase):
    def test_ratios_are_taken_round_by_round(self):
        # The machine was twice as fast in the second round: the ratio is the same in each.
        ours, theirs = [run(100), run(200), run(90)], [run(50), run(100), run(100)]
        self.assertEqual(rate_ratio(ours, theirs), 2)
        self.assertEqual(best_ratio(ours, theirs), 2)

    def test_less_cpu_a_call_is_a_higher_ratio(self):
        self.assertEqual(cpu_ratio([run(1, cpu=20)], [run(1, cpu=60)]), 3)

    def test_cpu_decides_where_a_core_was_not_full(self):
        full, idle = [run(100, cpu=10)], [run(50, cpu=5, use=0.5)]
        self.assertEqual(deciding_ratio(full, full), (1, "rate"))
        self.assertEqual(deciding_ratio(full, idle)[0], 0.5)

    def test_runs_with_failed_calls_do_not_count(self):
        self.assertEqual(len(good([run(1), run(1, valid=False)])), 1)

    def test_beside_a_neighbour_only_whole_rounds_count(self):
        def timed(p99: float, *, valid: bool = True, cpu: float = 0, sent: int = 0) -> dict:
            return {"p99": p99, "valid": valid, "cpu": cpu, "neighbour": {"sent": sent} if sent else None}

        alone = [timed(100, cpu=1), timed(900, valid=False), timed(200, cpu=2)]
        over = [timed(110, cpu=1.5, sent=1000), timed(100, sent=1000), timed(240, cpu=2.3, sent=1000)]
        pairs = both(over, alone)
        self.assertEqual(len(pairs), 2)
        self.assertAlmostEqual(slower(pairs), 1.15)
        self.assertAlmostEqual(neighbour_cost(pairs), 400)
        part = {"rows": {"alone": alone, "over": over}}
        found = next(v for v in verdicts({"neighbour": part}) if "quota" in v.what)
        self.assertEqual((found.measured, found.word), ("+15 %", "**missed**"))
        nothing = {"rows": {"alone": alone[1:2], "over": over[1:2]}}
        self.assertIsNone(next(v for v in verdicts({"neighbour": nothing}) if "quota" in v.what).met)

    def test_added_time_and_growth(self):
        self.assertEqual(added([run(1, p99=300), run(1, p99=500)], [run(1, p99=100), run(1, p99=100)], "p99"), 300)
        self.assertAlmostEqual(growth({"1": [run(1, cpu=10)], "1000": [run(1, cpu=12)]}), 0.2)


class Targets(unittest.TestCase):
    def test_a_miss_is_told(self):
        rows = {"martlet": [run(250)], "martlet-fresh": [run(90)], "haproxy-jwt": [run(100)]}
        word = {v.what: v.word for v in verdicts({"throughput": {"rows": rows}})}
        self.assertEqual(word["warm tokens ÷ HAProxy `jwt_verify`"], "**missed**")
        self.assertEqual(word["tokens never seen ÷ HAProxy `jwt_verify`"], "met")
        self.assertEqual(word["warm tokens ÷ Envoy with token cache"], "not measured")

    def test_a_row_without_a_good_run_is_not_met(self):
        rows = {"martlet": [run(500, valid=False)], "haproxy-jwt": [run(100)]}
        self.assertIsNone(verdicts({"throughput": {"rows": rows}})[0].met)

    def test_streams_that_ended_do_not_pass(self):
        row = {"bytes_each": 100, "valid": False}
        found = verdicts({"idle": {"rows": {"martlet": row, "martlet-legacy": row}}})
        self.assertIsNone(next(v for v in found if "stream" in v.what).met)


class Requests(unittest.TestCase):
    def test_a_call_has_the_size_that_was_asked_for(self):
        for size in (1024, 100_000):
            for legacy in (False, True):
                self.assertEqual(len(tool_call("/mcp", "h", legacy=legacy, size=size).body), size)

    def test_fresh_values_are_never_repeated(self):
        self.assertEqual(len(Values.of(["a", "b"], once=True).pairs), 2)
        self.assertEqual(Values.of(["a"], ["1", "2"]).rotated(1).pairs, (("a", "2"), ("a", "1")))


if __name__ == "__main__":
    unittest.main()
