import Logging

/// Sets up the log of the process: standard error, one event one line.
public enum MartletLogging {
  /// Installs the log; call once, before the first logger is made.
  ///
  /// - Parameters:
  ///   - format: JSON lines, or text for people.
  ///   - level: What is left out below.
  public static func bootstrap(format: Configuration.LogFormat, level: Configuration.LogLevel) {
    let level = Logger.Level(level)
    LoggingSystem.bootstrap { label in
      LineLogHandler(label: label, format: format, logLevel: level, write: StandardError.write)
    }
  }
}

extension Logger.Level {
  init(_ level: Configuration.LogLevel) {
    switch level {
    case .debug: self = .debug
    case .info: self = .info
    case .warning: self = .warning
    case .error: self = .error
    }
  }
}
