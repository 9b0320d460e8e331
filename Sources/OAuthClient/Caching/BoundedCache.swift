/// A dictionary of bounded size that drops what was used longest ago.
struct BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Slot {
    var value: Value
    var lastUse: UInt64
  }

  private let capacity: Int
  private var slots: [Key: Slot] = [:]
  private var uses: UInt64 = 0

  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  var count: Int { slots.count }

  subscript(key: Key) -> Value? {
    mutating get {
      uses &+= 1
      slots[key]?.lastUse = uses
      return slots[key]?.value
    }
    set {
      uses &+= 1
      slots[key] = newValue.map { Slot(value: $0, lastUse: uses) }
      if slots.count > capacity { dropOldest() }
    }
  }

  // A sixteenth at once, so that a flood pays for the scan rarely.
  private mutating func dropOldest() {
    let surplus = slots.count - capacity + capacity / 16
    for (key, _) in slots.sorted(by: { $0.value.lastUse < $1.value.lastUse }).prefix(surplus) { slots[key] = nil }
  }
}
