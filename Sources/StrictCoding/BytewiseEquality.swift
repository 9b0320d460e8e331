extension StringProtocol {
  /// Whether both texts have the same UTF-8 bytes; never canonical equivalence.
  ///
  /// - Parameter other: The text to compare with.
  public func equalsBytewise(_ other: some StringProtocol) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}

extension String {
  /// Whether both texts have the same UTF-8 bytes; never canonical equivalence.
  ///
  /// - Parameter other: The text to compare with.
  public func equalsBytewise(_ other: String) -> Bool {
    let (left, right) = (utf8, other.utf8)
    guard left.count == right.count else { return false }
    // Looked at where they lie: `withUTF8` wants copies that may change, and holds both for as long.
    let isSame = left.withContiguousStorageIfAvailable { left in
      right.withContiguousStorageIfAvailable { right in left.holdsSame(as: right) }
    }
    return (isSame ?? nil) ?? left.elementsEqual(right)
  }

  /// Whether the text's UTF-8 bytes begin with those of another.
  ///
  /// - Parameter beginning: The text to begin with.
  public func startsBytewise(with beginning: String) -> Bool { withBytes { $0.starts(with: beginning) } }

  /// Shows the text's UTF-8 bytes where they lie: `withUTF8` wants a copy that may change, and a view of them is walked
  /// through many times slower.
  ///
  /// - Parameter body: Is given bytes that are good for the call only.
  @inlinable
  public func withBytes<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
    utf8.withContiguousStorageIfAvailable(body) ?? withCopiedBytes(body)
  }

  /// Of text that doesn't lie in one piece. Apart, since every text would be held for it.
  @usableFromInline
  @inline(never)
  func withCopiedBytes<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
    Array(utf8).withUnsafeBufferPointer(body)
  }
}

extension String? {
  /// Whether both texts have the same UTF-8 bytes, or both are absent.
  ///
  /// - Parameter other: The text to compare with.
  public func equalsBytewise(_ other: String?) -> Bool {
    guard let self, let other else { return self == nil && other == nil }
    return self.equalsBytewise(other)
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether both hold the same bytes.
  public func holdsSame(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    let (left, right) = (UnsafeRawBufferPointer(self), UnsafeRawBufferPointer(other))
    // Names and keys have some tens of bytes: eight at a step, the last eight once more where they don't come out even.
    if count >= 8 {
      var index = 0
      while index < count &- 8 {
        let word = left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if word != right.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
        index &+= 8
      }
      let last = left.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      return last == right.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    }
    for index in 0..<count where left[index] != right[index] { return false }
    return true
  }

  /// Whether they begin with the UTF-8 bytes of a text.
  public func starts(with beginning: String) -> Bool {
    beginning.withBytes { count >= $0.count && UnsafeBufferPointer(rebasing: self[..<$0.count]).holdsSame(as: $0) }
  }

  /// Whether they are the UTF-8 bytes of a text.
  public func holdsSame(as text: String) -> Bool { text.withBytes { holdsSame(as: $0) } }

  /// Whether both hold the same bytes but for the case of ASCII letters.
  func holdsSameLetters(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in indices where ASCIICase.lowercased(self[index]) != ASCIICase.lowercased(other[index]) { return false }
    return true
  }
}
