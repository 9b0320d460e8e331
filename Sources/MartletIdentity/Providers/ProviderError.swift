/// Why a provider gave no identity.
public enum ProviderError: Error, Hashable, Sendable {
  /// It can't be reached, or its keys can't be had, at present; nothing is concluded about the user.
  case unavailable(reason: String)
  /// The user, or the provider on their behalf, stopped the login.
  case cancelled
  /// The provider answered with another error, by its code.
  case refused(code: String)
  /// The answer can't be trusted or used; the reason is for the trail only.
  case untrusted(reason: String)
  /// The user has no tenant here.
  case noTenant(reason: String)
}
