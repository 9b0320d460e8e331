/// Why there is no document for a client identifier; the texts are for audit, clients see one uniform sentence for
/// each case.
public enum ClientMetadataError: Error, Hashable, Sendable {
  /// The client has no usable document: `invalid_client`.
  case invalid(String)
  /// The document can't be had at present: 503 `temporarily_unavailable`.
  case unavailable(String)
}
