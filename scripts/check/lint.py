"""Constructs that don't belong in Sources. Each rule names the check (docs/threat-model.md) or invariant that it stands for.

S-01 to S-18 of the checks, and where each is held:
  S-01 S-12 one JSON parser: rule below, JSONDifferenceTests     S-02 S-05 S-06 bytes, not characters: rules below, PlainText, ByteString
  S-03 S-04 identifiers are ByteString: rules below and the types    S-07 numbers: rules below, JSONNumber, Timestamp
  S-08 nothing traps: rules below     S-09 no patterns: rule below     S-10 S-11 no child processes: rules below
  S-13 one base64 decoder: rule below     S-14 one URL grammar: rule below     S-15 fuzz tests: rule below
  S-16 actors are looked at: rule below     S-17 no loose tasks: rule below     S-18 HTTP codecs stay behind their seam: rule below
"""

import re
import sys
from dataclasses import dataclass

from swift_source import Problem, Source, report, sources


@dataclass(frozen=True)
class Rule:
    id: str
    pattern: str
    message: str
    allowed: tuple[str, ...] = ()
    """Beginnings of paths where it may stand."""
    in_strings: bool = False
    """Whether string contents count too."""

    def problems(self, source: Source) -> list[Problem]:
        if source.path.startswith(self.allowed):
            return []
        text = source.text if self.in_strings else source.code
        return [
            Problem(source.path, source.line_at(found.start()), self.id, self.message)
            for found in re.finditer(self.pattern, text)
            if not (self.in_strings and is_comment(source, found.start()))
        ]


def is_comment(source: Source, offset: int) -> bool:
    """Whether the text there was masked as a comment: rules about strings begin in code."""
    return not source.code[offset].strip()


# Names that STYLE gives to identifiers. `tenant`, `user`, `client`, `kid` and `keyID` are typed wherever they are compared.
IDENTIFIERS = "clientID|redirectURI|issuer|subject|audience|nonce|loginName|sessionID|codeChallenge|providerName"
# Here both sides are ByteString.
TYPED = (
    "Sources/MartletIdentity/Login/LoginEndpoint+Federated.swift", "Sources/MartletIdentity/Providers/OIDCProvider.swift")
# Bytes that a grammar let through as ASCII, that were valid UTF-8 when they came, or that are only shown.
ASCII_BY_CONSTRUCTION = (
        "Sources/HTTPWire/HeaderFields+Lookup.swift",
        "Sources/MCPProtocol/Events/SSEParser.swift",
        "Sources/MCPProtocol/Messages/ReservedKeys.swift",
        "Sources/MartletAuthorizationServer/Consent/SealedOutcome.swift",
        "Sources/MartletAuthorizationServer/Metadata/WellKnownPath.swift",
        "Sources/MartletIdentity/Passwords/PasswordHash.swift",
        "Sources/MartletProxy/Eras/LegacyOverModern/ResultTranslation.swift",
        "Sources/MartletProxy/Upstream/SSE/SSEEndpoint.swift",
        "Sources/MartletProxy/Upstream/SSE/SSESessionDirectory.swift",
        "Sources/MartletServer/Configuration/ClientsReader.swift",
        "Sources/MartletServer/Listener/ConnectionHandler.swift",
        "Sources/MartletServer/Listener/NIOServerHandler.swift",
        "Sources/MartletServer/Listener/RequestAdmission.swift",
        "Sources/MartletServer/Logging/LineLogHandler.swift",
        "Sources/MartletServer/Pages/HTMLText.swift",
        "Sources/MartletServer/Pages/PageRenderer.swift",
        "Sources/MartletStoreSQLite/Rows/Binding.swift",
        "Sources/MartletStoreSQLite/Stores/SQLiteStore+Clients.swift",
        "Sources/OAuthClient/Egress/IPAddress.swift",
        "Sources/OAuthClient/Fetch/FetchedDocument.swift",
        "Sources/OAuthProtocol/Errors/OAuthError.swift",
        "Sources/OAuthProtocol/Grammar/ASCII.swift",
        "Sources/OAuthProtocol/Grammar/ScopeSet.swift",
        "Sources/martlet/Client/ClientPlan.swift",
        "Sources/martlet/Support/Terminal.swift",
)

RULES = [
    Rule("S-01", r"\bJSON(Serialization|Decoder|Encoder)\b", "untrusted JSON goes through StrictCoding's JSONReader"),
    Rule("S-02", r'(?:split\(\s*separator|separatedBy|[xX]\(of|contains)\s*[:(]\s*"\\[nr]', "CR LF is one Character: look at utf8", (
        "Sources/MartletStoreSQLite/Opening/DatabaseOpening.swift",), in_strings=True),
    Rule("S-03", r"\.(string|description)\s*[!=]=(?!=)|[!=]=\s*[\w.]+\.(string|description)\b",
         "identifiers are compared as bytes (ByteString), never as String", ("Sources/MartletServer/Configuration/",)),
    Rule("S-04", rf"(?<![\w.])(?:\w+\.)*(?:{IDENTIFIERS})\s*[!=]=(?!=)(?!\s*nil\b)|[!=]=\s*(?:\w+\.)*(?:{IDENTIFIERS})\b(?!\.map|\()",
         "an identifier by its name, compared as it is: ByteString(a) == ByteString(b), unless both are typed", TYPED),
    Rule("S-06", r"(?<!\w)String\s*\(\s*decoding\s*:", "bytes that are no UTF-8 would become one text: String(validating:)", (
        "Sources/StrictCoding/", *ASCII_BY_CONSTRUCTION)),
    Rule("S-05", r"(?<!\bASCII)(?<!\bASCIICase)\.(lowercased|uppercased|capitalized|caseInsensitiveCompare|localizedCaseInsensitiveCompare)\b",
         "fold ASCII letters only, byte by byte"),
    Rule("S-07", r"\bU?Int(8|16|32|64)?\(\s*[\w.]*([dD]ouble|timeInterval\w*)\b", "Int(a double) traps: use Int(exactly:)", (
        "Sources/MartletDomain/Time/WallClock.swift",)),
    Rule("S-08", r"\btry!", "try! ends the process for everybody"),
    Rule("S-08", r"\bas!", "as! ends the process for everybody"),
    Rule("S-08", r"(?<!\btry)(?<!\bas)(?<=[\w)\]}\"?>])!(?![=\w])", "a forced unwrap ends the process for everybody"),
    Rule("S-08", r"\b(fatalError|preconditionFailure|precondition|assertionFailure|assert|unsafelyUnwrapped|unsafeBitCast)\b",
         "traps end the process for everybody: throw instead"),
    Rule("S-09", r"\b(Regex|NSRegularExpression|RegexBuilder|wholeMatch|prefixMatch|firstMatch)\b|#/",
         "no pattern matching on untrusted text"),
    Rule("S-10", r"\b(Process\s*\(|posix_spawn|fork\s*\(|Subprocess)", "child processes belong to MartletHosting"),
    Rule("S-11", r"(?<![\w.])(posix_spawn\w*|v?fork|exec[vl]\w*|waitpid|wait4|kill|killpg|setsid|setpgid)\s*\(|\bimport\s+Subprocess\b",
         "who starts a child ends its whole group: only MartletHosting does", ("Sources/MartletHosting/",)),
    Rule("S-13", r"\bbase64Encoded(Data|String)?\b", "base64 goes through StrictCoding's strict decoders"),
    Rule("S-14", r"\bURLComponents\b|(?<!\w)URL\s*\(\s*string\b", "URLs are parsed by OAuthProtocol's AbsoluteURL"),
    Rule("S-16", r"(?m)^\s*(?:public |package |private |final )*actor\s+\w+",
         "an actor may be re-entered at each await: have it looked at and list it here", (
        "Sources/OAuthClient/Discovery/IssuerMetadataCache.swift",
        "Sources/OAuthClient/ClientMetadata/ClientMetadataDocuments.swift",
        "Sources/OAuthClient/ClientMetadata/MemoryDocumentCacheStore.swift",
        "Sources/OAuthClient/Keys/JWKSCache.swift")),
    Rule("S-17", r"(?<!\w)Task(\.detached)?\s*(\{|\(\s*(priority|name|executorPreference)\s*:|<[^>]*>\s*\{)",
         "no unstructured tasks outside lifecycle code", ("Sources/MartletServer/Wiring/ServiceLoop.swift",)),
    Rule("S-18", r"\b(HTTPRequestDecoder|HTTPResponseDecoder|configureHTTPServerPipeline|addHTTPClientHandlers|HTTPServerPipelineHandler)\b",
         "HTTP codecs stay behind the listener's and the pool's seam", (
        "Sources/MartletServer/Listener/", "Sources/MartletProxy/Upstream/", "Sources/OAuthClient/Fetch/")),
    Rule("invariant-6", r"\bas\s+NSString\b(?!\)\.deletingLastPathComponent)", "NSString sees other characters than Swift does"),
    Rule("invariant-7", r"\b(let|var)\s+(?:\w*[sS]ecret|\w*[pP]assword|verifier|codeVerifier)\s*:\s*String\b(?!\s*\?\s*\{)",
         "no secret is a String: use Secret", (
        "Sources/OAuthProtocol/Registration/ClientRegistrationResponse.swift",
        "Sources/MartletServer/Wiring/StartMessage.swift")),
    Rule("output", r"(?<![\w.])(print|debugPrint|dump)\s*\(", "log through swift-log, answer through Terminal"),
    Rule("unsafe", r"nonisolated\(unsafe\)", "no unchecked shared state"),
    Rule("names", r"\b(?:struct|class|enum|actor|protocol|typealias)\s+\w*(?:Manager|Helper|Util|Utils|Service|Data|Info)\b",
         "say what it is: STYLE forbids this ending"),
]

VERIFIERS = (
    "Sources/MartletAuthorizationServer/Tokens/", "Sources/MartletIdentity/Keys/APIKeyVerifier.swift", "Sources/MartletDomain/Identity/Principal.swift", "Tests/")
FUZZED = ["JSON", "Form", "RedirectURI", "JWT|JSONWeb", "Challenge", "ClientMetadataDocument|ClientIDMetadata", "RequestReader|RequestCorpus"]


def commented(source: Source, pattern: str, rule: str, message: str) -> list[Problem]:
    """Lines that need a comment on themselves or right above."""
    problems = []
    lines = source.lines
    for number, line in enumerate(source.code_lines):
        if not re.search(pattern, line):
            continue
        above = lines[number - 1].strip() if number else ""
        if "//" not in lines[number] and not above.startswith("//"):
            problems.append(Problem(source.path, number + 1, rule, message))
    return problems


def lint(source: Source) -> list[Problem]:
    problems = [problem for rule in RULES for problem in rule.problems(source)]
    problems += commented(source, r"@unchecked\s+Sendable", "unsafe", "@unchecked Sendable needs its proof in a comment")
    problems += commented(source, r"@preconcurrency", "unsafe", "@preconcurrency needs its reason in a comment")
    problems += [
        Problem(source.path, source.line_at(found.start()), "todo", "finish it, or write it down in an issue")
        for found in re.finditer(r"\b(TODO|FIXME|XXX)\b", source.text)
    ]
    return problems + principal_makers(source)


def principal_makers(source: Source) -> list[Problem]:
    """Invariant 3: only verifiers make principals."""
    if source.path.startswith(VERIFIERS):
        return []
    return [
        Problem(source.path, source.line_at(found.start()), "invariant-3", "only token verifiers may make a Principal")
        for found in re.finditer(r"@_spi\(\s*Verification\s*\)", source.code)
    ]


def fuzz_coverage(tests: list[Source]) -> list[Problem]:
    """S-15: every parser of a stranger's bytes has a fuzz test."""
    fuzz = "\n".join(source.text for source in tests if re.search(r"(?:struct|func)\s+\w*(?:Fuzz|Mutation)", source.text))
    return [
        Problem("Tests", 1, "S-15", f"no fuzz test mentions {pattern}")
        for pattern in FUZZED
        if not re.search(pattern, fuzz)
    ]


def main() -> int:
    found = sources("Sources")
    problems = [problem for source in found for problem in lint(source)]
    tests = sources("Tests")
    problems += [problem for source in tests for problem in principal_makers(source)]
    problems += fuzz_coverage(tests)
    return report(problems, summary=f"{len(RULES) + 5} rules, {len(found)} files")


if __name__ == "__main__":
    sys.exit(main())
