import MartletDomain

extension ConfigurationSection {
  /// A secret by reference: `{env: NAME}`, `{file: PATH}`, `{vault: MOUNT/PATH#MEMBER}` or `{aws_secret: NAME#MEMBER}`.
  func secret(_ key: String, isAlwaysRead: Bool = false) -> Secret? {
    guard has(key) else { return nil }
    guard node(key)?.mapping != nil else {
      problem(key, "secrets don't stand in the file", "write {env: NAME} or {file: PATH}")
      return nil
    }
    let reference = section(key)
    reference.allow(names: ["env", "file", "vault", "aws_secret"])
    guard reference.names.count == 1 else {
      problem(key, "must name one source", "write {env: NAME}, {file: PATH}, {vault: …} or {aws_secret: …}")
      return nil
    }
    let isHere = reference.has("env") || reference.has("file")
    guard environment.requiresSecrets || (isAlwaysRead && isHere) else { return nil }
    if reference.has("env") { return variable(key, reference) }
    return reference.has("file") ? content(key, reference) : kept(key, reference)
  }

  private func kept(_ key: String, _ reference: ConfigurationSection) -> Secret? {
    let named =
      reference.has("vault")
      ? reference.string("vault").flatMap { SecretReference(vault: $0) }
      : reference.string("aws_secret").flatMap { SecretReference(aws: $0) }
    guard let named else {
      problem(key, "names no secret", "for example {vault: secret/martlet#token} or {aws_secret: martlet#token}")
      return nil
    }
    switch environment.remote?.find(named) {
    case .value(let secret)?: return secret
    case .failed(let reason)?:
      problem(key, "\(named.text): \(reason)", "see secrets in the configuration, and try again")
    case .unknown?, nil: problem(key, "\(named.text): was not fetched", "check egress.ca_file")
    }
    return nil
  }

  private func variable(_ key: String, _ reference: ConfigurationSection) -> Secret? {
    guard let name = reference.string("env") else { return nil }
    guard let value = environment.variables[name], !value.isEmpty else {
      problem(key, "the environment variable \(name) is not set", "set it before Martlet starts, or use {file: PATH}")
      return nil
    }
    return Secret(value)
  }

  private func content(_ key: String, _ reference: ConfigurationSection) -> Secret? {
    guard let bytes = reference.file("file") else { return nil }
    let ending = bytes.reversed().prefix { $0 == 0x0A || $0 == 0x0D }.count
    if bytes.count == ending { problem(key, "the file is empty") }
    return Secret(Array(bytes.dropLast(ending)))
  }
}
