/// Why a password could be neither hashed nor checked. Says nothing about the password.
public enum PasswordHashingError: Error, Hashable, Sendable {
  /// Too many passwords are being checked at present.
  case busy
  /// The derivation itself failed, for want of memory.
  case failed
}
