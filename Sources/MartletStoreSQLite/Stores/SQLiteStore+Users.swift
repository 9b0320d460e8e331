import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `UserStore`.
  public func user(_ id: UserID) async throws(StoreError) -> User? {
    try await read { database in
      try database.row("SELECT * FROM user_standing WHERE id = :id", ["id": .id(id)]).map { try User(row: $0) }
    }
  }

  /// See `UserStore`.
  public func localUser(loginName: String) async throws(StoreError) -> (user: User, passwordHash: String)? {
    try await read { database in
      try database.row("SELECT * FROM user_standing WHERE login_name = :name", ["name": .text(loginName)])
        .map { (try User(row: $0), try $0.text("password_hash")) }
    }
  }

  /// See `UserStore`.
  public func createLocalUser(_ user: User, passwordHash: String) async throws(StoreError) -> Bool {
    guard let loginName = user.loginName else { return false }
    return try await write { database in
      let isTaken = try database.isTaken(loginName, id: user.id)
      if !isTaken { try database.insert(user, passwordHash: passwordHash) }
      return !isTaken
    }
  }

  /// See `UserStore`.
  public func createServiceUser(_ user: User) async throws(StoreError) -> Bool {
    guard case .service(let name) = user.origin else { return false }
    return try await write { database in
      let isTaken = try database.isTaken(name, id: user.id)
      if !isTaken { try database.insert(user, passwordHash: nil) }
      return !isTaken
    }
  }

  /// See `UserStore`.
  public func account(named name: String) async throws(StoreError) -> User? {
    try await read { database in
      try database.row(
        "SELECT * FROM user_standing WHERE login_name = :name OR (issuer = :service AND subject = :name)",
        ["name": .text(name), "service": .text(User.serviceIssuer)]
      ).map { try User(row: $0) }
    }
  }

  /// See `UserStore`.
  public func removeUser(_ id: UserID) async throws(StoreError) -> Bool {
    try await write { database in
      try database.run("DELETE FROM login_session WHERE user_id = :id", ["id": .id(id)])
      try database.run("DELETE FROM consent WHERE user_id = :id", ["id": .id(id)])
      return try database.changes("DELETE FROM user_account WHERE id = :id", ["id": .id(id)])
    }
  }

  /// See `UserStore`.
  public func upsertFederatedUser(_ candidate: User) async throws(StoreError) -> User {
    guard case .federated(let issuer, let subject) = candidate.origin else { throw .corrupt("not a federated user") }
    return try await write { database in
      let known = try database.row(
        """
        UPDATE user_account SET tenant = :tenant, display_name = :display_name, groups = :groups
        WHERE issuer = :issuer AND subject = :subject RETURNING id
        """,
        [
          "issuer": .text(issuer), "subject": .text(subject), "tenant": .id(candidate.tenant),
          "display_name": .text(candidate.displayName), "groups": .texts(candidate.groups),
        ])
      if let known { return try database.standing(of: try known.id("id")) ?? candidate }
      // Nothing of anybody new is kept in a tenant that is closed.
      if try database.state(of: candidate.tenant) != .active {
        var refused = candidate
        refused.disabledAt = candidate.createdAt
        return refused
      }
      try database.insert(candidate, passwordHash: nil)
      return candidate
    }
  }

  /// See `UserStore`.
  public func setUserDisabled(_ id: UserID, at time: Timestamp?) async throws(StoreError) -> Bool {
    try await write { database in
      try database.changes(
        "UPDATE user_account SET disabled_at = :time WHERE id = :id", ["id": .id(id), "time": .time(time)])
    }
  }

  /// See `UserStore`.
  public func setPasswordHash(_ id: UserID, _ passwordHash: String) async throws(StoreError) -> Bool {
    try await write { database in
      try database.changes(
        "UPDATE user_account SET password_hash = :hash WHERE id = :id AND login_name IS NOT NULL",
        ["id": .id(id), "hash": .text(passwordHash)])
    }
  }

  /// See `UserStore`.
  public func users() async throws(StoreError) -> [User] {
    try await read { database in
      try database.rows("SELECT * FROM user_standing").map { try User(row: $0) }.sorted { $0.id < $1.id }
    }
  }
}

extension Database {
  /// A user, disabled where the tenant is closed.
  func standing(of user: UserID) throws -> User? {
    try row("SELECT * FROM user_standing WHERE id = :id", ["id": .id(user)]).map { try User(row: $0) }
  }

  fileprivate func isTaken(_ name: String, id: UserID) throws -> Bool {
    try row(
      """
      SELECT 1 FROM user_account
      WHERE login_name = :name OR id = :id OR (issuer = :service AND subject = :name)
      """, ["name": .text(name), "id": .id(id), "service": .text(User.serviceIssuer)]) != nil
  }

  fileprivate func insert(_ user: User, passwordHash: String?) throws {
    var values: [String: DatabaseValue] = [
      "id": .id(user.id), "tenant": .id(user.tenant), "login_name": .text(user.loginName),
      "password_hash": .text(passwordHash), "issuer": .null, "subject": .null, "display_name": .text(user.displayName),
      "groups": .texts(user.groups), "is_administrator": .flag(user.isAdministrator),
      "disabled_at": .time(user.disabledAt), "created_at": .time(user.createdAt),
    ]
    if case .federated(let issuer, let subject) = user.origin {
      values["issuer"] = .text(issuer)
      values["subject"] = .text(subject)
    }
    if case .service(let name) = user.origin {
      values["issuer"] = .text(User.serviceIssuer)
      values["subject"] = .text(name)
    }
    try run(
      """
      INSERT INTO user_account (id, tenant, login_name, password_hash, issuer, subject, display_name, groups,
        is_administrator, disabled_at, created_at)
      VALUES (:id, :tenant, :login_name, :password_hash, :issuer, :subject, :display_name, :groups,
        :is_administrator, :disabled_at, :created_at)
      """, values)
  }
}

extension User {
  /// Where a provider's issuer would stand, which is a URL.
  fileprivate static let serviceIssuer: ByteString = "urn:martlet:service"

  init(row: Row) throws(StoreError) {
    let origin: UserOrigin
    if let loginName = try row.optionalText("login_name") {
      origin = .local(loginName: loginName)
    } else if ByteString(try row.bytes("issuer")) == Self.serviceIssuer {
      origin = .service(name: try row.text("subject"))
    } else {
      origin = .federated(issuer: ByteString(try row.bytes("issuer")), subject: ByteString(try row.bytes("subject")))
    }
    self.init(
      id: try row.id("id"), tenant: try row.id("tenant"), origin: origin, displayName: try row.text("display_name"),
      groups: try row.texts("groups"), isAdministrator: try row.flag("is_administrator"),
      disabledAt: try row.optionalTime("disabled_at"), createdAt: try row.time("created_at"))
  }
}
