/// The policy of every page: our style sheet, our own forms, nothing else.
enum ContentSecurityPolicy {
  /// The header field's value.
  ///
  /// - Parameter formTargets: Sources that forms may end at beside our own, since browsers check redirects too; what
  ///   isn't a plain source expression is left out.
  static func text(formTargets: [String]) -> String {
    let targets = ["'self'"] + formTargets.filter(isSource)
    return "default-src 'none'; style-src 'self'; img-src 'self'; form-action \(targets.joined(separator: " ")); "
      + "frame-ancestors 'none'; base-uri 'none'"
  }

  /// Whether a text is one source by scheme or host: no keyword, no wildcard, nothing that ends the directive.
  private static func isSource(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.contains(UInt8(ascii: ":"))
      && text.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
          || ":/.-+[]_%".utf8.contains(byte)
      }
  }
}
