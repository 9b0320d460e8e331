import NIOCore

/// Something that lives on one event loop, as others reach it.
struct OnLoop<Object>: Sendable {
  private let bound: NIOLoopBound<Object>
  private let eventLoop: any EventLoop

  /// - Parameter eventLoop: Where the object lives; the call must come from there.
  init(_ object: Object, eventLoop: any EventLoop) {
    bound = NIOLoopBound(object, eventLoop: eventLoop)
    self.eventLoop = eventLoop
  }

  /// Does something with the object: at once where this is its event loop, else there.
  func callAsFunction(_ work: @escaping @Sendable (Object) -> Void) {
    if eventLoop.inEventLoop { return work(bound.value) }
    eventLoop.execute { work(bound.value) }
  }
}
