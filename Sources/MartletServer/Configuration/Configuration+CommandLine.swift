extension Configuration {
  /// What `martlet serve --upstream URL` means: one server, everything else by default.
  ///
  /// - Parameters:
  ///   - upstream: The URL of the server; `nil` for none.
  ///   - name: Its name.
  ///   - listen: Where to listen.
  ///   - dataDirectory: The data folder.
  /// - Throws: Every problem, all at once, each under the option that it is about.
  public static func withoutFile(
    upstream: String?, name: String = "upstream", listen: String? = nil, dataDirectory: String? = nil
  ) throws(ConfigurationProblems) -> Configuration {
    func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
    var lines: [String] = []
    if let listen { lines.append("listen: \(quoted(listen))") }
    if let dataDirectory { lines.append("data_dir: \(quoted(dataDirectory))") }
    if let upstream { lines.append("servers: {\(quoted(name)): {url: \(quoted(upstream))}}") }
    do {
      return try ConfigurationFile.parse(lines.joined(separator: "\n"), environment: ConfigurationEnvironment())
    } catch {
      throw ConfigurationProblems(
        error.problems.map { problem in
          ConfigurationProblem(
            path: option(problem.path), line: nil, message: problem.message, hint: problem.hint)
        })
    }
  }

  private static func option(_ path: String) -> String {
    switch path {
    case "listen": "--listen"
    case "data_dir": "--data-dir"
    case _ where path.hasPrefix("servers.") && path.hasSuffix(".url"): "--upstream"
    case _ where path.hasPrefix("servers"): "--name"
    default: path
    }
  }
}
