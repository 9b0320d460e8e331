import Logging
import MartletAudit
import MartletDomain
import MartletPolicy
import StrictCoding
import UnixSignals

/// Everything that goes on beside requests, and the end of it all.
struct ServiceLoop: Sendable {
  let application: GatewayApplication
  let reloads: UnixSignalsSequence
  let stops: UnixSignalsSequence

  private var logger: Logger { application.logger }
  private var installation: Installation { application.installation }

  /// Runs until SIGTERM or SIGINT; a second one cuts what is under way.
  func run() async {
    let anchoring = Anchoring(
      store: installation.store,
      file: AnchorFile(path: application.snapshots.current.configuration.dataDirectory + "/" + AnchorFile.name),
      clock: installation.clock)
    let ledger = await beginLedger()
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await installation.audit.run() }
      tasks.addTask { await application.shipping.run() }
      tasks.addTask { await every(.seconds(60)) { await anchor(anchoring) } }
      tasks.addTask { await follower.run(application.health) }
      tasks.addTask { await application.gateway.followSessions() }
      tasks.addTask { await application.vault.run() }
      tasks.addTask { await application.vault.noteConfiguration() }
      tasks.addTask { await application.notices.run() }
      tasks.addTask { await every(.seconds(10)) { await watchFiles() } }
      tasks.addTask { await every(.seconds(10)) { try? await application.quotas.handBack() } }
      tasks.addTask { await every(.seconds(2)) { await followMasterKey() } }
      tasks.addTask { await every(.seconds(2)) { await forgetGoneTenants() } }
      tasks.addTask { await every(.seconds(5)) { await followSecrets() } }
      tasks.addTask { await every(.seconds(15)) { await goOnRotating() } }
      tasks.addTask { await every(.seconds(30)) { await refreshKeys() } }
      tasks.addTask { await every(.seconds(60)) { await keepHouse() } }
      tasks.addTask { await every(.seconds(5)) { await noteKeyUse() } }
      tasks.addTask { await every(.seconds(2)) { watchTrail() } }
      tasks.addTask { await followReloads() }
      record(.processStarted)
      // The signals themselves can be waited for by one only, who goes on to hear of a second.
      let (told, teller) = AsyncStream.makeStream(of: Void.self)
      tasks.addTask { for await _ in stops { teller.yield() } }
      _ = await told.first { true }
      await stop(cutBy: told)
      tasks.cancelAll()
    }
    do {
      try await installation.audit.flush()
      ledger?.end()
    } catch {
      logger.error("the last records of the trail can't be written", metadata: ["error": "\(error)"])
    }
    await application.shipping.close()
    await anchor(anchoring)
    await installation.close()
    logger.info("stopped")
  }

  /// Says what earlier processes may have left unwritten, and begins to count what this one writes.
  private func beginLedger() async -> RunLedger? {
    let folder = application.snapshots.current.configuration.dataDirectory
    for found in RunLedger.interruptions(in: folder) {
      logger.warning(
        "a process ended without a word; the trail says so, and how many records it may not have written",
        metadata: ["records": "\(found.missing)"])
      let event = AuditEvent(
        at: installation.clock.now(), action: .trailInterrupted, target: "\(found.missing)", reason: "process_died")
      do {
        try await installation.audit.recordDurably(event)
        found.wasTold()
      } catch {
        logger.error("the trail can't say so yet; the next start does", metadata: ["error": "\(error)"])
      }
    }
    guard let ledger = RunLedger(folder: folder, id: Hex.encode(installation.random.bytes(8))) else {
      logger.error("data_dir takes no file: a crash won't be told in the trail")
      return nil
    }
    installation.audit.count(in: ledger)
    return ledger
  }

  private var follower: RevocationFollower {
    RevocationFollower(
      store: installation.store, index: installation.revocations, clock: installation.clock, logger: logger)
  }

  private func every(_ interval: Duration, _ work: @Sendable () async -> Void) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: interval)
      if !Task.isCancelled { await work() }
    }
  }

  private func followReloads() async {
    for await _ in reloads {
      await Reload(application: application).run()
      await application.shipping.reopen()
    }
  }

  /// How long new connections are still taken: until what balances the load has seen that this process is not ready.
  private static let notice = Duration.milliseconds(500)

  /// How often streams are closed while requests end.
  private static let betweenStreams = Duration.milliseconds(250)

  /// How long refreshes that are under way may take to end: an authorization server's answer holds the next token.
  private static let lastRefreshes = Duration.seconds(10)

  /// Not ready, no new connections, requests under way finish, streams are told to come back.
  private func stop(cutBy again: AsyncStream<Void>) async {
    logger.info("stopping: requests under way may finish")
    application.health.note(.listener, isWell: false)
    application.planes.drain()
    try? await Task.sleep(for: Self.notice)
    let isInTime = await withTaskGroup(of: Bool.self) { tasks in
      tasks.addTask { await application.door.close() }
      // Again and again: a request that is under way may yet become a stream.
      tasks.addTask {
        while !Task.isCancelled {
          await application.gateway.closeStreams(reason: "shutdown")
          try? await Task.sleep(for: Self.betweenStreams)
        }
        return true
      }
      tasks.addTask {
        if await again.first(where: { true }) != nil { logger.warning("told to stop twice: nothing is waited for") }
        return false
      }
      let isInTime = await tasks.next() ?? true
      tasks.cancelAll()
      return isInTime
    }
    if !isInTime { logger.warning("some requests had not ended in time and were cut") }
    await application.vault.close(within: Self.lastRefreshes)
    try? await application.gateway.noteSessionUse()
    try? await application.quotas.handBack(all: true)
    await noteKeyUse()
    record(.processStopped)
  }

  /// When keys were used is told in batches; one that is lost moves a time, and nothing else.
  private func noteKeyUse() async {
    let uses = application.gateway.takeKeyUse()
    if !uses.isEmpty { try? await installation.store.noteAPIKeyUse(uses) }
  }

  private func record(_ action: AuditAction) {
    installation.audit.record(AuditEvent(at: installation.clock.now(), action: action))
  }

  private func watchFiles() async {
    guard let tls = application.tls else { return }
    do {
      if try tls.reloadIfChanged() { logger.info("the certificate was read again") }
    } catch {
      logger.error("the changed certificate is no good; the old one stays", metadata: ["error": "\(error)"])
    }
  }

  private func refreshKeys() async {
    do {
      try await installation.signingKeys.refresh()
      application.health.note(.signingKeys, isWell: true)
    } catch {
      if application.health.note(.signingKeys, isWell: false) {
        logger.error("signing keys can't be read again", metadata: ["error": "\(error)"])
      }
      return
    }
    do {
      let lifetime = application.snapshots.current.configuration.tokens.signingKeyLifetime
      for key in try await installation.signingKeys.rotateWhereDue(after: lifetime) {
        logger.info("a signing key was due; the next one is published", metadata: ["kid": "\(key)"])
      }
    } catch {
      logger.error(
        "a signing key is due and no new one can be made; the old one goes on", metadata: ["error": "\(error)"])
    }
  }

  /// Fetches secrets that managers keep when they are due; another value is taken in as by a reload.
  private func followSecrets() async {
    guard application.options.remote.isUsed else { return }
    let found = await application.options.remote.fetch()
    for trouble in found.troubles {
      logger.error("a secret can't be fetched; what is known stays in use", metadata: ["secret": "\(trouble)"])
    }
    guard found.isChanged else { return }
    logger.info("a secret has another value")
    await Reload(application: application).run()
  }

  private func followMasterKey() async {
    // Nearly always it was passed on; a process that was away for longer asks.
    if let wrapped = installation.wrappedKeys, wrapped.read() == nil { try? await wrapped.learn() }
    guard installation.masterKeys.readAgain() else { return }
    logger.info("master.key was read again", metadata: ["sealing": "\(installation.sealer.keyName)"])
  }

  /// Deleting a tenant takes its data keys out of the store; here they go within seconds.
  private func forgetGoneTenants() async {
    guard let kept = try? await installation.sealing.tenantsWithDataKeys() else { return }
    application.vault.forget(allBut: Set(kept))
  }

  /// Ends what `martlet secret rotate` left: old keys go when nothing is sealed under them, and a command may be killed.
  private func goOnRotating() async {
    do {
      guard try await installation.sealing.keyRotation() != nil else { return }
      if try await SecretRotation(installation).run(nil)?.isEnded == true { logger.info("the old keys are gone") }
    } catch {
      logger.error("keys can't be rotated; the old ones stay", metadata: ["error": "\(error)"])
    }
  }

  private func anchor(_ anchoring: Anchoring) async {
    do {
      try await anchoring.anchor()
    } catch {
      logger.error(
        "the trail's anchors can't be written; see that the folder exists, has room and may be written to",
        metadata: ["error": "\(error.localizedDescription)"])
    }
  }

  private func watchTrail() {
    let failure = installation.audit.failure
    guard application.health.note(.audit, isWell: failure == nil) else { return }
    guard let failure else { return logger.info("the trail is written again") }
    logger.error(
      """
      the trail can't be written: records wait in memory, and requests are refused with 503 once 18,000 do; see that \
      data_dir has room and may be written to
      """, metadata: ["error": "\(failure)"])
  }

  private func keepHouse() async {
    try? await application.gateway.noteSessionUse()
    await Housekeeping(application: application).run()
  }
}
