/// What is wrong with a trail.
public enum TrailFinding: Hashable, Sendable {
  /// The stored digest isn't the one that this record has behind the one before it: it was altered, put here, or moved.
  case altered(sequence: Int64)
  /// There are no records with these numbers.
  case missing(from: Int64, through: Int64)
  /// A number stands twice, or behind a greater one.
  case repeated(sequence: Int64)
  /// The beginning is gone, and no record says that Martlet removed it.
  case beginningCut(through: Int64)
  /// The store remembers a later end, or another one, than the records have.
  case endCut(recorded: Int64, found: Int64)
  /// There are records behind the end that the store remembers.
  case addedBehind(sequence: Int64)
  /// An anchor remembers another record of that number.
  case anchorMismatch(sequence: Int64)
  /// An anchor remembers more records than there are.
  case cutAfterAnchor(anchored: Int64, found: Int64)

  /// In words.
  public var text: String {
    switch self {
    case .altered(let sequence): "record \(sequence) was altered, put in or moved"
    case .missing(let from, let through):
      from == through ? "record \(from) is missing" : "records \(from) to \(through) are missing"
    case .repeated(let sequence): "record \(sequence) stands there again"
    case .beginningCut(let through): "the beginning through record \(through) was removed, and not by Martlet"
    case .endCut(let recorded, let found): "the end is missing: the trail went to \(recorded) and now ends at \(found)"
    case .addedBehind(let sequence): "record \(sequence) was added behind the end of the trail"
    case .anchorMismatch(let sequence):
      "record \(sequence) isn't the one that an anchor remembers: the trail was rewritten"
    case .cutAfterAnchor(let anchored, let found):
      "the end is missing: an anchor remembers record \(anchored), and the trail ends at \(found)"
    }
  }
}

extension TrailFinding: CustomStringConvertible {
  /// In words.
  public var description: String { text }
}
