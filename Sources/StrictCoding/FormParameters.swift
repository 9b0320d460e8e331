/// A decoded `application/x-www-form-urlencoded` body or query string.
///
/// Order is kept and repeated names can be told: ``single(_:)`` refuses them. Names are compared bytewise.
public struct FormParameters: Sendable, Equatable {
  /// One decoded pair.
  public struct Parameter: Sendable, Equatable {
    /// The decoded name.
    public let name: String
    /// The decoded value, empty where none came.
    public let value: String

    /// Compares bytewise.
    public static func == (lhs: Parameter, rhs: Parameter) -> Bool {
      lhs.name.equalsBytewise(rhs.name) && lhs.value.equalsBytewise(rhs.value)
    }
  }

  /// Every pair, in the order of the input.
  public let parameters: [Parameter]

  /// An empty form.
  public init() {
    parameters = []
  }

  /// Decodes a form; `+` is a space, empty pairs between `&`s are skipped.
  ///
  /// - Parameters:
  ///   - bytes: The encoded form, without a leading `?`.
  ///   - limits: Bounds that are checked before memory is spent.
  /// - Throws: `FormError` for a broken escape, bytes that are not UTF-8, NUL, or a limit.
  public init(parsing bytes: some Sequence<UInt8>, limits: FormLimits = .default) throws(FormError) {
    var parameters: [Parameter] = []
    var current: [UInt8] = []
    var total = 0
    for byte in bytes {
      total += 1
      if total > limits.totalBytes { throw .tooLong }
      if byte == UInt8(ascii: "&") {
        try Self.append(current, to: &parameters, limits: limits)
        current.removeAll(keepingCapacity: true)
      } else {
        current.append(byte)
      }
    }
    try Self.append(current, to: &parameters, limits: limits)
    self.parameters = parameters
  }

  /// Decodes a form from text.
  ///
  /// - Throws: As ``init(parsing:limits:)-(Sequence<UInt8>,_)``.
  public init(parsing text: some StringProtocol, limits: FormLimits = .default) throws(FormError) {
    try self.init(parsing: text.utf8, limits: limits)
  }

  /// Every name, in order, each once.
  public var names: [String] {
    var seen: Set<ByteString> = []
    return parameters.compactMap { seen.insert(ByteString($0.name)).inserted ? $0.name : nil }
  }

  /// All values of a name, in order.
  public func values(_ name: String) -> [String] {
    parameters.compactMap { $0.name.equalsBytewise(name) ? $0.value : nil }
  }

  /// The value of a name that may stand at most once.
  ///
  /// - Returns: The value, or nil where the name doesn't occur.
  /// - Throws: `FormError.repeated` where it occurs more than once.
  public func single(_ name: String) throws(FormError) -> String? {
    let found = values(name)
    if found.count > 1 { throw .repeated(name) }
    return found.first
  }

  /// Encodes pairs in their order; a space becomes `+`.
  public static func encode(_ pairs: [(String, String)]) -> String {
    var output: [UInt8] = []
    for (index, pair) in pairs.enumerated() {
      if index > 0 { output.append(UInt8(ascii: "&")) }
      appendEncoded(pair.0, to: &output)
      output.append(UInt8(ascii: "="))
      appendEncoded(pair.1, to: &output)
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func appendEncoded(_ text: String, to output: inout [UInt8]) {
    for byte in text.utf8 {
      if byte == UInt8(ascii: " ") {
        output.append(UInt8(ascii: "+"))
      } else if byte != UInt8(ascii: "~"), byte == UInt8(ascii: "*") || PercentCoding.isUnreserved(byte) {
        output.append(byte)
      } else {
        PercentCoding.appendEscape(of: byte, to: &output)
      }
    }
  }

  private static func append(_ pair: [UInt8], to parameters: inout [Parameter], limits: FormLimits) throws(FormError) {
    if pair.isEmpty { return }
    if parameters.count >= limits.parameters { throw .tooManyParameters }
    let separator = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
    let name = try text(pair[..<separator])
    if name.utf8.count > limits.nameBytes { throw .nameTooLong }
    let value = try text(pair[separator...].dropFirst())
    if value.utf8.count > limits.valueBytes { throw .valueTooLong }
    parameters.append(Parameter(name: name, value: value))
  }

  private static func text(_ encoded: ArraySlice<UInt8>) throws(FormError) -> String {
    guard let bytes = PercentCoding.decode(encoded, plusIsSpace: true) else { throw .invalidEscape }
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else { throw .invalidText }
    return text
  }
}
