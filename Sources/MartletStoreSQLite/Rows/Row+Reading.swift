import Foundation
import GRDB
import MartletDomain
import OAuthProtocol
import StrictCoding

/// How the domain's values are read back. A value that can't be is `StoreError.corrupt`, naming the column.
extension Row {
  /// Bytes, or nothing.
  func optionalBytes(_ column: String) throws(StoreError) -> [UInt8]? {
    let value: DatabaseValue = self[column]
    switch value.storage {
    case .null: return nil
    case .blob(let data): return Array(data)
    case .string(let text): return Array(text.utf8)
    default: throw .corrupt("column \(column): neither bytes nor text")
    }
  }

  /// Bytes.
  func bytes(_ column: String) throws(StoreError) -> [UInt8] {
    guard let bytes = try optionalBytes(column) else { throw .corrupt("column \(column): missing") }
    return bytes
  }

  /// Text, or nothing.
  func optionalText(_ column: String) throws(StoreError) -> String? {
    guard let bytes = try optionalBytes(column) else { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .corrupt("column \(column): not text") }
    return text
  }

  /// Text.
  func text(_ column: String) throws(StoreError) -> String {
    guard let text = try optionalText(column) else { throw .corrupt("column \(column): missing") }
    return text
  }

  /// An identifier, or nothing.
  func optionalID<Kind>(_ column: String) throws(StoreError) -> Identifier<Kind>? {
    try optionalBytes(column).map { Identifier(ByteString($0)) }
  }

  /// An identifier.
  func id<Kind>(_ column: String) throws(StoreError) -> Identifier<Kind> { Identifier(ByteString(try bytes(column))) }

  /// A digest.
  func digest(_ column: String) throws(StoreError) -> ArtefactDigest {
    let bytes = try bytes(column)
    guard bytes.count == 32 else { throw .corrupt("column \(column): not a digest") }
    return ArtefactDigest(bytes: bytes)
  }

  /// A whole number, or nothing.
  func optionalNumber(_ column: String) throws(StoreError) -> Int64? {
    let value: DatabaseValue = self[column]
    switch value.storage {
    case .null: return nil
    case .int64(let number): return number
    default: throw .corrupt("column \(column): not a number")
    }
  }

  /// A whole number.
  func number(_ column: String) throws(StoreError) -> Int64 {
    guard let number = try optionalNumber(column) else { throw .corrupt("column \(column): missing") }
    return number
  }

  /// True or false.
  func flag(_ column: String) throws(StoreError) -> Bool { try number(column) != 0 }

  /// A time, or nothing.
  func optionalTime(_ column: String) throws(StoreError) -> Timestamp? {
    try optionalNumber(column).map { Timestamp(milliseconds: $0) }
  }

  /// A time.
  func time(_ column: String) throws(StoreError) -> Timestamp { Timestamp(milliseconds: try number(column)) }

  /// A value of an enumeration.
  func value<Value: RawRepresentable<String>>(_ column: String) throws(StoreError) -> Value {
    guard let value = Value(rawValue: try text(column)) else { throw .corrupt("column \(column): unknown value") }
    return value
  }

  /// A scope.
  func scope(_ column: String) throws(StoreError) -> ScopeSet { ScopeSet(tolerant: try text(column)) }

  /// A route, or nothing.
  func optionalRoute(_ column: String) throws(StoreError) -> RouteID? {
    guard let path = try optionalText(column) else { return nil }
    guard let route = RouteID(resourcePath: path) else { throw .corrupt("column \(column): not a route") }
    return route
  }

  /// A route.
  func route(_ column: String) throws(StoreError) -> RouteID {
    guard let route = try optionalRoute(column) else { throw .corrupt("column \(column): missing") }
    return route
  }

  /// A list of texts, or nothing.
  func optionalTexts(_ column: String) throws(StoreError) -> [String]? {
    guard let bytes = try optionalBytes(column) else { return nil }
    guard let list = (try? JSONReader.parse(bytes))?.arrayValue else { throw .corrupt("column \(column): not a list") }
    let texts = list.compactMap(\.stringValue)
    guard texts.count == list.count else { throw .corrupt("column \(column): not a list of texts") }
    return texts
  }

  /// A list of texts.
  func texts(_ column: String) throws(StoreError) -> [String] {
    guard let texts = try optionalTexts(column) else { throw .corrupt("column \(column): missing") }
    return texts
  }

  /// A place in a trail.
  func head(_ sequence: String, _ digest: String) throws(StoreError) -> AuditHead {
    AuditHead(sequence: try number(sequence), digest: try bytes(digest))
  }
}
