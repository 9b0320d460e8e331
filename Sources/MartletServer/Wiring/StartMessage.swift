import MartletDomain

/// What a person who starts Martlet is told.
struct StartMessage {
  let snapshot: Snapshot
  let firstPassword: String?

  var text: String {
    var lines = ["Martlet is ready at \(snapshot.gateway.origin.string)"]
    for server in snapshot.configuration.servers {
      lines.append(
        "  \(server.name)  \(snapshot.authorizationServer.routes.resource(of: RouteID(server: server.name)))")
    }
    if let firstPassword {
      lines.append("No user existed, so one was made; the password is shown this once:")
      lines.append("  user      admin")
      lines.append("  password  \(firstPassword)")
    }
    return lines.joined(separator: "\n")
  }
}
