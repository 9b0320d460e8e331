/// Why a metadata document of another server cannot be used.
public enum MetadataError: Error, Sendable, Equatable {
  /// The document is not a JSON object.
  case notAnObject
  /// The named member is missing.
  case missing(String)
  /// The named member has the wrong type or value.
  case malformed(String)
}
