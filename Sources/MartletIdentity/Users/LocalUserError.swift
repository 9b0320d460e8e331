import MartletDomain

/// Why a change to a local user wasn't made.
public enum LocalUserError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The login name has characters or a length that names can't have.
  case invalidLoginName
  /// The password is too short or too long.
  case invalidPassword
  /// The login name is taken in this installation.
  case nameTaken
  /// There is no such local user.
  case unknownUser
  /// Too many passwords are being hashed at present.
  case busy
  /// The store could not do it.
  case store(StoreError)

  /// What happened and what to do next.
  public var description: String {
    switch self {
    case .invalidLoginName: "a login name has 1 to 64 of the characters A-Z a-z 0-9 . _ @ -, for example ada.lovelace"
    case .invalidPassword: "a password has 8 to 1024 bytes; choose another one"
    case .nameTaken: "this login name is taken in this installation; choose another, or set its password instead"
    case .unknownUser: "there is no local user of this name; `martlet user list` shows all"
    case .busy: "too many passwords are being hashed at present; try again in a few seconds"
    case .store(.unavailable(let reason)): "the store is not available (\(reason)); try again"
    case .store(.corrupt(let reason)): "the store can't be read (\(reason)); restore it from a backup"
    }
  }
}
