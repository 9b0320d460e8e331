/// Header fields as the request path sees them, whatever codec read them: names in ASCII lower case, order kept.
public struct HeaderFields: Sendable {
  /// The fields.
  public private(set) var fields: [(name: String, value: String)]

  /// No fields.
  public init() { fields = [] }

  /// Takes fields whose names are already lower case.
  public init(lowercased fields: [(name: String, value: String)]) { self.fields = fields }

  /// Adds a field.
  ///
  /// - Parameters:
  ///   - name: Lower case.
  ///   - value: Without line breaks.
  public mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

  /// Every value of a field, in order.
  public func values(_ name: String) -> [String] {
    fields.compactMap { $0.name == name ? $0.value : nil }
  }

  /// How often a field came.
  public func count(_ name: String) -> Int { fields.reduce(0) { $0 + ($1.name == name ? 1 : 0) } }

  /// The first value of a field.
  public func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
