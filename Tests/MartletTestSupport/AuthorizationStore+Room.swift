import MartletDomain

extension AuthorizationStore {
  /// Begins an authorization where there is room for any number.
  public func beginAuthorization(_ pending: PendingAuthorization) async throws(StoreError) -> PendingAuthorization {
    try await beginAuthorization(pending, capacity: .max)
  }
}
