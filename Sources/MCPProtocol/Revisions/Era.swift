/// The two ways in which MCP is spoken (MCP 2026-07-28, Versioning, Terminology).
public enum Era: String, Sendable, Hashable, CaseIterable {
  /// Revisions up to 2025-11-25: an `initialize` handshake, sessions, server-to-client requests.
  case legacy
  /// Revisions from 2026-07-28 on: stateless, each request carries its metadata.
  case modern
}
