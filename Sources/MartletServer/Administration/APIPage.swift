import MartletDomain
import StrictCoding

/// A part of a list, and where the next begins. A cursor is sealed for its list and for the tenant that its holder
/// sees: a forged one, or one of another list, is refused (V-061).
struct APIPage: Sendable {
  static let fields = [
    APIField("limit", .count(1...1000), "How many at most, 1 to 1000; 100 without it."),
    APIField("cursor", .word(.cursor), "Where to go on: next_cursor of the page before."),
  ]
  private static let usual = 100

  let limit: Int
  /// The last id of the page before, as bytes.
  let after: ByteString?
  private let sealer: Sealer
  private let context: SealContext

  init(_ request: APIRequest, of list: String, _ sealer: Sealer) throws(APIProblem) {
    limit = request.count("limit") ?? Self.usual
    self.sealer = sealer
    let caller = request.caller
    context = SealContext(
      tenant: caller.tenant ?? "*", record: "api_cursor", id: (caller.user?.id.value ?? "*").bytes, column: list)
    guard let cursor = request.text("cursor") else {
      after = nil
      return
    }
    guard let sealed = Base64URL.decode(cursor), let opened = try? sealer.open(sealed, in: context) else {
      throw APIProblem(404, "unknown_cursor", "The cursor isn't one of this list: begin again without it.")
    }
    after = ByteString(opened)
  }

  /// Where the page behind an id begins, for a list that was cut elsewhere.
  func cursor(behind id: String?) -> JSONValue {
    id.flatMap { try? sealer.seal(Array($0.utf8), in: context) }.map { .string(Base64URL.encode($0)) } ?? .null
  }

  /// Cuts a page out of a whole list, ordered by id.
  func answer<Item>(_ all: [Item], as member: String, id: (Item) -> ByteString, _ json: (Item) -> JSONValue)
    -> APIAnswer
  {
    let rest = all.sorted { id($0) < id($1) }.drop { item in after.map { id(item) <= $0 } ?? false }
    let page = rest.prefix(limit)
    let isMore = rest.count > page.count
    let next = isMore ? page.last.flatMap { try? sealer.seal(id($0).bytes, in: context) } : nil
    return APIAnswer(
      200,
      .object([
        member: .array(page.map(json)), "next_cursor": next.map { .string(Base64URL.encode($0)) } ?? .null,
      ]))
  }
}
