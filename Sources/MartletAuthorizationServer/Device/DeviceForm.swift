import MartletDomain
import StrictCoding

/// A form that was posted to `/device`, decoded; whether it is ours is the endpoint's to check.
struct DeviceForm: Sendable {
  /// The purpose of the form for a code.
  static let purpose = "device"
  /// The purpose of the form for a decision.
  static let decisionPurpose = "device decision"

  /// The code; `nil` where what was typed can't be one.
  let userCode: UserCode?
  /// The anti-forgery value.
  let csrf: String
  /// The decision; `nil` where only a code was typed.
  let decision: ConsentForm.Decision?
  /// The chosen resource.
  let resource: String?

  init(reading request: EndpointRequest) throws(PageRefusal) {
    guard MediaType.isForm(request.header("content-type")), let form = try? FormParameters(parsing: request.body),
      let csrf = try? form.single("csrf"), let typed = try? form.single("user_code")
    else { throw .malformed("The form can’t be read.", reason: "form") }
    let decision = form.values("decision")
    self.csrf = csrf
    userCode = UserCode(typed: typed)
    self.decision = decision.count == 1 ? ConsentForm.Decision(rawValue: decision[0]) : nil
    guard decision.isEmpty || self.decision != nil else {
      throw .malformed("The form says neither yes nor no.", reason: "decision")
    }
    let resources = form.values("resource").filter { !$0.isEmpty }
    guard resources.count <= 1 else { throw .malformed("More than one server was chosen.", reason: "resource") }
    resource = resources.first
  }
}
