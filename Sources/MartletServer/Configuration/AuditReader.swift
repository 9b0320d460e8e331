import HTTPWire
import MartletAudit
import MartletDomain
import MartletIntegrations
import OAuthProtocol
import StrictCoding

/// Reads `audit:`.
struct AuditReader {
  let section: ConfigurationSection

  private static let kinds = ["file", "syslog", "webhook", "otlp"]

  func read() -> AuditSettings {
    section.allow(only: ConfigurationKeys.audit)
    var settings = AuditSettings()
    let day = Duration.seconds(86_400)
    settings.retention = section.duration("retention", default: settings.retention, in: day...day * 3650)
    let tenants = section.section("tenants")
    for name in tenants.names {
      if !TenantName.isValid(name) { tenants.problem(name, "is no tenant name", TenantName.rule) }
      let one = tenants.section(name)
      one.allow(only: ConfigurationKeys.auditTenant)
      settings.tenantRetention[TenantID(name)] = one.duration(
        "retention", default: settings.retention, in: day...day * 3650)
    }
    var names: [String] = []
    for element in section.sections("sinks", shorthand: "file") ?? [] {
      guard let sink = sink(element) else { continue }
      // What each was told is kept by its name.
      if names.contains(where: { $0.equalsBytewise(sink.name) }) {
        element.problem(Self.kinds.first { element.has($0) } ?? "file", "two sinks are the same place")
      }
      names.append(sink.name)
      settings.sinks.append(AuditSettings.Destination(sink: sink, tenants: element.tenants()))
    }
    return settings
  }

  private func sink(_ element: ConfigurationSection) -> AuditSettings.Sink? {
    element.allow(names: Self.kinds + ["tenants"])
    let named = Self.kinds.filter { element.has($0) }
    guard let kind = named.first, named.count == 1 else {
      element.problem(named.last ?? "file", "one sink names one place", "write - file: PATH, or syslog, webhook, otlp")
      return nil
    }
    switch kind {
    case "file": return file(element)
    case "syslog": return syslog(element)
    case "webhook": return webhook(element)
    default: return otlp(element)
    }
  }

  private func file(_ element: ConfigurationSection) -> AuditSettings.Sink? {
    if element.node("file")?.scalar != nil {
      return element.path("file").map { .file(path: $0, syncing: .batch) }
    }
    let file = element.section("file")
    file.allow(only: ConfigurationKeys.sinkFile)
    guard let path = required("path", file, { file.path($0) }) else { return nil }
    return .file(path: path, syncing: file.choice("sync", default: .batch))
  }

  private func syslog(_ element: ConfigurationSection) -> AuditSettings.Sink? {
    if element.node("syslog")?.scalar != nil { return address(element, "syslog").map { .syslog($0, facility: 13) } }
    let syslog = element.section("syslog")
    syslog.allow(only: ConfigurationKeys.sinkSyslog)
    guard let address = required("address", syslog, { self.address(syslog, $0) }) else { return nil }
    guard let text = syslog.string("facility") else { return .syslog(address, facility: 13) }
    guard let facility = DecimalText.parse(text), (0...23).contains(facility) else {
      syslog.problem("facility", "must be a number from 0 to 23")
      return nil
    }
    return .syslog(address, facility: facility)
  }

  private func address(_ section: ConfigurationSection, _ key: String) -> SyslogAddress? {
    guard let text = section.string(key) else { return nil }
    guard let address = SyslogAddress(text) else {
      section.problem(key, "is no address of syslog", "udp://host:514, tcp://host:601 or unix:///dev/log")
      return nil
    }
    return address
  }

  private func webhook(_ element: ConfigurationSection) -> AuditSettings.Sink? {
    let webhook = element.section("webhook")
    webhook.allow(only: ConfigurationKeys.sinkWebhook)
    let place = required("url", webhook) { url(webhook, $0) }
    if !webhook.has("secret") { webhook.problem("secret", "is missing", "write {env: NAME} or {file: PATH}") }
    // Commands that need no secrets read none.
    let secret = webhook.secret("secret") ?? Secret([])
    if WebhookSink.key(of: secret) == nil {
      webhook.problem("secret", "isn't base64 behind whsec_", "write whsec_ and padded base64, or any other secret")
    }
    return place.map { .webhook($0, secret: secret) }
  }

  private func otlp(_ element: ConfigurationSection) -> AuditSettings.Sink? {
    if element.node("otlp")?.scalar != nil { return url(element, "otlp").map { .otlp($0, headers: []) } }
    let otlp = element.section("otlp")
    otlp.allow(only: ConfigurationKeys.sinkOTLP)
    let place = required("url", otlp) { url(otlp, $0) }
    let headers = otlp.section("headers")
    let fields = headers.names.compactMap { name -> (name: String, value: Secret)? in
      guard HeaderName.isFreeForCredential(name) else {
        headers.problem(name, "can't be set", "choose what the collector asks for, such as Authorization")
        return nil
      }
      return headers.secret(name).map { (HeaderName.lowered(name), $0) }
    }
    return place.map { .otlp($0, headers: fields) }
  }

  private func url(_ section: ConfigurationSection, _ key: String) -> AbsoluteURL? {
    guard let text = section.string(key) else { return nil }
    guard let url = try? AbsoluteURL(parsing: text), url.fragment == nil else {
      section.problem(key, "must be an absolute URL", "for example https://collector.example.com/v1/logs")
      return nil
    }
    guard url.scheme == .https || url.host.isLoopback else {
      section.problem(key, "must be https off loopback", "the trail says who did what")
      return nil
    }
    return url
  }

  private func required<Value>(_ key: String, _ section: ConfigurationSection, _ read: (String) -> Value?) -> Value? {
    if !section.has(key) { section.problem(key, "is missing") }
    return read(key)
  }
}
