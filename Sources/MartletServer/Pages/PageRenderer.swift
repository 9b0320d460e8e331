import MartletDomain
import Mustache

/// Renders pages from the templates in `Resources/`, which are compiled into the program.
///
/// Nothing on a page is a script or an inline style, and the content security policy says so (V-021, V-062).
struct PageRenderer: Sendable {
  /// The one style sheet, served at `/assets/martlet.css`.
  let stylesheet: [UInt8] = PackageResources.martlet_css
  private let templates: [PageTemplate: MustacheTemplate]
  private let layout: MustacheTemplate
  private let origin: String

  /// Reads the templates.
  ///
  /// - Parameter origin: The origin in the footer, so that users can tell whose page this is.
  /// - Throws: Mustache's parser error, where a template was broken.
  init(origin: String) throws {
    MustacheContentTypes.register(HTMLText(), named: HTMLText.name)
    self.origin = origin
    layout = try Self.template(PackageResources.layout_mustache)
    templates = [
      .login: try Self.template(PackageResources.login_mustache),
      .consent: try Self.template(PackageResources.consent_mustache),
      .account: try Self.template(PackageResources.account_mustache),
      .connect: try Self.template(PackageResources.connect_mustache),
      .device: try Self.template(PackageResources.device_mustache),
      .deviceConsent: try Self.template(PackageResources.device_consent_mustache),
      .approval: try Self.template(PackageResources.approval_mustache),
      .approvals: try Self.template(PackageResources.approvals_mustache),
      .message: try Self.template(PackageResources.message_mustache),
    ]
  }

  /// Renders a page.
  ///
  /// - Returns: The document, and the policy to send with it.
  func render(_ page: Page) -> (html: [UInt8], contentSecurityPolicy: String) {
    let values = PageValues(page.content)
    let content = templates[values.template]?.render(values.members) ?? ""
    let members: [String: Any] = ["title": values.title, "content": content, "origin": origin]
    return (Array(layout.render(members).utf8), ContentSecurityPolicy.text(formTargets: page.formTargets))
  }

  /// Every template escapes by `HTMLText`; none can forget to ask for it.
  private static func template(_ bytes: [UInt8]) throws -> MustacheTemplate {
    try MustacheTemplate(string: "{{% CONTENT_TYPE:\(HTMLText.name)}}" + String(decoding: bytes, as: UTF8.self))
  }
}

/// The templates that fill the layout.
enum PageTemplate: Hashable, Sendable {
  case login, consent, account, connect, device, deviceConsent, approval, approvals, message
}
