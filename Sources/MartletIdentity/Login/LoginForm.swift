import MartletDomain
import StrictCoding

/// The fields of a login form; whatever isn't one is refused as a whole.
struct LoginForm: Sendable {
  let username: String
  let password: Secret
  let transaction: String?
  let csrf: String

  /// - Returns: Nil unless the body is a form in which no field repeats.
  init?(_ request: EndpointRequest) {
    guard request.method == "POST", MediaType.isForm(request.header("content-type")) else { return nil }
    guard let fields = try? FormParameters(parsing: request.body) else { return nil }
    do {
      username = try fields.single("username") ?? ""
      password = Secret(try fields.single("password") ?? "")
      let named = try fields.single("transaction") ?? ""
      transaction = named.isEmpty ? nil : named
      csrf = try fields.single("csrf") ?? ""
    } catch {
      return nil
    }
  }
}
