import HTTPWire
import MCPProtocol
import NIOCore
import StrictCoding

/// The numbers of the data plane. All of them are in the documentation.
public enum GatewayLimits {
  /// The largest request body: 4 MiB.
  public static let requestBody = 4 << 20
  /// For how much of an announced body room is made before it comes: 64 KiB.
  static let trustedLength = 64 << 10
  /// The largest upstream answer that is read whole (`initialize`, errors): 1 MiB.
  public static let bufferedAnswer = 1 << 20
  /// The largest answer of an upstream that is understood, and the largest event of its streams: 16 MiB.
  public static let readAnswer = 16 << 20
  /// The longest pause before an upstream's stream is picked up again, in milliseconds: 30 s, whatever the upstream
  /// asks for.
  public static let longestRetry = 30_000
  /// How long a request body may take in any case: 60 s (V-084).
  public static let bodyTime = TimeAmount.seconds(60)
  /// Bytes that each second beyond that must have brought: 1 KiB.
  public static let bodyRate = 1 << 10
  /// How long a connection to an upstream may take: 5 s.
  public static let connect = TimeAmount.seconds(5)
  /// How long an upstream may take to begin its answer: 300 s, since a tool may work that long.
  public static let firstByte = TimeAmount.seconds(300)
  /// How long an upstream's JSON answer may stand still: 60 s.
  public static let answerStall = TimeAmount.seconds(60)
  /// The head of an upstream's answer: 64 KiB of fields, one at most 32 KiB, 256 of them.
  public static let answerHeads = HeadLimits(
    totalBytes: 64 << 10, fieldBytes: 32 << 10, fields: 256, targetBytes: 1 << 10)
  /// How long an unused connection to an upstream is kept: 4 s, below the 5 s of common Python servers.
  public static let idleConnection = TimeAmount.seconds(4)
  /// For how long after its last answer a connection isn't asked whether it is still open: 1 ms.
  static let surelyOpen = TimeAmount.milliseconds(1)
  /// Unused connections kept for each upstream and event loop: 64.
  public static let idleConnections = 64
  /// How often a new GET stream is tried again where the upstream has not seen the end of the one before: 8 times.
  public static let streamConflicts = 8
  /// The pause between these: 250 ms.
  public static let streamConflictPause = TimeAmount.milliseconds(250)
  /// The longest session id of an upstream: 1 KiB.
  public static let upstreamSession = 1 << 10
  /// The pause after which a stream gets a comment: 15 s (X5).
  public static let keepAlive = TimeAmount.seconds(15)
  /// How much of a refused request's body is read past before the connection is cut instead: 8 MiB. A client that is
  /// still sending when it is cut doesn't hear the refusal, so a body that might have been accepted is let through to
  /// its end.
  public static let discardedBody = 8 << 20
  /// How long that may take: 15 s.
  public static let discardTime = TimeAmount.seconds(15)
  /// Bytes that may wait for a slow reader, beside the largest event, before it is cut: 1 MiB (V-084).
  public static let slowReader = 1 << 20

  // HTTP+SSE (2024-11-05)

  /// How long a server may take to open its stream and name its endpoint: 10 s.
  public static let sseEndpoint = TimeAmount.seconds(10)
  /// Requests of one session that may wait for their answer: 256.
  public static let ssePending = 256
  /// The silence after which the answer to a request becomes a stream, so that it can be kept alive: 10 s.
  public static let sseQuiet = TimeAmount.seconds(10)
  /// How long a server's stream stands still for one slow reader before that reader is cut: 15 s.
  public static let sseStall = TimeAmount.seconds(15)
  /// Messages that are kept for a client without a stream: 64.
  public static let sseBacklog = 64
  /// Their bytes: 256 KiB.
  public static let sseBacklogBytes = 256 << 10
  /// How long a session that nobody uses keeps its stream to the server open: 30 min.
  public static let sseIdle = TimeAmount.minutes(30)
  /// Sessions with servers of this kind: 4,096; then the one that was longest unused ends.
  public static let sseSessions = 4_096
  /// How long a client of this kind may read nothing while something waits for it: 30 s (V-084).
  public static let sseStandstill = TimeAmount.seconds(30)
  /// How much is read of what a server says when it refuses a message: 64 KiB.
  public static let refusal = 64 << 10

  /// How long a server that refused a credential may take to say so to its end: 2 s.
  public static let refusedCredential = TimeAmount.seconds(2)
  /// How many requests with credentials may be under way at one server at once, streams not counted; the others stand in
  /// line: 512.
  public static let requestsWithCredentials = 512
  /// How long a client that was sent to connect an account, and came back too soon, is kept waiting: 20 s.
  public static let connecting = TimeAmount.seconds(20)
  /// How often is looked meanwhile whether the account is connected: every second.
  public static let connectingLook = TimeAmount.seconds(1)
  /// How seldom at most, for a client that only listens: every 30 s.
  public static let longestConnectingLook = TimeAmount.seconds(30)

  // Instances, sessions and streams that outlive what they stand on

  /// How often in a row an instance may be unreachable before it is left out: 2.
  public static let unreachableTimes = 2
  /// How often in a row an instance may fail (5xx, too late, half an answer) before it is left out: 5.
  public static let failingTimes = 5
  /// How long an instance is left out at first: 1 s, twice as long each time it still fails, ± 20 %.
  public static let ejection = TimeAmount.seconds(1)
  /// How long at most: 60 s.
  public static let longestEjection = TimeAmount.seconds(60)
  /// How long an instance that was left out may take to answer a probe: 5 s.
  public static let probe = TimeAmount.seconds(5)
  /// How long a session may take to be begun anew with its upstream: 30 s.
  public static let revival = TimeAmount.seconds(30)
  /// How long a session that left a draining instance waits there for what is under way, before it is ended: 300 s.
  public static let drain = TimeAmount.seconds(300)
  /// How long an instance may take to begin its answer to what begins a session, or to the question for its era, before
  /// another is asked as well: 5 s.
  public static let beginning = TimeAmount.seconds(5)
  /// How long is waited for the answer of one that was too slow, to end the session that it may have begun: 60 s.
  public static let lateBeginning = TimeAmount.seconds(60)
  /// A server that is asked which era it speaks: 30 s.
  public static let eraProbe = TimeAmount.seconds(30)
  /// How long Martlet's own look at a server's tools may take: 30 s.
  public static let ownListing = TimeAmount.seconds(30)
  /// How many pages of tools it reads: 50.
  public static let listingPages = 50
  /// The resources that are watched again when a session is begun anew: 256.
  public static let watchedResources = 256
  /// The longest URI of them: 2 KiB.
  public static let watchedResource = 2 << 10
  /// How long it is known whose a server's task is, after its beginning: 30 days.
  public static let taskOwner = Duration.seconds(30 * 24 * 3600)
  /// The longest answer that may begin a task, where its length is told: 64 KiB.
  public static let taskAnswer = 64 << 10
  /// How many tasks a caller may have at a route: 10,000, the oldest are forgotten.
  public static let ownedTasks = 10_000
  /// How many owners of tasks a process remembers; beyond that it asks the store again: 10,000.
  public static let rememberedTasks = 10_000
  /// Events of legacy streams that are kept for clients that were cut off: 64 MiB in all, oldest streams out first.
  public static let loggedEvents = 64 << 20
  /// Of one stream: 1 MiB.
  public static let loggedStream = 1 << 20
  /// Streams of one session on one event loop: 64.
  public static let loggedStreams = 64
  /// How long they are kept after their stream has ended, and how long a GET stream waits for its client: 2 min.
  public static let resumption = TimeAmount.minutes(2)
  /// Bytes behind what a client has read at which its stream's upstream has to wait: 64 KiB.
  public static let unreadEvents = 64 << 10
  /// The longest event id of an upstream that a client can come back by: 512 bytes.
  public static let upstreamEventID = 512
  /// The pause before an upstream's stream that broke is opened again: 250 ms, twice as long each time.
  public static let reopening = TimeAmount.milliseconds(250)
  /// How long that is tried: 60 s.
  public static let reopeningTime = TimeAmount.seconds(60)
  /// When clients whose stream ends because Martlet stops should come back: after 1 s.
  public static let comeBack = 1000
}
