import MartletDomain
import StrictCoding
import Testing

@testable import MartletIntegrations

@Suite struct WebhookTests {
  /// As Standard Webhooks' libraries read a secret.
  @Test func aSecretIsBase64BehindItsPrefix() {
    let bytes = [UInt8](0..<32)
    #expect(WebhookSink.key(of: Secret("whsec_" + Base64.encode(bytes))) == bytes)
    #expect(WebhookSink.key(of: Secret("any other secret")) == Array("any other secret".utf8))
    for wrong in ["whsec_", "whsec_no base64", "whsec_AAA"] { #expect(WebhookSink.key(of: Secret(wrong)) == nil) }
  }
}
