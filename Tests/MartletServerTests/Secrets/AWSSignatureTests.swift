import MartletDomain
import Testing

@testable import MartletServer

/// The cases of AWS's published test suite for Signature Version 4 that a request without a query can meet.
@Suite struct AWSSignatureTests {
  private static let signature = AWSSignature(
    accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    region: "us-east-1", service: "service")

  @Test(arguments: [
    ("GET", nil, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("POST", nil, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ("POST", "VALUE1", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
  ])
  func theSuitesSignatures(_ method: String, _ further: String?, _ expected: String) {
    // In an order that has to be mended.
    var headers = [(name: "x-amz-date", value: "20150830T123600Z"), (name: "host", value: "example.amazonaws.com")]
    if let further { headers.append((name: "my-header1", value: further)) }
    let names = further == nil ? "host;x-amz-date" : "host;my-header1;x-amz-date"
    let made = Self.signature.authorization(method, path: "/", headers: headers, body: [], date: "20150830T123600Z")
    #expect(
      made == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        + "SignedHeaders=\(names), Signature=\(expected)")
  }
}
