"""How callgrind's account is read, and how it is divided among stages."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.callgrind import read
from report.stages import by_stage

ACCOUNT = """events: Ir
ob=/somewhere/program
fn=outer
3 10
cfn=inner
calls=2 7
4 30
cob=/lib/libc.so.6
cfn=malloc
calls=1 0
5 5
fn=inner
7 12
cfn=inner
calls=1 7
8 6
"""


class Stages(unittest.TestCase):
    def test_own_and_inside_are_told_apart(self):
        counts = read(ACCOUNT.splitlines())
        self.assertEqual(counts.own["outer [program]"], 10)
        self.assertEqual(counts.inside["outer [program]"], 45)
        self.assertEqual(counts.calls["malloc [libc.so.6]"], 1)
        self.assertEqual(counts.edges["outer [program]", "malloc [libc.so.6]"], 5)

    def test_what_calls_itself_is_counted_once(self):
        counts = read(ACCOUNT.splitlines())
        self.assertEqual(counts.inside["inner [program]"], 12)
        self.assertEqual(counts.total, 22)

    def test_stages_and_the_rest_make_the_whole(self):
        names = [["specialized WireServerHandler.channelRead(context:data:) [program]", 100.0, 1.0, 1.0],
                 ["specialized ConnectionHandler.begin(_:on:) [program]", 30.0, 1.0, 1.0],
                 ["Classifier.classify(_:body:) [program]", 20.0, 1.0, 1.0],
                 ["GatewayExchange.proceed(_:) [program]", 40.0, 1.0, 1.0],
                 ["AnswerRelay.start() [program]", 35.0, 1.0, 1.0],
                 ["WireUpstreamHandler.channelRead(context:data:) [program]", 15.0, 1.0, 1.0],
                 ["closure #1 in SQLiteStore.appendAuditBatch(_:linkedBy:) [program]", 25.0, 1.0, 1.0]]
        found = by_stage({"instructions": 150.0, "functions": names})
        self.assertEqual([count for _, count in found], [10.0, 30.0, 20.0, 5.0, 35.0, 15.0, 25.0, 10.0])

    def test_a_stage_that_was_renamed_is_missed(self):
        names = [["AnswerRelay.start() [program]", 35.0, 1.0, 1.0]]
        with self.assertRaises(LookupError):
            by_stage({"instructions": 150.0, "functions": names})

    def test_what_is_not_martlet_has_no_stages(self):
        self.assertEqual(by_stage({"instructions": 150.0, "functions": [["main [haproxy]", 150.0, 1.0, 1.0]]}), [])


if __name__ == "__main__":
    unittest.main()
