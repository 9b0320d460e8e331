import MartletDomain
import Testing

@testable import MartletServer

@Suite struct ContentSecurityPolicyTests {
  @Test func V_021_theStrictPolicy() {
    #expect(
      ContentSecurityPolicy.text(formTargets: ["https://a.example", "cursor:", "http://[::1]:33418"])
        == "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' https://a.example cursor: "
        + "http://[::1]:33418; frame-ancestors 'none'; base-uri 'none'")
  }

  @Test(arguments: [
    "", "*", "'unsafe-inline'", "https://a; script-src *", "https://a,b:", "https://a b:", "https://a\r\nX: y",
    "https://ä.example",
    "data:text/html,<b>", "https://*.example",
  ])
  func V_021_aTargetCanNotChangeThePolicy(target: String) {
    #expect(ContentSecurityPolicy.text(formTargets: [target]) == ContentSecurityPolicy.text(formTargets: []))
  }

  @Test func colorsAreReadable() throws {
    let css = String(decoding: try PageRenderer(origin: "http://a").stylesheet, as: UTF8.self)
    let pairs = [
      ("ink", "paper"), ("soft", "paper"), ("ink", "field"), ("soft", "field"), ("on-accent", "accent"),
      ("accent", "paper"),
      ("alarm", "alarm-paper"), ("care", "care-paper"),
    ]
    let schemes = css.split(separator: ":root {", omittingEmptySubsequences: false).dropFirst().map {
      Self.colors(String($0.prefix { $0 != "}" }))
    }
    #expect(schemes.count == 2)
    for colors in schemes {
      for (front, back) in pairs {
        let ratio = Self.contrast(try #require(colors[front]), try #require(colors[back]))
        #expect(ratio >= 4.5, "\(front) on \(back): \(ratio)")
      }
    }
    #expect(!css.contains("@import") && !css.contains("url("))
  }

  private static func colors(_ block: String) -> [String: [Double]] {
    var colors: [String: [Double]] = [:]
    for declaration in block.split(separator: ";") {
      let parts = declaration.split(separator: ":").map { $0.filter { $0 != " " } }
      guard parts.count == 2, let value = UInt32(parts[1].dropFirst(), radix: 16) else { continue }
      colors[String(parts[0].dropFirst(2))] = [16, 8, 0].map { Double(value >> $0 & 0xFF) / 255 }
    }
    return colors
  }

  /// WCAG 2.2, contrast ratio.
  private static func contrast(_ left: [Double], _ right: [Double]) -> Double {
    func luminance(_ color: [Double]) -> Double {
      zip(color, [0.2126, 0.7152, 0.0722]).map { channel, weight in weight * linear(channel) }.reduce(0, +)
    }
    let (a, b) = (luminance(left), luminance(right))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  private static func linear(_ channel: Double) -> Double {
    channel <= 0.04045 ? channel / 12.92 : power((channel + 0.055) / 1.055)
  }

  /// x^2.4 as x² · x^0.4, the last by Newton's iteration for the fifth root of x².
  private static func power(_ x: Double) -> Double {
    var root = 1.0
    for _ in 0..<60 { root -= (root * root * root * root * root - x * x) / (5 * root * root * root * root) }
    return x * x * root
  }
}
