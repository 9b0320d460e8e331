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
    guard utf8.count == other.utf8.count else { return false }
    var (left, right) = (self, other)
    return left.withUTF8 { left in right.withUTF8 { right in left.elementsEqual(right) } }
  }
}
