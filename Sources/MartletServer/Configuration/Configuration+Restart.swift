import StrictCoding

/// What a running process takes in at its next start only.
extension Configuration {
  /// The same for a process that goes on as it was started. What depends on where and how it listens must not run ahead of
  /// the listener: whether plain HTTP counts is decided for the one that is there.
  func keepingStart(of running: Configuration) -> Configuration {
    var kept = self
    kept.listen = running.listen
    kept.tls = running.tls
    if publicURLFollowsListener, let origin = running.listen.origin(isSecure: running.tls != nil) {
      kept.publicURL = origin
    }
    kept.dataDirectory = running.dataDirectory
    (kept.logFormat, kept.logLevel) = (running.logFormat, running.logLevel)
    kept.httpCodec = running.httpCodec
    kept.egress = running.egress
    return kept
  }

  /// The keys that say something else than a process was started with.
  func keysOfNextStart(after running: Configuration) -> [String] {
    let changes = [
      ("listen", listen != running.listen), ("tls", tls != running.tls),
      ("data_dir", !dataDirectory.equalsBytewise(running.dataDirectory)),
      ("log", logFormat != running.logFormat || logLevel != running.logLevel),
      ("http_codec", httpCodec != running.httpCodec), ("egress", egress != running.egress),
    ]
    return changes.filter(\.1).map(\.0)
  }
}
