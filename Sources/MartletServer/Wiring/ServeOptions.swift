import MartletDomain

/// What `martlet serve` was told.
public struct ServeOptions: Sendable {
  /// The configuration file; `nil` to do without.
  public var configurationFile: String?
  /// The one server, without a file.
  public var upstream: String?
  /// Its name.
  public var name: String
  /// Where to listen, without a file.
  public var listen: String?
  /// The data folder, without a file or instead of the file's.
  public var dataDirectory: String?

  /// The secrets that managers keep, as far as they were fetched.
  let remote = RemoteSecrets(clock: SystemClock())

  /// Collects options.
  public init(
    configurationFile: String? = nil, upstream: String? = nil, name: String = "upstream", listen: String? = nil,
    dataDirectory: String? = nil
  ) {
    self.configurationFile = configurationFile
    self.upstream = upstream
    self.name = name
    self.listen = listen
    self.dataDirectory = dataDirectory
  }

  /// Reads the configuration anew.
  ///
  /// - Throws: Every problem at once.
  public func load() async throws(ConfigurationProblems) -> Configuration {
    var configuration =
      if let configurationFile { try await ConfigurationFile.load(configurationFile, fetching: remote) } else {
        try Configuration.withoutFile(upstream: upstream, name: name, listen: listen, dataDirectory: dataDirectory)
      }
    if let dataDirectory { configuration.dataDirectory = dataDirectory }
    guard !configuration.servers.isEmpty else {
      throw ConfigurationProblems([
        ConfigurationProblem(
          path: "servers", line: nil, message: "there is no MCP server to stand in front of",
          hint: "add one, for example servers: {time: {url: http://127.0.0.1:9001/mcp}}")
      ])
    }
    return configuration
  }
}
