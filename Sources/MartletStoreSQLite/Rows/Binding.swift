import Foundation
import GRDB
import MartletDomain
import OAuthProtocol
import StrictCoding

/// How the domain's values are bound.
extension DatabaseValue {
  /// Text. What SQLite's text can't carry (a NUL ends it) is bound as bytes, so that two texts never become one.
  static func text(_ text: String) -> DatabaseValue {
    text.utf8.contains(0) ? .bytes(Array(text.utf8)) : text.databaseValue
  }

  /// Text or nothing.
  static func text(_ text: String?) -> DatabaseValue { text.map { .text($0) } ?? .null }

  /// Bytes that usually are text.
  static func text(_ value: ByteString) -> DatabaseValue {
    value.validatedString.map { .text($0) } ?? .bytes(value.bytes)
  }

  /// An identifier.
  static func id<Kind>(_ id: Identifier<Kind>) -> DatabaseValue { .text(id.value) }

  /// An identifier or nothing.
  static func id<Kind>(_ id: Identifier<Kind>?) -> DatabaseValue { id.map { .text($0.value) } ?? .null }

  /// Bytes.
  static func bytes(_ bytes: [UInt8]) -> DatabaseValue { Data(bytes).databaseValue }

  /// Bytes or nothing.
  static func bytes(_ bytes: [UInt8]?) -> DatabaseValue { bytes.map { .bytes($0) } ?? .null }

  /// A digest.
  static func digest(_ digest: ArtefactDigest) -> DatabaseValue { .bytes(digest.bytes) }

  /// A time.
  static func time(_ time: Timestamp) -> DatabaseValue { time.milliseconds.databaseValue }

  /// A time or nothing.
  static func time(_ time: Timestamp?) -> DatabaseValue { time.map { .time($0) } ?? .null }

  /// A whole number or nothing.
  static func number(_ number: Int?) -> DatabaseValue { number.map { $0.databaseValue } ?? .null }

  /// True or false.
  static func flag(_ flag: Bool) -> DatabaseValue { flag.databaseValue }

  /// A value of an enumeration.
  static func value(_ value: some RawRepresentable<String>) -> DatabaseValue { .text(value.rawValue) }

  /// A scope.
  static func scope(_ scope: ScopeSet) -> DatabaseValue { .text(scope.string) }

  /// A route or nothing.
  static func route(_ route: RouteID?) -> DatabaseValue { .text(route?.path) }

  /// A list of texts, as a JSON array.
  static func texts(_ texts: [String]) -> DatabaseValue {
    let document = JSONWriter.write(.array(texts.map { .string($0) }))
    return String(decoding: document, as: UTF8.self).databaseValue
  }
}
